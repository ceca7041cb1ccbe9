"""Run folders as training leaves them, made without training."""

from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset import tables
from generate.runtime.atomic_write import write_json
from generate.runtime.safe_names import safe_name
from tests.generate.dataset.rows import SETTINGS
from train.recipe import LEAKY, Recipe
from train.runs import run_folder
from train.runs.run_folder import Run


def fake_run(
    folder: Path,
    *,
    classes=("bird", "rain", "saw"),
    all_folds=("1", "2"),
    folds=None,
    finished=None,
    clips_per_recording=2,
    recordings=6,
    right=0.8,
    leaky_folds=(),
    seed=0,
    epochs=4,
    collection="Small",
    answers=None,
    **recipe,
) -> Run:
    """Write a run whose models are right by chance (`right`), or as `answers(clip number, label)` says."""
    recipe = Recipe(**{"model": "cnn9"} | recipe)
    folds = all_folds if folds is None else folds
    run = Run(
        folder=folder,
        images=folder.parent / "images",
        recipe=recipe,
        classes=tuple(classes),
        input_size=(112, 112),
        folds=tuple(folds),
        all_folds=tuple(all_folds),
        collection=collection,
        versions={"python": "3.11.0", "keras": "3.15.1"},
    )
    run_folder.write_run(run, SETTINGS)
    rng = np.random.default_rng(seed)
    for fold in folds if finished is None else finished:
        is_leaky = recipe.protocol in LEAKY or fold in leaky_folds
        write_fold(run, fold, rng, recordings, clips_per_recording, right, is_leaky, epochs, answers)
    return run


def write_fold(run, fold, rng, recordings, clips_per_recording, right, is_leaky, epochs, answers):
    where = run.fold_folder(fold)
    where.mkdir(parents=True, exist_ok=True)
    rows = []
    n = len(run.classes)
    for number, label in enumerate(run.classes):
        for clip in range(recordings * clips_per_recording):
            is_right = rng.random() < right
            answer = number if is_right else int(rng.choice([k for k in range(n) if k != number]))
            if answers is not None:
                answer = run.classes.index(answers(clip, label))
            p = rng.dirichlet(np.ones(n))
            p[answer] += 1
            rows.append(
                {
                    "fold": fold,
                    "clip_id": f"{fold}-{number}-{clip}",
                    "source_id": f"{fold}-{number}-{clip // clips_per_recording}",
                    "variant": "original",
                    "start_s": 0.0,
                    "file_name": f"{safe_name(label)}/{fold}-{number}-{clip}__original.png",
                    "label": label,
                    "predicted": run.classes[answer],
                }
                | {f"p:{name}": value for name, value in zip(run.classes, p / p.sum(), strict=True)}
            )
    tables.write_table(where / run_folder.PREDICTIONS, pd.DataFrame(rows))
    epoch = np.arange(1, epochs + 1)
    history = {
        "epoch": epoch,
        "phase": ["all" if run.recipe.weights == "none" else "head"] + ["all"] * (epochs - 1),
        "learning_rate": 0.001,
        "loss": 2.3 * np.exp(-epoch / epochs * 2) + rng.random(epochs) * 0.1,
        "accuracy": 1 - 0.9 * np.exp(-epoch / epochs * 2.5),
        "val_loss": np.nan,
        "val_accuracy": np.nan,
        "seconds": 1.5,
    }
    if run.recipe.select == "validation":
        history["val_loss"] = history["loss"] + 0.3
        history["val_accuracy"] = history["accuracy"] * 0.93
    tables.write_table(where / run_folder.HISTORY, pd.DataFrame(history))
    values = {
        "name": fold,
        "n_train": 100,
        "n_validation": 0,
        "n_test": len(rows),
        "n_left_out": 0,
        "is_leaky": is_leaky,
        "n_leaked": len(rows) if is_leaky else 0,
        "nearest_neighbour_accuracy": 0.95 if is_leaky else 0.6,
        "epochs": epochs,
        "tested_epoch": epochs,
        "train_seconds": 60.0,
        "images_seen": 4000,
    }
    write_json(where / run_folder.FOLD, values)
