"""From prepared images to a report: one fold after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from generate.dataset import tables
from generate.runtime.lock import locked
from generate.runtime.os_compat import quoted
from train.data.split import Split, count_shared_recordings
from train.defaults import EXPLAINED_TESTS
from train.report.knn_baseline import nearest_neighbour_accuracy
from train.report.make_report import make_report
from train.report.report import Report
from train.runs.history import EpochRow, tested_epoch
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
from train.training.cluster import connected_workers, train_on_cluster
from train.training.fit import Fold, fit_fold, n_images_to_see, probabilities
from train.training.prepare import Prepared
from train.training.progress import Progress


def execute(
    prepared: Prepared,
    *,
    cluster: str = "",
    tensorboard: bool = False,
    n_explained: int = EXPLAINED_TESTS,
    recordings: Path | None = None,
) -> Report:
    """Train and test each fold that is not finished, and write the report.

    Parameters
    ----------
    prepared : Prepared
    cluster : str
        Address of a Dask cluster whose workers train the folds; see `generate.workers.dask_cluster.check_address`.
        Empty: this process does, one fold after the other.
    tensorboard : bool
        Write logs for it into the run's folder.
    n_explained : int
        Test images for which the run's page shows what the model attends to.
    recordings : Path, optional
        Their folder; see `train.explain.explain_run.explain_run`.

    Returns
    -------
    Report

    Raises
    ------
    generate.runtime.lock.LockedError
        If another process trains this run.
    ValueError
        If another process has begun a run in this folder since it was prepared, or the cluster cannot be used.
    """
    with connected_workers(cluster, prepared.run) if cluster else nullcontext() as workers, locked(prepared.run.folder):
        run = _begin(prepared)
        left = [split for split in prepared.splits if not run.is_finished(split.name)]
        n_to_see = {split.name: n_images_to_see(run.recipe, fold_of(prepared, split)) for split in left}
        with Progress(n_to_see) as progress:
            tested: Generator[TestedFold, None, None]
            if workers is None:
                tested = (
                    train_fold(prepared, split, on_epoch=partial(progress.epoch, split.name), with_logs=tensorboard)
                    for split in left
                )
            else:
                tested = train_on_cluster(workers, prepared, list(n_to_see), progress.epoch, with_logs=tensorboard)
            with closing(tested):
                for fold in tested:
                    progress.end(fold)
        shrunk = dict(zip(prepared.table["file_name"], prepared.shrunk, strict=True))
        return make_report(run, n_explained=n_explained, recordings=recordings, shrunk=shrunk)


def _begin(prepared: Prepared) -> Run:
    """Write what the run is, with all folds that any command has requested."""
    run = prepared.run
    if (run.folder / CONFIG).exists():
        if not prepared.is_resumed:
            raise ValueError(
                f"Another process has begun a run in {str(run.folder)!r} meanwhile. To resume that run: python -m "
                f"train --resume {quoted(run.folder)}. For a new run, give another --name."
            )
        run = with_folds_of(run)
    write_run(run, prepared.settings)
    return run


@dataclass(frozen=True)
class TestedFold:
    """The result of one fold, for the progress display.

    Parameters
    ----------
    name : str
    accuracy : float
        On its test images, 0 to 1.
    n_test : int
    is_leaky : bool
    seconds : float
        Of training and testing.
    """

    name: str
    accuracy: float
    n_test: int
    is_leaky: bool
    seconds: float


def train_fold(
    prepared: Prepared,
    split: Split,
    *,
    on_epoch: Callable[[EpochRow, int], None],
    with_logs: bool = False,
) -> TestedFold:
    """Train and test one fold, and write its files; a fold that was interrupted resumes from its checkpoint.

    Parameters
    ----------
    prepared : Prepared
    split : Split
        One of `prepared.splits`.
    on_epoch : callable
        See `train.training.fit.fit_fold`.
    with_logs : bool
        Write logs for TensorBoard into the fold's folder.
    """
    began = time.monotonic()
    run, table, fold = prepared.run, prepared.table, fold_of(prepared, split)
    model, history = fit_fold(
        run.recipe, fold, on_epoch=on_epoch, log_folder=fold.folder / "logs" if with_logs else None
    )
    predicted = probabilities(model, prepared.images, split.test, batch_size=run.recipe.batch_size)
    del model  # frees its memory before the next fold begins
    predictions = _predictions(table, split, predicted, run.classes)
    described = {
        "name": split.name,
        "n_train": len(split.train),
        "n_validation": len(split.validation),
        "n_test": len(split.test),
        "n_left_out": split.n_left_out,
        "is_leaky": split.is_leaky,
        "n_leaked": count_shared_recordings(table, split),
        "nearest_neighbour_accuracy": nearest_neighbour_accuracy(prepared.shrunk, table["label"].to_numpy(), split),
        "epochs": len(history),
        "tested_epoch": tested_epoch(run.recipe, history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        "images_seen": len(history) * len(split.train),
    }
    tables.write_table(fold.folder / PREDICTIONS, predictions)
    # Last, since a fold with this file is finished.
    write_json(fold.folder / FOLD, described)
    accuracy = float((predictions["predicted"] == predictions["label"]).mean())
    return TestedFold(split.name, accuracy, len(split.test), split.is_leaky, time.monotonic() - began)


def fold_of(prepared: Prepared, split: Split) -> Fold:
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


def _predictions(table: pd.DataFrame, split: Split, predicted: np.ndarray, classes: tuple[str, ...]) -> pd.DataFrame:
    """One row a test image; see `train.runs.run_folder.read_predictions`."""
    tested = table.iloc[split.test]
    rows = tested[["clip_id", "source_id", "variant", "file_name", "label"]].reset_index(drop=True)
    rows.insert(0, "fold", split.name)
    rows["predicted"] = np.array(classes, dtype=object)[predicted.argmax(axis=1)]
    columns = [f"{PROBABILITY}{label}" for label in classes]
    # Significant digits, not decimals: a very small probability is not none.
    six_digits = np.char.mod("%.6g", predicted.astype(np.float64)).astype(np.float64)
    return rows.join(pd.DataFrame(six_digits, columns=columns))
