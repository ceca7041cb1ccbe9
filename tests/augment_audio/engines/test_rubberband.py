"""The library gives what the program gives, when both get the same floating-point samples."""

from __future__ import annotations

import shutil
import subprocess

import librosa
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
    subprocess.run(
        ["rubberband", "-q", *options, "in.wav", "out.wav"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return soundfile.read(folder / "out.wav", dtype="float32")[0] * (peak / PEAK)


def decibels(y: np.ndarray) -> np.ndarray:
    power = librosa.feature.melspectrogram(y=y, sr=SR, n_mels=64)
    return librosa.power_to_db(power, ref=np.max, top_db=60)


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
def test_the_library_gives_what_the_finer_program_gives(tmp_path, change, options):
    """Its phases drift between releases, so spectra are compared; the coarser engine differs by several times as much."""
    rng = np.random.default_rng(0)
    t = np.arange(SR) / SR
    clicks = np.where(np.arange(SR) % 5000 < 40, rng.normal(size=SR), 0)
    y = (0.3 * np.sin(2 * np.pi * 440 * t * (1 + t)) + 0.3 * clicks).astype(np.float32)
    changed = change(RubberBandSound(y, SR))
    differences = {}
    for engine in (("--fine", "--window-short"), ("--fine",), ()):
        expected = by_the_program(y, tmp_path, *engine, *options)
        n = min(len(changed), len(expected))
        assert abs(len(changed) - len(expected)) <= 2
        differences[engine] = np.abs(decibels(changed[:n]) - decibels(expected[:n])).mean()
    same, *others = differences.values()
    assert same < 0.6 and all(same < other / 2 for other in others), differences


def test_tones_are_in_tune():
    """Two semitones down from 220 Hz, where the coarser engine is 45 cents off."""
    t = np.arange(2 * SR) / SR
    y = RubberBandSound((0.5 * np.sin(2 * np.pi * 220 * t)).astype(np.float32), SR).pitch_shift(n_semitones=-2)
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 20))
    assert 1200 * np.log2(spectrum.argmax() * SR / (1 << 20) / (220 * 2 ** (-2 / 12))) == pytest.approx(0, abs=2)
