"""The final model of a run: trained on all recordings by the recipe of its folds, and tested by none."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from generate.runtime.atomic_write import write_json
from generate.runtime.lock import locked
from generate.runtime.os_compat import quoted
from train import backend
from train.calibration.distance import write_distance
from train.data.split import Split
from train.recipe import LEAKY, Recipe
from train.report.make_report import write_card
from train.report.report import Report
from train.report.results import build_report, read_predictions
from train.runs.run_folder import FINAL, FOLD, read_run
from train.training.distance_of_fold import distance_of
from train.training.fit import fit_fold, n_images_to_see
from train.training.prepare import Prepared, resume
from train.training.progress import Progress
from train.training.train_fold import fold_of


def check_final(recipe: Recipe) -> None:
    """Check that a recipe can train a final model.

    Raises
    ------
    ValueError
        If its accuracy would be leaky, or its epoch is chosen on recordings that are left out of training.
    """
    if recipe.protocol in LEAKY or recipe.allow_recording_overlap:
        given = "--allow-recording-overlap" if recipe.allow_recording_overlap else f"--protocol {recipe.protocol}"
        raise ValueError(
            "A final model must be of a run with a grouped split, whose accuracy is what to expect of it. Got "
            f"{given}. Train with --protocol folds and without --allow-recording-overlap."
        )
    if recipe.select != "last":
        raise ValueError(
            f"A final model must be of a run with --select last. Got --select {recipe.select}, which chooses the epoch "
            "on recordings that are not trained on, and a final model leaves none. Start a new run."
        )


def train_final(folder: Path, *, cache: str = "auto") -> Report:
    """Train the final model of a run, if it has none yet, and write its model card again.

    One that was interrupted resumes from its checkpoint.

    Parameters
    ----------
    folder : Path
        Of the run.
    cache : {"auto", "memory", "disk"}
        Where the images are held; see `train.data.disk_cache`.

    Returns
    -------
    Report
        With `final`.

    Raises
    ------
    FileNotFoundError, ValueError
        If no fold of the run is finished, its recipe has no final model, or its images are not there any more.
    generate.runtime.lock.LockedError
        If another process trains this run.
    """
    run = read_run(folder)
    check_final(run.recipe)
    if not run.finished_folds:
        raise ValueError(
            "A fold of the run must be finished, so that there is an accuracy to expect of its final model. Got none "
            f"in {str(folder)!r}. First: python -m train --resume {quoted(folder)}"
        )
    with locked(folder):
        if not run.is_finished(FINAL):
            _train(resume(folder, cache=cache, is_final=True))
        predictions = read_predictions(run)
        report = build_report(run, predictions)
        write_card(run, report, predictions)
    return report


def _train(prepared: Prepared) -> None:
    """Train on every image that some fold trains on, and write the model's files."""
    backend.keep_compiled()
    run = prepared.run
    rows = np.unique(np.concatenate([split.train for split in prepared.splits]))
    fold = fold_of(prepared, Split(FINAL, train=rows, test=rows[:0]))
    with Progress({FINAL: n_images_to_see(run.recipe, fold)}) as progress:
        model, history = fit_fold(run.recipe, fold, on_epoch=partial(progress.epoch, FINAL))
    write_distance(fold.folder, distance_of(model, prepared, fold, history))
    trained_on = prepared.table.iloc[rows]
    content = {
        "name": FINAL,
        "n_images": len(rows),
        "n_clips": fold.n_clips,
        "n_recordings": trained_on["source_id"].nunique(),
        "epochs": len(history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
    }
    write_json(fold.folder / FOLD, content)  # last, since a model with this file is finished
