"""From prepared images to a report: one fold after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from generate.dataset import tables
from generate.runtime.lease import Hold, held
from generate.runtime.os_compat import quoted
from train.data.split import Split, relatives_in_training
from train.defaults import EXPLAINED_TESTS
from train.recipe import Recipe
from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
from train.report.report import make_report
from train.runs.history import tested_epoch
from train.runs.run_folder import (
    CONFIG,
    FOLD,
    PREDICTIONS,
    PROBABILITY,
    Run,
    with_folds_of,
    write_json,
    write_run,
)
from train.training.fit import Fold, fit_fold, n_images_to_see, probabilities
from train.training.folds_in_turn import FoldsInTurn
from train.training.prepare import Prepared
from train.training.progress import Progress


def execute(
    prepared: Prepared,
    *,
    tensorboard: bool = False,
    n_explained: int = EXPLAINED_TESTS,
    recordings: Path | None = None,
) -> dict[str, object]:
    """Train and test each fold that is not finished and that nobody else trains, and write the report.

    Several processes, on machines that all see the run's folder, may do this at once; see `generate.runtime.lease`.

    Parameters
    ----------
    prepared : Prepared
    tensorboard : bool
        Write logs for it into the run's folder.
    n_explained : int
        Tests for which the run's page shows where the model looked.
    recordings : Path, optional
        Their folder; see `train.explain.of_run.explain_run`.

    Returns
    -------
    dict
        The report, as in `report.json`, of all folds that are finished by now.

    Raises
    ------
    ValueError
        If others train all that is left, or have begun another run in this folder.
    """
    run = _begin(prepared)
    folds = {split.name: _fold(prepared, split) for split in prepared.splits}
    turns = FoldsInTurn(run, list(folds))
    left = turns.left
    shrunk = shrink(prepared.images.pixels) if left else None
    n_to_see = {name: _estimated_images_to_see(run.recipe, folds[name]) for name in left}
    with Progress(sum(n_to_see.values())) as progress, closing(turns.take()) as taken:
        for name, hold in taken:
            others = [other for other in turns.left if other != name]
            n_to_see[name] = n_images_to_see(run.recipe, folds[name])  # another may have gone on with it meanwhile
            progress.begin(
                f"fold {name} ({turns.n_taken} of {turns.n_taken + len(others)})",
                n_to_see[name],
                n_after=sum(n_to_see[other] for other in others),
            )
            began = time.monotonic()
            accuracy = _train_fold(prepared, folds[name], shrunk, hold, on_epoch=progress.epoch, with_logs=tensorboard)
            progress.end(folds[name].split, accuracy, time.monotonic() - began)
    if turns.by_others:
        _say_what_others_do(turns)
    with held(run.folder, in_turn=True):
        return make_report(with_folds_of(run), n_explained=n_explained, recordings=recordings)


def _estimated_images_to_see(recipe: Recipe, fold: Fold) -> int:
    """How much is left of a fold, for the progress bar; another machine may be writing its model just now."""
    try:
        return n_images_to_see(recipe, fold)
    except (OSError, ValueError):
        return 0


def _begin(prepared: Prepared) -> Run:
    """Write what the run is, with all the folds that were ever asked for."""
    run = prepared.run
    with held(run.folder, in_turn=True):
        if (run.folder / CONFIG).exists():
            if not prepared.is_resumed:
                raise ValueError(
                    f"Another command has begun a run {str(run.folder)!r} meanwhile. To join it: python -m train "
                    f"--resume {quoted(run.folder)}. For a run of its own give another --name."
                )
            run = with_folds_of(run)
        write_run(run, prepared.settings)
    return run


def _train_fold(
    prepared: Prepared,
    fold: Fold,
    shrunk: np.ndarray,
    hold: Hold,
    *,
    on_epoch: Callable[[dict[str, object], int], None],
    with_logs: bool,
) -> float:
    """Train and test one fold that is held, write what it gave, and return its accuracy, 0 to 1."""
    run, table, split = prepared.run, prepared.table, fold.split
    logs = fold.folder / "logs" if with_logs else None
    model, history = fit_fold(run.recipe, fold, on_epoch=on_epoch, before_write=hold.check, log_folder=logs)
    says = probabilities(model, prepared.images, split.test, batch_size=run.recipe.batch_size)
    del model  # or two models are in memory when the next fold begins
    predictions = _predictions(table, split, says, run.classes)
    described = {
        "name": split.name,
        "n_train": len(split.train),
        "n_validation": len(split.validation),
        "n_test": len(split.test),
        "n_left_out": split.n_left_out,
        "is_leaky": split.is_leaky,
        "relatives_in_training": relatives_in_training(table, split),
        "nearest_neighbour_accuracy": nearest_neighbour_accuracy(shrunk, table["label"].to_numpy(), split),
        "epochs": len(history),
        "tested_epoch": tested_epoch(run.recipe, history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        "images_seen": len(history) * len(split.train),
    }
    hold.check()
    tables.write_table(fold.folder / PREDICTIONS, predictions)
    # Last, since a fold with this file is finished.
    write_json(fold.folder / FOLD, described)
    return float((predictions["predicted"] == predictions["label"]).mean())


def _say_what_others_do(turns: FoldsInTurn) -> None:
    """Name the folds that others hold.

    Raises
    ------
    ValueError
        If this process found nothing to do but those.
    """
    held_by = "; ".join(f"fold {fold} by {error.holder}" for fold, error in turns.by_others.items())
    if not turns.n_taken:
        advice = next(iter(turns.by_others.values())).what_if_dead
        raise ValueError(
            f"Nothing is left to do here: all folds that are not finished are being trained ({held_by}). Whoever ends "
            f"last writes the report of all. {advice}"
        )
    print(
        f"Still being trained: {held_by}. The report is of the folds that are finished; whoever ends last makes it "
        "again, of all.",
        flush=True,
    )


def _fold(prepared: Prepared, split: Split) -> Fold:
    """What one fold is trained on."""
    run, table = prepared.run, prepared.table
    return Fold(
        split=split,
        images=prepared.images,
        targets=prepared.targets,
        n_clips=table["clip_id"].iloc[split.train].nunique(),
        seed=(run.recipe.seed, crc32(split.name.encode())),
        folder=run.fold_folder(split.name),
    )


def _predictions(table: pd.DataFrame, split: Split, says: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """One row a test image; see `train.runs.run_folder.read_predictions`."""
    tested = table.iloc[split.test]
    rows = tested[["clip_id", "source_id", "variant", "file_name", "label"]].reset_index(drop=True)
    rows.insert(0, "fold", split.name)
    rows["predicted"] = np.array(classes, dtype=object)[says.argmax(axis=1)]
    columns = [f"{PROBABILITY}{label}" for label in classes]
    # Significant digits, not decimals: a very small probability is not none.
    six_digits = np.char.mod("%.6g", says.astype(np.float64)).astype(np.float64)
    return rows.join(pd.DataFrame(six_digits, columns=columns))
