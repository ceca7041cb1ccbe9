"""Small folders of images to train on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from generate.__main__ import main as generate_main
from tests.conftest import SR, tone, white
from train import backend
from train.recipe import Recipe
from train.trained_run import TrainedRun

# Tests run side by side; models this small gain nothing from more threads.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

ROOT = Path(__file__).resolve().parents[2]


def draw(audio_folder: Path, images: Path, *more: str) -> Path:
    """Render a sound folder as small images."""
    small = [
        "--engine",
        "librosa",
        "--image-size",
        "48",
        "--sr",
        str(SR),
        "--seconds",
        "1",
        "--workers",
        "1",
        "--listen",
        "0",
    ]
    assert generate_main([str(audio_folder), str(images), *small, *more]) == 0
    return images


def fitted(
    images: Path, *, runs: Path, folds: list[str] | None = None, name: str = "", n_explained: int = 0, **recipe: object
) -> TrainedRun:
    """As `train.fit`, but no test images are explained unless a test looks at that: it takes longer than to train."""
    backend.set_up()
    from train.training.cross_validation import execute
    from train.training.prepare import prepare

    quality = recipe.pop("quality", None)
    prepared = prepare(images, Recipe.of_quality(quality, recipe), folds=folds, name=name, runs=runs)
    execute(prepared, n_explained=n_explained)
    return TrainedRun(prepared.run.folder)


def in_new_process(*arguments: str, cwd: Path, backend: str = "tensorflow") -> subprocess.CompletedProcess[str]:
    """Run `python -m ...` as a user does, on a backend."""
    environment = environment_of(backend, cwd)
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )


def environment_of(backend: str, cwd: Path) -> dict[str, str]:
    """Variables of a process that trains; what JAX compiles is kept in its folder, for the next one."""
    # Most of the time is XLA's, which need not do its best here.
    quickly = "--xla_backend_optimization_level=1 --xla_llvm_disable_expensive_passes=true"
    of_jax = {
        "XLA_FLAGS": quickly,
        "JAX_COMPILATION_CACHE_DIR": str(cwd / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    own = {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT)}
    return os.environ | own | (of_jax if backend == "jax" else {})


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """Three classes of ten sounds, each recording twice, no folds, variants `pitch=+2` and `trim`; do not change it."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    for label, base_hz in (("low", 300), ("middle", 1500), ("high", 6000)):
        (folder / "audio_folder" / label).mkdir(parents=True)
        for number in range(10):
            y = tone(base_hz * rng.uniform(0.8, 1.25), peak=0.3) + white(seed=number, rms=0.02)
            soundfile.write(folder / "audio_folder" / label / f"{label}{number // 2}_{number % 2}.wav", y, SR)
    return draw(
        folder / "audio_folder", folder / "images", "--source-pattern", "^(.+)_", "--variants", "pitch=+2", "trim"
    )


@pytest.fixture(scope="session")
def loaded_models() -> dict[tuple[bytes, str], object]:
    """Models by the content of their files."""
    return {}


@pytest.fixture
def load_models_once(monkeypatch, loaded_models) -> None:
    """Load equal model files once in a session: loading one, and tracing it anew, takes seconds."""
    from train.models import checkpoint

    load = checkpoint.load

    def load_once(path: Path, *arguments: object, **options: object) -> object:
        key = path.read_bytes(), repr((arguments, options))
        if key not in loaded_models:
            loaded_models[key] = load(path, *arguments, **options)
        return loaded_models[key]

    monkeypatch.setattr(checkpoint, "load", load_once)
