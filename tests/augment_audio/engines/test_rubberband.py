"""The library gives what the program gives, when both get the same floating-point samples."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from augment_audio.engines.rubberband import PEAK, RubberBandSound

pytest.importorskip("pedalboard", reason="Rubber Band's library is not installed")
SR = 44100


def by_the_program(y: np.ndarray, folder, *options: str) -> np.ndarray:
    """Samples of the `rubberband` program, through files of 32-bit floating point."""
    peak = np.abs(y).max()
    soundfile.write(folder / "in.wav", y / peak * PEAK, SR, subtype="FLOAT")
    subprocess.run(["rubberband", "-q", *options, "in.wav", "out.wav"], cwd=folder, check=True, capture_output=True)
    return soundfile.read(folder / "out.wav", dtype="float32")[0] * (peak / PEAK)


@pytest.mark.skipif(not shutil.which("rubberband"), reason="the rubberband program is not installed")
@pytest.mark.parametrize(
    ("change", "options"),
    [
        (lambda sound: sound.time_stretch(rate=0.7), ("-t", repr(1 / 0.7))),
        (lambda sound: sound.time_stretch(rate=1.2), ("-t", repr(1 / 1.2))),
        (lambda sound: sound.pitch_shift(n_semitones=2), ("-p", "2")),
        (lambda sound: sound.pitch_shift(n_semitones=-2), ("-p", "-2")),
    ],
    ids=["slower", "faster", "up", "down"],
)
def test_the_samples_are_those_of_the_program(tmp_path, change, options):
    rng = np.random.default_rng(0)
    t = np.arange(SR) / SR
    clicks = np.where(np.arange(SR) % 5000 < 40, rng.normal(size=SR), 0)
    y = (0.3 * np.sin(2 * np.pi * 440 * t * (1 + t)) + 0.3 * clicks).astype(np.float32)
    changed, expected = change(RubberBandSound(y, SR)), by_the_program(y, tmp_path, *options)
    n = min(len(changed), len(expected))
    assert abs(len(changed) - len(expected)) <= 2
    # Releases of Rubber Band differ a little; other settings of it differ by as much as the signal itself.
    assert np.abs(changed[:n] - expected[:n]).max() < 0.01 * np.abs(expected).max()
