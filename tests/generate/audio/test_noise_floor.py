"""Silence depends on the noise floor of the format: a faint signal of many bits is not silent."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from augment_audio import VARIANTS, parse_request
from generate.audio import load
from generate.audio.noise_floor import SILENCE, bits_of, is_silent, noise_floor
from generate.dataset.png import palette
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from generate.rendering.clip import Front, Job, render
from tests.conftest import SR, tone, white

SETTINGS = Settings(sr=SR, seconds=1)
MINUS_84_DB = 10 ** (-84 / 20)


@pytest.fixture
def loaded(tmp_path):
    """Write samples to a file and load it."""

    def load_them(y, subtype="PCM_16", name="a.wav", sr=SR, **options):
        soundfile.write(tmp_path / name, y, SR, subtype=subtype)
        return load(tmp_path / name, sr, **options)

    return load_them


def drawn(found) -> np.ndarray:
    return spectrogram_image(found.y, SETTINGS, noise=found.noise).astype(int)


def faint(db: float) -> np.ndarray:
    """A tone that is 30 dB above white noise, at a peak; float64, so that nothing is rounded here."""
    noise = np.random.default_rng(0).standard_normal(SR)
    y = np.sin(2 * np.pi * 1000 * np.arange(SR) / SR) + noise * 10 ** (-30 / 20) / np.sqrt(2)
    return 10 ** (db / 20) * y / np.abs(y).max()


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("db", [-84, -100])
def test_a_tone_far_below_16_bits_looks_like_a_loud_one(loaded, subtype, db):
    quiet, loud = loaded(faint(db), subtype), loaded(faint(-20), subtype)
    assert not quiet.silent
    assert quiet.peak_dbfs == pytest.approx(db, abs=0.1)
    difference = np.abs(drawn(quiet) - drawn(loud))
    # The steps of 24 bits are noise of their own, 140 dB below full scale.
    assert np.mean(difference) < 1.5 if subtype == "PCM_24" else difference.max() <= 2


@pytest.mark.parametrize("factor", [32768 / 10, 1e-5])
def test_recorders_with_units_of_their_own(loaded, factor):
    found = loaded(factor * tone(1000, peak=1), "FLOAT")
    assert not found.silent
    assert np.abs(drawn(found) - drawn(loaded(tone(1000), "FLOAT"))).max() <= 1


def test_16_bit_numbers_in_floats_are_16_bits(loaded):
    steps = np.rint(32768 * white(rms=0.1))
    plain, floats = loaded(steps / 32768), loaded(steps, "FLOAT", "b.wav")
    assert floats.peak_dbfs == pytest.approx(plain.peak_dbfs)
    assert (floats.sha256, floats.noise) == (plain.sha256, plain.noise)
    assert loaded(np.random.default_rng(0).integers(-3, 4, SR).astype(float), "FLOAT").silent


NOTHING = {
    "dither": (np.random.default_rng(0).integers(-3, 4, SR) / 2**15, "PCM_16"),
    "dither of 16 bits in 24": (np.random.default_rng(0).integers(-3, 4, SR) / 2**15, "PCM_24"),
    "dither of 16 bits in floats": (np.random.default_rng(0).integers(-3, 4, SR) / 2**15, "FLOAT"),
    "dither of 24 bits": (np.random.default_rng(0).integers(-3, 4, SR) / 2**23, "PCM_24"),
    "rounding of 8 bits": (np.random.default_rng(0).integers(-1, 2, SR) / 2**7, "PCM_U8"),
    "rounding of 8 bits in 16": (np.random.default_rng(0).integers(-1, 2, SR) / 2**7, "PCM_16"),
    "mu-law": (np.random.default_rng(0).integers(-1, 2, SR) / 2**12, "ULAW"),
    "A-law": (np.random.default_rng(0).integers(-1, 2, SR) / 2**12, "ALAW"),
    "1e-9": (1e-9 * white(rms=1), "FLOAT"),
    "denormal": (1e-40 * white(rms=1).astype(np.float64), "FLOAT"),
    "an offset and dither": (0.25 + np.random.default_rng(0).integers(-2, 3, SR) / 2**15, "PCM_16"),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("sr", [SR, 44100])
def test_the_noise_of_a_format_is_silence_resampled_or_not(loaded, name, sr):
    found = loaded(*NOTHING[name], sr=sr)
    assert found.silent
    assert not found.y.any()


@pytest.mark.parametrize(("name", "subtype"), [("a.mp3", "MPEG_LAYER_III"), ("a.ogg", "VORBIS")])
def test_the_noise_of_16_bits_is_silence_in_lossy_formats(loaded, name, subtype):
    for steps in (0, 1):
        assert loaded(np.random.default_rng(0).integers(-steps, steps + 1, SR) / 2**15, subtype, name).silent
    assert not loaded(tone(440, peak=3e-4), subtype, name).silent


def test_bits():
    assert [bits_of(name) for name in ("PCM_U8", "PCM_16", "PCM_24", "FLOAT", "VORBIS", "ULAW")] == [
        8,
        16,
        24,
        24,
        16,
        13,
    ]
    assert noise_floor(tone(440), 24) == SILENCE / 256
    assert noise_floor(np.float32([0, 0.25]), 24) == SILENCE * 128, "multiples of a step of 8 bits"


def test_8_bit_audio_of_three_steps_is_silent(loaded):
    assert not loaded(tone(440, peak=3 / 128), "PCM_U8").silent


def test_only_what_is_shown_is_judged_and_no_variant_shows_its_noise(loaded):
    y = np.concatenate([np.random.default_rng(0).integers(-3, 4, SR) / 2**15, tone(440)])
    found = loaded(y, shown_s=1.0, sr=44100)
    assert found.silent and not found.y[:44100].any() and found.y[44100:].max() > 0.4
    assert not loaded(y, shown_s=2.0).silent


@pytest.mark.parametrize("text", ["noise=20", "trim", "pitch=+2", "gain=-60", "trim+gain=-60"])
def test_variants_of_a_faint_clip_are_those_of_a_loud_one(tmp_path, text):
    """The images that are written; a gain scales the noise of the format too, or a faint clip would be silent."""
    request = parse_request(text, VARIANTS)
    front = Front(tmp_path, tmp_path / "images", replace(SETTINGS, engine="librosa"), palette("magma"), "0")
    images = []
    for name, db in (("faint", -84), ("loud", -20)):
        y = np.concatenate([np.zeros(SR // 4), faint(db)[: SR // 2], np.zeros(SR // 4)])
        soundfile.write(tmp_path / f"{name}.wav", y, SR, subtype="FLOAT")
        (row,) = render(Job("a", f"{name}.wav", name, name, "", "a", 0.0, (request,)), front)
        with Image.open(tmp_path / "images" / row["file_name"]) as image:
            images.append(np.asarray(image).astype(int))
        assert row["seconds"] < 0.7 if "trim" in text else row["seconds"] == 1
    assert np.abs(images[0] - images[1]).mean() < 0.5
    assert images[0].max() > 200


def test_silence_differs_from_faint_audio_with_a_reference_at_full_scale(loaded):
    found = loaded(MINUS_84_DB * tone(1000, peak=1), "FLOAT")
    deep = Settings(sr=SR, seconds=1, reference="full-scale", range_db=120)
    assert spectrogram_image(found.y, deep, noise=found.noise).max() == pytest.approx(255 * 36 / 120, abs=5)


def test_faint_clips_have_different_digests(loaded):
    rng = np.random.default_rng(0)
    digests = {loaded(0.1 + 1e-5 * rng.standard_normal(SR), "FLOAT").sha256 for _ in range(3)}
    assert len(digests) == 3
    y = np.rint(32768 * white(rms=0.001)) / 32768
    same = [loaded(y, subtype, f"{subtype}.wav").sha256 for subtype in ("PCM_16", "PCM_24", "FLOAT")]
    assert len(set(same)) == 1


def test_is_silent_is_about_the_mean():
    assert is_silent(np.full(10, 0.3, np.float32)) and not is_silent(np.float32([0, 0.001] * 5))
