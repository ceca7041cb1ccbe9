"""Sounds for the tests: synthetic ones, and the real ESC-10 where it is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import settings

# Tests run side by side on machines of any speed: how long an example takes tells nothing.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

ESC10 = Path(__file__).resolve().parents[2] / "shared" / "ESC-10"
METADATA = ESC10.parent / "metadata"
SR = 22050


@pytest.fixture(scope="session")
def esc10() -> Path:
    """The real ESC-10, 400 clips."""
    if not ESC10.is_dir():
        pytest.skip(f"the real ESC-10 is not at {ESC10}")
    return ESC10


@pytest.fixture(scope="session")
def real_tables() -> Path:
    """The folder with the real tables of ESC-50 and UrbanSound8K, no audio."""
    if not METADATA.is_dir():
        pytest.skip(f"the real tables are not at {METADATA}")
    return METADATA


@pytest.fixture(scope="session")
def real_clips(esc10) -> list[tuple[np.ndarray, int]]:
    """Ten real clips, one a class, as (samples, sample rate)."""
    folders = sorted(folder for folder in esc10.iterdir() if folder.is_dir())
    return [soundfile.read(sorted(folder.glob("*.ogg"))[7], dtype="float32") for folder in folders]


@pytest.fixture(scope="session")
def clips(request) -> list[tuple[np.ndarray, int]]:
    """Ten real clips, as `real_clips`, or synthetic ones where ESC-10 is not there, as (samples, sample rate)."""
    return request.getfixturevalue("real_clips") if ESC10.is_dir() else [synthetic_clip(n) for n in range(10)]


def synthetic_clip(number: int) -> tuple[np.ndarray, int]:
    """Five seconds at 44.1 kHz: a tone that comes and goes, and noise that fades."""
    sr, n_swells = 44100, number + 1
    t = np.arange(5 * sr) / sr
    y = tone(200 * 1.5**number, seconds=5, sr=sr) * np.sin(np.pi * n_swells * t / 5) ** 2
    return (y + white(5, sr=sr, seed=number, rms=0.05) * np.exp(-t)).astype(np.float32), sr


def tone(hz: float, *, seconds: float = 1.0, sr: int = SR, peak: float = 0.5) -> np.ndarray:
    """A sine, shape=(seconds * sr,), float32."""
    t = np.arange(round(seconds * sr)) / sr
    return (peak * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def white(seconds: float = 1.0, *, sr: int = SR, seed: int = 0, rms: float = 0.1) -> np.ndarray:
    """White noise, shape=(seconds * sr,), float32."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * sr))
    return (rms * samples).astype(np.float32)


def loudest_hz(y: np.ndarray, sr: int) -> float:
    """Frequency of the strongest line of a spectrum, by a parabola through its top."""
    power = np.log(np.abs(np.fft.rfft(y * np.hanning(len(y)))) + 1e-12)
    top = int(power[1:-1].argmax()) + 1
    left, middle, right = power[top - 1 : top + 2]
    return float((top + 0.5 * (left - right) / (left - 2 * middle + right)) * sr / len(y))


@pytest.fixture
def audio_folder(tmp_path) -> Path:
    """A small collection of a user's own: two classes of four sounds, 1 s each."""
    folder = tmp_path / "audio_folder"
    for label, base_hz in (("low", 200), ("high", 3000)):
        (folder / label).mkdir(parents=True)
        for number in range(4):
            y = tone(base_hz * (1 + 0.1 * number)) + white(seed=number, rms=0.01)
            soundfile.write(folder / label / f"{number}.wav", y, SR)
    return folder
