"""Samples that no microphone gives, silence, and sounds of next to no length, with every engine."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from augment_audio import ENGINES, VARIANTS, make_variant, open_audio, parse_request
from generate.audio import BadAudio, load
from generate.dataset import png
from generate.features import FEATURES
from tests.conftest import SR, tone, white
from tests.faults.rows import IS_FULL, only_at_full_count, times
from tests.faults.running import QUICK, generate, metadata, reasons

EVERY_VARIANT = [
    "pitch=+2",
    "pitch=-2",
    "stretch=0.7",
    "stretch=1.2",
    "trim",
    "remove_silence",
    "shift=0.3",
    "roll=0.3",
    "noise=10",
]
EVERY_VARIANT += ["gain=+6", "speed=1.2", "reverb=0.4", "mp3=32", "lowpass=400", "clip=6", "denoise"]


def test_every_variant_is_in_the_list():
    needs_a_folder = {"background"}  # see tests/generate/rendering/test_backgrounds.py
    assert {text.partition("=")[0] for text in EVERY_VARIANT} == set(VARIANTS) - needs_a_folder


def engines() -> list[str]:
    """Those that are there."""
    found = []
    for name, engine in ENGINES.items():
        try:
            engine.version()
        except FileNotFoundError:
            continue
        found.append(name)
    return found


def with_value(value: float, edition: int) -> np.ndarray:
    """A tone with a value in it: one sample, a run of them at the end of one of two channels, or all."""
    y = np.stack([tone(440), tone(660)], axis=1)
    if edition == 0:
        return np.where(np.arange(SR) == 7, np.float32(value), y[:, 0])
    if edition == 1:
        y[-100:, 1] = value
        return y
    return np.full(SR, value, np.float32)


def square(edition: int) -> np.ndarray:
    """At full scale: slow, at half the sample rate, and in two channels one against the other."""
    if edition == 1:
        return np.resize(np.float32([1, -1]), SR)
    y = np.sign(tone(220 + 0.5, peak=1) + np.float32(1e-6))
    return np.stack([y, -np.roll(y, 25)], axis=1) if edition == 2 else y


def constant(edition: int) -> np.ndarray:
    """Full scale, above it, and under a tone."""
    return (np.ones(SR), np.full((SR, 2), -7.5), 0.5 + 0.4 * tone(440))[edition].astype(np.float32)


EXTREMES: dict[str, Callable[[int], np.ndarray]] = {
    "nan": lambda edition: with_value(np.nan, edition),
    "infinity": lambda edition: with_value((np.inf, -np.inf, np.inf)[edition], edition),
    "1e20": lambda edition: with_value((1e20, -1e20, 1e20)[edition], edition),
    "square": square,
    "constant": constant,
}
REJECTED = ("nan", "infinity", "1e20")


@only_at_full_count
@pytest.mark.fault(3)
def test_samples_that_no_microphone_gives(tmp_path, injected):
    audio_folder, n_editions = tmp_path / "audio_folder", times(3, daily=2)
    for kind, samples in EXTREMES.items():
        (audio_folder / kind).mkdir(parents=True)
        for edition in range(n_editions):
            soundfile.write(audio_folder / kind / f"{edition}.wav", samples(edition), SR, subtype="FLOAT")
    drawn, why = {}, {}
    for engine in engines():
        images = tmp_path / engine
        done = generate(audio_folder, images, *QUICK, "--engine", engine, "--variants", *EVERY_VARIANT)
        assert done.returncode == 3
        assert "RuntimeWarning" not in done.stderr, done.stderr
        table = metadata(images)
        assert set(table["variant"]) == {"original", *EVERY_VARIANT}
        originals = table.loc[table["variant"] == "original", "file_name"]
        drawn[engine] = {name: png.read(images / name)[0].tobytes() for name in originals}
        why[engine] = reasons(images)
        assert set(why[engine]) == {f"{kind}/{n}.wav" for kind in REJECTED for n in range(n_editions)}
        assert all(reason.startswith(("not finite", "damaged")) for reason in why[engine].values())
        for path in sorted(audio_folder.glob("*/*.wav")):
            if path.parent.name not in REJECTED:
                assert_finite(path, engine)
    assert len(drawn["librosa"]) == 2 * n_editions
    assert all(drawn[engine] == drawn["librosa"] and why[engine] == why["librosa"] for engine in drawn)
    injected(len(EXTREMES) * n_editions)


def assert_finite(path: Path, engine: str) -> None:
    """Every sample of every variant is a number."""
    sound = open_audio(load(path, SR).y, SR, engine=engine)
    for text in EVERY_VARIANT:
        y = make_variant(sound, parse_request(text, VARIANTS), VARIANTS, seed=0, clip_id="clip")
        assert np.isfinite(y).all(), (path, engine, text)


SILENCE: dict[str, tuple[np.ndarray, str]] = {
    "digital": (np.zeros(SR), "PCM_16"),
    "one-step": (np.random.default_rng(0).integers(-1, 2, SR) / 32768, "PCM_16"),
    "constant": (np.full(SR, 0.5), "FLOAT"),
    "full-scale-constant": (np.full(SR, -1.0), "PCM_16"),
    "8-bit": (np.full(SR, -1 / 128), "PCM_U8"),
    "offset-channels": (np.stack([np.full(SR, 0.5), np.full(SR, -0.5)], axis=1), "FLOAT"),
    "denormal": (tone(440, peak=1) * 1e-40, "FLOAT"),
    "just-below": (np.rint(tone(440, peak=3)) / 32768, "PCM_16"),
    "noise-just-below": (np.random.default_rng(1).integers(-3, 4, SR) / 32768, "PCM_16"),
    "four-channels-of-zeros": (np.zeros((SR, 4)), "FLOAT"),
}
"""Samples and the kind of file; the first are the ones of every day."""


@pytest.mark.fault(4)
def test_silent_and_nearly_silent_clips(tmp_path, injected):
    names = list(SILENCE)[-times(10, daily=4) :]
    for name in names:
        y, subtype = SILENCE[name]
        (tmp_path / "audio_folder" / "silent").mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / "audio_folder" / "silent" / f"{name}.wav", y.astype(np.float64), SR, subtype=subtype)
    (tmp_path / "audio_folder" / "loud").mkdir()
    soundfile.write(tmp_path / "audio_folder" / "loud" / "a.wav", tone(440), SR)
    for feature in list(FEATURES)[: times(len(FEATURES), daily=1)]:
        for engine in engines() if IS_FULL and feature == "mel" else ["librosa"]:
            images = tmp_path / f"{feature}-{engine}"
            more = ["--feature", feature, "--engine", engine, "--variants", *EVERY_VARIANT, "gain=60"]
            done = generate(tmp_path / "audio_folder", images, *QUICK, *more)
            assert done.returncode == 0
            assert f"marked `silent`: {len(names)} clips" in done.stdout
            table = metadata(images)
            assert (table["silent"] == (table["label"] == "silent")).all()
            assert len(table[table["silent"]]) == len(names) * (2 + len(EVERY_VARIANT))
            for file_name in table.loc[table["silent"], "file_name"]:
                image, _ = png.read(images / file_name)
                # An MFCC has no floor: silence has an image of its own, the same in every column.
                floor = image[:, :1] if feature == "mfcc" else 0
                assert (image == floor).all(), (feature, engine, file_name)
            assert png.read(images / "loud" / "loud-a__original.png")[0].max() > 100
    injected(len(names))


LENGTHS = (0, 1, 10, 100, 512, 2047)


@pytest.mark.fault(5)
@pytest.mark.parametrize("engine", list(ENGINES))
def test_sounds_of_next_to_no_length(tmp_path, injected, engine):
    if engine == "rubberband-program" and shutil.which("rubberband") is None:
        pytest.skip("the program `rubberband` is not on the PATH")
    if engine not in engines():
        pytest.skip(f"the engine {engine} is not installed")
    audio_folder, images = tmp_path / "audio_folder", tmp_path / "images"
    for n_samples in LENGTHS:
        (audio_folder / "short").mkdir(parents=True, exist_ok=True)
        soundfile.write(audio_folder / "short" / f"{n_samples}.wav", white(1)[:n_samples], SR)
    ends = [
        f"{kind}={end:g}"
        for kind, variant in VARIANTS.items()
        for end in (variant.low, variant.high)
        if variant.parameter and math.isfinite(end) and not variant.takes_folder
    ]
    variants = EVERY_VARIANT + ends[: times(len(ends), daily=0)]
    n_injected = 0
    for size, pad in (("40x24", "silence"), ("native", "repeat"))[: times(2, daily=1)]:
        more = ["--layout", "folders", "--engine", engine, "--image-size", size, "--pad", pad, "--variants", *variants]
        done = generate(audio_folder, images / size, *QUICK, *more, limit_s=120)
        assert done.returncode == 3
        assert "RuntimeWarning" not in done.stderr, done.stderr
        assert set(reasons(images / size)) == {"short/0.wav"}
        table = metadata(images / size)
        n_variants = table["variant"].nunique()
        assert n_variants >= 1 + len(EVERY_VARIANT)
        assert len(table) == (len(LENGTHS) - 1) * n_variants
        shapes = {png.read(images / size / name)[0].shape for name in table["file_name"]}
        assert shapes == {(24, 40) if size != "native" else (128, 1 + SR // 256)}
        n_injected += len(LENGTHS) * n_variants
    with pytest.raises(BadAudio):
        load(audio_folder / "short" / "0.wav", SR)
    injected(n_injected)
