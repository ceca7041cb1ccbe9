"""The two engines, a click train, and Rubber Band programs that are made up."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from augment_audio import ENGINES, VARIANTS, Background, make_variant, open_audio, parse_request
from augment_audio.engines.rubberband_program import program_version
from tests.conftest import SR, tone, white


@pytest.fixture(params=sorted(ENGINES))
def engine(request) -> str:
    """Each engine that is there."""
    if request.param == "rubberband":
        pytest.importorskip("pedalboard", reason="Rubber Band's library is not installed")
    if request.param == "rubberband-program":
        skip_without_rubberband()
    return request.param


@pytest.fixture
def rubberband() -> str:
    """The real Rubber Band program."""
    skip_without_rubberband()
    return shutil.which("rubberband")


def skip_without_rubberband() -> None:
    if shutil.which("rubberband") is None:
        pytest.skip("the program `rubberband` is not on the PATH")


@pytest.fixture(autouse=True)
def fresh_program_version():
    """No version remembered from a test with another PATH."""
    program_version.cache_clear()
    yield
    program_version.cache_clear()


@pytest.fixture
def temporary_files(tmp_path, monkeypatch) -> Path:
    """An empty folder that takes all temporary files of the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def fake_rubberband(tmp_path, monkeypatch):
    """Put a shell script named `rubberband` first on the PATH.

    In the script, `$in` and `$out` are the two sounds, `$folder` is `tmp_path`, and `$options` what stands before
    them. Asked for its version, it does what `version` says.
    """
    if os.name != "posix":
        pytest.skip("the made-up programs are shell scripts")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def put(script: str, *, version: str = "echo 9.9.9 >&2; exit 0") -> None:
        program = tmp_path / "bin" / "rubberband"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            "#!/bin/sh\n"
            f"folder='{tmp_path}'\n"
            f'if [ "$1" = --version ]; then {version}\nfi\n'
            'for word; do options="$options $in"; in="$out"; out="$word"; done\n'
            f"{script}\n"
        )
        program.chmod(0o755)

    return put


@pytest.fixture
def no_rubberband(tmp_path, monkeypatch) -> None:
    """A PATH with nothing on it."""
    (tmp_path / "nothing").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def make(
    y: np.ndarray,
    text: str,
    *,
    sr: int = SR,
    engine: str = "librosa",
    seed: int = 0,
    clip_id: str = "clip",
    n_shown: int | None = None,
):
    """One variant of samples, by what a user writes for it; `background=/night@10` is mixed with `NIGHT`."""
    sound = open_audio(y, sr, engine=engine, n_shown=n_shown)
    request = parse_request(text, VARIANTS)
    for package in filter(None, (VARIANTS[step.kind].package for step in request.steps)):
        pytest.importorskip(package)
    return make_variant(sound, request, VARIANTS, seed=seed, clip_id=clip_id, backgrounds={NIGHT_FOLDER: NIGHT})


def _part_of_a_night(path: Path, sr: int, *, start_s: float, longest_s: float) -> np.ndarray:
    """Noise that is darker in one file than in the other."""
    seconds = NIGHT.seconds[NIGHT.files.index(path.name)]
    y = white(seconds, sr=sr, seed=len(path.stem), rms=0.02)
    y = np.convolve(y, np.ones(8) / 8, "same").astype(np.float32) if path.name == "dark.wav" else y
    return y[round(start_s * sr) :][: max(1, round(longest_s * sr))]


NIGHT_FOLDER = os.path.abspath("/night")
NIGHT = Background(Path(NIGHT_FOLDER), ("bright.wav", "dark.wav"), (3.0, 7.0), _part_of_a_night)


def written(kind: str, value: object) -> str:
    """What a user writes for a value of a variant."""
    return f"{kind}={'/night@' if VARIANTS[kind].takes_folder else ''}{value}"


def write_wav(path: Path, y: np.ndarray, sr: int = SR, **options) -> Path:
    """Write a WAV file and return its path."""
    soundfile.write(path, y, sr, **options)
    return path


def recorded_tone(hz: float, *, seconds: float = 1.0, sr: int = SR, peak: float = 0.5) -> np.ndarray:
    """A sine over noise 80 dB below it, as from a good microphone.

    Rubber Band takes a sine without any noise for up to 1 % lower or higher.
    """
    return tone(hz, seconds=seconds, sr=sr, peak=peak) + white(seconds, sr=sr, rms=1e-4 * peak)


def rms(y: np.ndarray) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


def decibels(ratio: float) -> float:
    """Of a ratio of amplitudes."""
    return float(20 * np.log10(ratio))


def click_train(spacing_s: float, *, clicks: int = 10, sr: int = SR) -> np.ndarray:
    """Bursts of noise of 60 ms, the first a quarter of a spacing after the start, shape=(n,), float32.

    Noise, because a phase vocoder keeps the power of a burst only where its partials are not in step.
    """
    spacing, length = round(spacing_s * sr), round(0.06 * sr)
    noise = np.random.default_rng(0).standard_normal((clicks, length)) * np.hanning(length)
    y = np.zeros((clicks, spacing), dtype=np.float32)
    y[:, spacing // 4 : spacing // 4 + length] = 0.1 * noise
    return y.ravel()


def click_times(y: np.ndarray, *, spacing_s: float, sr: int = SR) -> np.ndarray:
    """Seconds at which the clicks of a train stand: the middle of the power in each spacing."""
    times = np.arange(len(y)) / sr
    cells = (times // spacing_s).astype(int)
    power = np.square(y, dtype=np.float64)
    return np.bincount(cells, power * times) / np.bincount(cells, power)


def assert_same_but_at_the_ends(made: np.ndarray, y: np.ndarray) -> None:
    """Rubber Band's library is louder by 0.7 %, and half a window at either end by a tenth."""
    np.testing.assert_allclose(made[1024:-1024], y[1024:-1024], atol=0.01 * np.abs(y).max())
    np.testing.assert_allclose(made, y, atol=0.15 * np.abs(y).max())
