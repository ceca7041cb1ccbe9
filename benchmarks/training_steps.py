"""Does the model wait for its images? `python -m benchmarks.training_steps [--model resnet50] [--quick]`.

Trains folds of the real ESC-10 from random weights as `python -m train` does, and the same model in a bare loop on a
batch that is there already. Prints images a second of both, what the first epoch of a fold takes beyond a steady one
(compilation), and the whole of the run as a multiple of its steps alone. `--quick` is for two cores: 40 clips, small
images. On a GPU the compiled step is kept for the next run (JAX): run it twice.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

import train
from benchmarks.measure import met, show
from benchmarks.training_input import render_originals
from train.models.registry import MODELS
from train.runs.run_folder import Run, read_run

QUICK = {"model": "cnn7", "input_size": 64, "folds": 2, "epochs": 3, "clips": "40"}
WHOLE = {"model": "resnet50", "input_size": 224, "folds": 5, "epochs": 10, "clips": "400"}
TARGET = 1.3
"""Times the steps alone, for a whole run on one GPU whose step was compiled before."""
BARE_STEPS = 10


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_steps", description=__doc__)
    parser.add_argument("--model", choices=sorted(MODELS), help="any of `train`")
    parser.add_argument("--quick", action="store_true", help="for two cores: 40 clips, small images")
    options = parser.parse_args()
    size = QUICK if options.quick else WHOLE
    model = options.model or size["model"]
    with tempfile.TemporaryDirectory() as name:
        images = render_originals(Path(name), size["clips"])
        began = time.perf_counter()
        trained = train.fit(
            images,
            model=model,
            weights="none",
            ensemble=1,
            input_size=size["input_size"],
            epochs=size["epochs"],
            mixed_precision=True,
            folds=[str(number + 1) for number in range(size["folds"])],
            runs=Path(name) / "runs",
        )
        row = compared(read_run(trained.folder), time.perf_counter() - began)
    from train import backend

    show(f"Training steps of {model}, {backend.description()}", [row], file_name="training_steps.csv")


def compared(run: Run, run_s: float) -> dict[str, object]:
    """A row: a run that took so many seconds, and a bare loop of its model."""
    steps, first_epochs_s, steady_s, n_images = 0, [], [], 0
    for fold in run.folds:
        seconds = pd.read_csv(run.fold_folder(fold) / "history.csv")["seconds"].tolist()
        steady_s.append(median(seconds[1:]))
        first_epochs_s.append(seconds[0] - steady_s[-1])
        n_images += run.read_fold(fold)["n_train"]
        steps += len(seconds) * -(-run.read_fold(fold)["n_train"] // run.recipe.batch_size)
    bare_s = bare_step_s(run)
    return {
        "images a second, steady epochs": round(n_images / sum(steady_s)),
        "the same, bare loop": round(run.recipe.batch_size / bare_s),
        "first epoch of a fold beyond a steady one, s": " ".join(f"{s:.1f}" for s in first_epochs_s),
        "whole run, s": round(run_s, 1),
        "its steps alone, s": round(steps * bare_s, 1),
        "times the steps": round(run_s / (steps * bare_s), 2),
        "target (GPU, compiled before)": TARGET,
        "reached": met(steps * bare_s * TARGET, run_s),
    }


def bare_step_s(run: Run) -> float:
    """Seconds of a step on one batch that is on the device, the least of three epochs; compilation is not counted."""
    import keras

    from train import backend
    from train.models.build import build_from_recipe

    recipe = run.recipe
    side_px, n_classes = recipe.input_size, len(run.classes)
    model = build_from_recipe(recipe, n_classes=n_classes, size=(side_px, side_px), half_precision=backend.has_gpu())
    model.compile(keras.optimizers.AdamW(), "categorical_crossentropy", jit_compile=backend.compiles())
    rng = np.random.default_rng(0)
    x = keras.ops.convert_to_tensor(rng.integers(0, 256, (recipe.batch_size, side_px, side_px, 3), dtype=np.uint8))
    y = keras.ops.convert_to_tensor(np.eye(n_classes, dtype=np.float32)[rng.integers(0, n_classes, recipe.batch_size)])

    def endless():
        while True:
            yield x, y

    times = []
    for _ in range(4):
        began = time.perf_counter()
        model.fit(endless(), steps_per_epoch=BARE_STEPS, verbose=0)
        times.append((time.perf_counter() - began) / BARE_STEPS)
    return min(times[1:])


if __name__ == "__main__":
    main()
