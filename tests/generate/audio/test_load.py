from __future__ import annotations

import hashlib
import os
import sys

import librosa
import numpy as np
import pytest
import soundfile
import soxr

from generate.audio import AUDIO_SUFFIXES, BadAudio, length, load
from tests.conftest import SR, loudest_hz, tone, white

ODD_RATES = [1000, 4000, 8000, 11025, 12345, 16000, 22050, 32000, 44056, 44100, 48000, 96000, 192000, 384000]


@pytest.fixture
def write(tmp_path):
    """Write samples to a file and give its path."""

    def write_file(y, sr=SR, name="sound.wav", **options):
        soundfile.write(tmp_path / name, y, sr, **options)
        return tmp_path / name

    return write_file


def centred(y: np.ndarray) -> np.ndarray:
    """Without its mean, as all loaded audio, and within full scale."""
    y = y - np.float32(y.mean(dtype=np.float64))
    return y / max(1, np.abs(y).max())


@pytest.fixture
def sixteen_bits():
    """Noise that 16 bits hold exactly, both ends of their range included."""
    y = np.random.default_rng(1).integers(-32768, 32768, SR // 2) / 32768
    y[:2] = -1, 32767 / 32768
    return y.astype(np.float32)


def without_info_header(mp3: bytes) -> bytes:
    """Remove the first frame, which contains the number of frames and no audio."""
    kilobits = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
    assert mp3[:2] in (b"\xff\xfb", b"\xff\xfa")
    assert b"Info" in mp3[:64] or b"Xing" in mp3[:64]
    padding = mp3[2] >> 1 & 1
    return mp3[144 * kilobits[mp3[2] >> 4] * 1000 // 44100 + padding :]


# Samples


def test_samples_at_their_own_rate_are_left_alone(write, sixteen_bits):
    loaded = load(write(sixteen_bits), SR)
    assert loaded.y.dtype == np.float32
    assert loaded.y.flags.c_contiguous
    np.testing.assert_allclose(loaded.y, centred(sixteen_bits), atol=1e-7)


@pytest.mark.parametrize(
    ("container", "subtype"),
    [
        (container, subtype)
        for container in ("WAV", "AIFF", "AU", "CAF", "W64")
        for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM")
        if soundfile.check_format(container, subtype)
    ],
)
def test_encodings(write, container, subtype):
    name = f"a.{container.lower()}"
    y = tone(440)
    loaded = load(write(y, name=name, subtype=subtype), SR)
    assert len(y) <= len(loaded.y) < len(y) + 1100, "ADPCM is written in whole blocks"
    begin = 50 if "ADPCM" in subtype else 0  # until it has found the level
    np.testing.assert_allclose(loaded.y[begin : len(y)], y[begin:], atol=0.02)


@pytest.mark.parametrize(("name", "options"), [("a.ogg", {}), ("a.mp3", {}), ("a.opus", {"subtype": "OPUS"})])
def test_lossy_formats(write, name, options):
    if name == "a.opus":
        options = {"format": "OGG", **options}
    loaded = load(write(tone(440, sr=48000), 48000, name, **options), 48000)
    assert len(loaded.y) == 48000
    assert loudest_hz(loaded.y, 48000) == pytest.approx(440, abs=0.5)
    np.testing.assert_allclose(np.abs(loaded.y[5000:-5000]).max(), 0.5, atol=0.05)


def test_the_content_and_not_the_suffix_decides_the_format(write, sixteen_bits, tmp_path):
    path = write(sixteen_bits, name="a.flac").rename(tmp_path / "really flac.wav")
    np.testing.assert_allclose(load(path, SR).y, centred(sixteen_bits), atol=1e-7)


def test_channels_are_averaged(write):
    left, right = tone(440), tone(3000, peak=0.25)
    loaded = load(write(np.stack([left, right], axis=1), subtype="FLOAT"), SR)
    assert loaded.y.shape == left.shape
    np.testing.assert_allclose(loaded.y, (left + right) / 2, atol=1e-7)


def test_many_channels_are_averaged(write):
    channels = np.stack([white(0.1, seed=number) for number in range(6)], axis=1)
    expected = centred(channels.mean(axis=1))
    np.testing.assert_allclose(load(write(channels, subtype="FLOAT"), SR).y, expected, atol=1e-7)


# Resampling


@pytest.mark.parametrize("own_sr", ODD_RATES)
@pytest.mark.parametrize("sr", [22050, 44100])
def test_a_tone_keeps_its_pitch_and_length_at_another_rate(write, own_sr, sr):
    loaded = load(write(tone(300, sr=own_sr), own_sr, subtype="FLOAT"), sr)
    assert len(loaded.y) == pytest.approx(sr, abs=2)
    assert loudest_hz(loaded.y, sr) == pytest.approx(300, abs=0.1)
    middle = loaded.y[sr // 4 : -sr // 4]
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.01)


def test_resampling_is_librosas(write):
    y = centred(white(0.5, sr=48000))
    expected = librosa.resample(y, orig_sr=48000, target_sr=SR, res_type="soxr_hq")
    resampled = load(write(y, 48000, subtype="FLOAT"), SR).y
    assert resampled.shape == expected.shape
    np.testing.assert_allclose(resampled, expected, atol=1e-5)


def test_what_the_new_rate_cannot_hold_is_filtered_out_and_does_not_fold_back(write):
    y = tone(300, sr=44100) + tone(10_000, sr=44100, peak=0.4)
    resampled = load(write(y, 44100, subtype="FLOAT"), 16000).y
    np.testing.assert_allclose(resampled[2000:-2000], tone(300, sr=16000)[2000:-2000], atol=2e-3)


def test_channels_are_averaged_before_resampling_and_give_the_same(write):
    channels = np.stack([tone(300, sr=48000), tone(500, sr=48000)], axis=1)
    expected = soxr.resample(channels, 48000, SR).mean(axis=1)
    np.testing.assert_allclose(load(write(channels, 48000, subtype="FLOAT"), SR).y, expected, atol=1e-6)


# Parts


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize(
    ("start_s", "longest_s", "expected"),
    [
        (0, None, slice(None)),
        (0, 0.25, slice(0, 2000)),
        (0.5, None, slice(4000, None)),
        (0.5, 0.25, slice(4000, 6000)),
        (0.75, 5, slice(6000, None)),
        (0.999875, None, slice(7999, None)),
    ],
)
def test_a_part_is_cut_out_to_the_sample(write, name, start_s, longest_s, expected):
    y = np.round(white(1.0, sr=8000) * 32768) / np.float32(32768)
    loaded = load(write(y, 8000, name), 8000, start_s=start_s, longest_s=longest_s)
    np.testing.assert_allclose(loaded.y, centred(y[expected]), atol=1e-7)


@pytest.mark.parametrize(("name", "options"), [("a.ogg", {}), ("a.mp3", {}), ("a.ogg", {"subtype": "OPUS"})])
def test_a_part_of_a_lossy_file_is_a_part_of_the_whole(write, name, options):
    path = write(white(3.0, sr=48000), 48000, name, **options)
    whole = load(path, 48000).y
    part = load(path, 48000, start_s=1.0, longest_s=0.5).y
    # Coders overlap their blocks, so that the first few milliseconds after a jump may differ.
    np.testing.assert_allclose(part[5000:], whole[48000 + 5000 : 72000], atol=2e-3)


@pytest.mark.parametrize("start_s", [1.0, 1.5, 3600])
def test_a_part_behind_the_end_is_empty(write, start_s):
    with pytest.raises(BadAudio, match="empty"):
        load(write(tone(440)), SR, start_s=start_s)


# Digest


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("other name.wav", {}),
        ("a.flac", {}),
        ("a.flac", {"subtype": "PCM_24"}),
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.wav", {"subtype": "DOUBLE"}),
        ("a.wav", {"subtype": "PCM_32"}),
        ("a.aiff", {"subtype": "PCM_16"}),
        ("a.au", {"subtype": "PCM_16"}),
    ],
)
def test_the_same_samples_have_the_same_digest_in_every_format(write, sixteen_bits, name, options):
    plain = load(write(sixteen_bits), SR)
    assert load(write(sixteen_bits, name=name, **options), SR).sha256 == plain.sha256


def test_two_equal_channels_are_the_same_as_one(write, sixteen_bits):
    twice = write(np.stack([sixteen_bits, sixteen_bits], axis=1), name="stereo.wav")
    assert load(twice, SR).sha256 == load(write(sixteen_bits), SR).sha256


def test_the_digest_does_not_hang_on_the_rate_that_is_asked_for(write, sixteen_bits):
    path = write(sixteen_bits)
    assert load(path, 44100).sha256 == load(path, 8000).sha256


def test_other_samples_have_other_digests(write, sixteen_bits):
    quieter_by_one_step = sixteen_bits.copy()
    quieter_by_one_step[100] += 1 / 32768 if sixteen_bits[100] < 0 else -1 / 32768
    digests = [
        load(write(sixteen_bits), SR).sha256,
        load(write(quieter_by_one_step), SR).sha256,
        load(write(sixteen_bits[:-1]), SR).sha256,
        load(write(sixteen_bits[::-1]), SR).sha256,
        load(write(-sixteen_bits), SR).sha256,
        load(write(sixteen_bits, 44100), SR).sha256,
        load(write(sixteen_bits), SR, start_s=0.1).sha256,
        load(write(sixteen_bits), SR, longest_s=0.1).sha256,
    ]
    assert len(set(digests)) == len(digests)
    assert all(len(digest) == 64 for digest in digests)


def test_the_digest_is_the_same_today_and_next_year(write):
    path = write(np.array([0, 0.5, -1, 0.25], dtype=np.float32), 8000)
    # Full scale is 32,767 steps; a half is rounded to the even one.
    expected = (8000).to_bytes(8, "little") + np.array([0, 16384, -32767, 8192], dtype="<i2").tobytes()
    assert load(path, SR).sha256 == hashlib.sha256(expected).hexdigest()


# Level


@pytest.mark.parametrize(("peak", "dbfs"), [(1.0, 0), (0.5, -6.02), (0.001, -60), (1e-6, -120)])
def test_the_peak_is_told(write, peak, dbfs):
    y = np.zeros(1000, dtype=np.float32)
    y[500] = -peak
    loaded = load(write(y, subtype="FLOAT"), SR)
    assert loaded.peak_dbfs == pytest.approx(dbfs, abs=0.01)
    np.testing.assert_array_equal(loaded.y, y)


@pytest.mark.parametrize("factor", [1.5, 4, 32768, 1e5])
def test_samples_above_full_scale_are_scaled_and_not_clipped(write, factor):
    y = centred(white(0.1))
    y /= np.abs(y).max()
    loaded = load(write(y * np.float32(factor), subtype="FLOAT"), SR)
    np.testing.assert_allclose(loaded.y, y, atol=1e-6)
    assert np.abs(loaded.y).max() <= 1
    assert loaded.peak_dbfs == pytest.approx(20 * np.log10(factor), abs=0.01)


def test_samples_above_full_scale_stay_where_the_level_is_shown(write):
    y = centred(white(0.1))
    y[500] = 4.0
    loaded = load(write(y, subtype="FLOAT"), SR, keep_level=True)
    np.testing.assert_allclose(loaded.y, y - y.mean(), atol=1e-6)
    assert loaded.noise == load(write(y / 4, subtype="FLOAT"), SR).noise
    resampled = load(write(y, subtype="FLOAT"), 16000, keep_level=True).y
    assert np.abs(resampled).max() > 1.5 and np.std(resampled[800:]) == pytest.approx(0.1, rel=0.2)


def test_above_full_scale_the_digest_is_that_of_clipped_samples(write):
    loud = tone(440, peak=1.5)
    clipped = write(np.clip(loud, -1, 1), subtype="FLOAT", name="clipped.wav")
    assert load(write(loud, subtype="FLOAT"), SR).sha256 == load(clipped, SR).sha256


@pytest.mark.parametrize("peak", [1.0, 3.0])
def test_samples_are_within_full_scale_after_resampling_too(write, peak):
    square = np.sign(tone(300, peak=1.0)) * np.float32(peak)
    assert np.abs(load(write(square, subtype="FLOAT"), 44100).y).max() <= 1


def test_digital_silence_is_accepted(write):
    loaded = load(write(np.zeros(1000)), 44100)
    assert loaded.peak_dbfs == -np.inf
    assert len(loaded.y) == 2000
    assert not loaded.y.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 500, 999])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_single_value_that_is_no_number(write, value, place, n_channels):
    y = np.tile(tone(440)[:1000, np.newaxis], n_channels)
    y[place, -1] = value
    with pytest.raises(BadAudio, match="not finite: it holds NaN or infinity"):
        load(write(y, subtype="FLOAT"), SR)


@pytest.mark.parametrize("value", [1e20, -1e20, 3e38, 1.1e5])
def test_impossible_values(write, value):
    y = tone(440)
    y[7] = value
    with pytest.raises(BadAudio, match="damaged: samples reach .*full scale is 1"):
        load(write(y, subtype="FLOAT"), SR)


# Files that are none


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.au", "a.caf"])
def test_a_file_without_samples(write, name):
    with pytest.raises(BadAudio, match="empty: it holds no samples"):
        load(write(np.zeros(0, dtype=np.float32), name=name), SR)


def test_a_clip_that_begins_after_the_end(write):
    with pytest.raises(BadAudio, match="the clip begins at 7.5 s, and the recording ends at 1 s"):
        load(write(tone(440)), SR, start_s=7.5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"RIFF",
        b"OggS",
        b"fLaC",
        b"FORM\0\0\0\0AIFF",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"This is a README, not a sound.\n" * 100,
        b"<!DOCTYPE html><html><body>404 Not Found</body></html>",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 441044\n",
        b"\x89PNG\r\n\x1a\n" + bytes(1000),
        b"PK\x03\x04" + bytes(1000),
        bytes(10_000),
        np.random.default_rng(0).bytes(50_000),
    ],
    ids=[
        "empty",
        "line",
        "RIFF",
        "OggS",
        "fLaC",
        "FORM",
        "WAVE",
        "text",
        "html",
        "lfs",
        "png",
        "zip",
        "zeros",
        "noise",
    ],
)
@pytest.mark.parametrize("name", ["a.wav", "a.ogg", "a.flac", "a.mp3", "a.aiff"])
def test_content_that_is_no_audio(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadAudio) as caught:
        load(tmp_path / name, SR)
    assert any(word in str(caught.value) for word in ("readable", "truncated", "no bytes"))
    with pytest.raises(BadAudio):
        length(tmp_path / name)


def test_a_folder(tmp_path):
    with pytest.raises(BadAudio, match="not readable: Is a directory"):
        load(tmp_path, SR)


def test_a_file_that_went_meanwhile(tmp_path):
    with pytest.raises(BadAudio, match="not readable: No such file"):
        load(tmp_path / "gone.wav", SR)
    with pytest.raises(BadAudio):
        length(tmp_path / "gone.wav")


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(write):
    path = write(tone(440))
    path.chmod(0)
    with pytest.raises(BadAudio, match="not readable: Permission denied"):
        load(path, SR)


@pytest.mark.parametrize("sr", [1, 999, 1_000_001, 3_000_000])
def test_impossible_sample_rates(write, sr):
    with pytest.raises(BadAudio, match=f"sample rate is {sr} Hz; it must be from 1,000 to 1,000,000 Hz"):
        load(write(tone(440), sr), SR)


def test_too_few_samples_for_the_new_rate(write):
    with pytest.raises(BadAudio, match="too short: it holds 1 samples at 384000 Hz"):
        load(write(tone(440)[:1], 384_000), 8000)


def test_one_sample_is_enough(write):
    loaded = load(write(np.array([0.5], dtype=np.float32)), SR)
    assert (loaded.y.tolist(), loaded.silent) == ([0], True), "a constant, however short"


def test_the_file_is_only_read(write):
    path = write(tone(440))
    before = path.read_bytes(), path.stat().st_mtime_ns
    load(path, 44100, start_s=0.1, longest_s=0.5)
    length(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode on this system")
def test_a_name_that_is_not_utf8(write, tmp_path):
    name = os.fsdecode(b"caf\xe9.wav")
    try:
        path = write(tone(440)).rename(tmp_path / name)
    except OSError:
        pytest.skip("this disk takes no such names")
    assert len(load(path, SR).y) == SR
    assert length(path).seconds == 1


@pytest.fixture
def piped_flac(write):
    """A FLAC file that was written to a pipe: its header has no number of samples."""
    path = write(tone(440), name="a.flac")
    header = bytearray(path.read_bytes())
    header[21] &= 0xF0
    header[22:26] = bytes(4)  # https://www.rfc-editor.org/rfc/rfc9639#section-8.2: 0 stands for not known
    path.write_bytes(header)
    return path


def test_a_flac_file_that_does_not_tell_its_length(piped_flac):
    np.testing.assert_allclose(load(piped_flac, SR).y, tone(440), atol=1e-4)


def test_a_length_that_is_not_told_is_counted(piped_flac):
    assert length(piped_flac).seconds == 1


def test_a_header_that_promises_more_samples_than_any_memory_holds(write):
    path = write(tone(440), name="a.flac")
    header = bytearray(path.read_bytes())
    header[21] |= 0x0F
    header[22:26] = b"\xff" * 4
    path.write_bytes(header)
    with pytest.raises(BadAudio, match="promises 68719476735 samples|not readable as audio"):
        load(path, SR)


@pytest.mark.parametrize("compression_level", [0.2, 0.5, 0.8])
def test_a_whole_mp3_file_that_does_not_tell_its_length(tmp_path, compression_level):
    with soundfile.SoundFile(
        tmp_path / "a.mp3", "w", 44100, 1, bitrate_mode="CONSTANT", compression_level=compression_level
    ) as file:
        file.write(white(3.0, sr=44100))
    whole = (tmp_path / "a.mp3").read_bytes()
    (tmp_path / "a.mp3").write_bytes(without_info_header(whole))
    assert len(load(tmp_path / "a.mp3", 44100).y) == pytest.approx(3 * 44100, abs=2500)


# Lengths by the header


@pytest.mark.parametrize(("name", "options"), [("a.wav", {}), ("a.flac", {}), ("a.ogg", {}), ("a.mp3", {})])
@pytest.mark.parametrize("seconds", [0.5, 2.25])
def test_duration(write, name, options, seconds):
    assert length(write(tone(440, seconds=seconds), name=name, **options)).seconds == pytest.approx(seconds, abs=1e-3)


# Endings


def test_endings_are_lower_case_with_a_dot():
    for suffix in AUDIO_SUFFIXES:
        assert suffix.startswith(".")
        assert suffix == suffix.lower()


# Real sounds


def test_real_clips_all_load(esc10):
    paths = [path for folder in sorted(esc10.glob("0*")) for path in sorted(folder.glob("*.ogg"))[::10]]
    assert len(paths) == 40
    digests = set()
    for path in paths:
        loaded = load(path, 44100)
        assert 0.5 < len(loaded.y) / 44100 < 6
        assert len(loaded.y) / 44100 == pytest.approx(length(path).seconds, abs=1e-3)
        assert np.isfinite(loaded.y).all()
        assert np.abs(loaded.y).max() > 0
        assert -60 < loaded.peak_dbfs < 12
        digests.add(loaded.sha256)
    assert len(digests) == 40


def test_real_clips_are_equal_to_librosa(esc10):
    for folder in sorted(esc10.glob("0*")):
        path = sorted(folder.glob("*.ogg"))[3]
        expected, _ = librosa.load(path, sr=SR)
        loaded = load(path, SR)
        expected -= expected.mean()
        assert loaded.y.shape == expected.shape
        # Zeros that were put at an end stay zeros; the offsets of ESC-10 are of some 1e-5.
        if np.abs(expected).max() < 0.99:
            np.testing.assert_allclose(loaded.y, expected, atol=1e-3)
        np.testing.assert_allclose(loaded.y / np.abs(loaded.y).max(), expected / np.abs(expected).max(), atol=1e-3)
