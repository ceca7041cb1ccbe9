"""Train and test one fold, and write its files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
import pandas as pd

from generate.dataset import tables
from generate.dataset.background_classes import counted
from generate.dataset.label_sets import join_labels
from generate.runtime.atomic_write import write_json
from train import backend
from train.calibration.distance import COLUMN, write_distance
from train.data.reviewed import FACT
from train.data.split import Split, count_shared_recordings
from train.defaults import DEFAULT_THRESHOLD
from train.report.knn_baseline import nearest_neighbour_accuracy
from train.report.multilabel_metrics import mean_average_precision
from train.runs.history import EpochRow, tested_epoch
from train.runs.run_folder import FOLD, PREDICTIONS, PROBABILITY, Run
from train.training.distance_of_fold import outputs_and_distance
from train.training.fit import fit_fold
from train.training.fold import Fold
from train.training.linear_head import MOST_IMAGES
from train.training.prepare import Prepared


@dataclass(frozen=True)
class TestedFold:
    """The result of one fold, for the progress display.

    Parameters
    ----------
    name : str
    score : float
        On its test images, 0 to 1.
    score_name : str
        `accuracy`, without test images of background (`generate.dataset.background_classes.counted`); or with several
        labels an image `mean average precision`.
    n_test : int
        Of these images.
    is_leaky : bool
    seconds : float
        Of training and testing.
    """

    name: str
    score: float
    score_name: str
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
    backend.keep_compiled()
    run, table, fold = prepared.run, prepared.table, fold_of(prepared, split)
    model, history = fit_fold(
        run.recipe, fold, on_epoch=on_epoch, log_folder=fold.folder / "logs" if with_logs else None
    )
    is_counted = np.ones(len(split.test), bool) if run.multilabel else counted(table["label"].iloc[split.test])
    predicted, distance, distances = outputs_and_distance(model, prepared, fold, history)
    del model  # frees its memory before the next fold begins
    predictions = _predictions(table, split, predicted, run)
    if distances is not None:
        predictions.insert(list(predictions).index("predicted") + 1, COLUMN, distances.round(6))
    write_distance(fold.folder, distance)
    described = {
        "name": split.name,
        "n_train": len(split.train),
        "n_validation": len(split.validation),
        "n_test": len(split.test),
        "n_left_out": split.n_left_out,
        "is_leaky": split.is_leaky,
        "n_leaked": count_shared_recordings(table, replace(split, test=split.test[is_counted])),
        "nearest_neighbour_accuracy": (
            None if run.multilabel else nearest_neighbour_accuracy(prepared.shrunk, table["label"].to_numpy(), split)
        ),
        "epochs": len(history),
        "tested_epoch": tested_epoch(run.recipe, history),
        "train_seconds": round(sum(row["seconds"] for row in history), 1),
        "images_seen": sum(
            min(len(split.train), MOST_IMAGES) if row["phase"] == "head" else len(split.train) for row in history
        ),
    }
    tables.write_table(fold.folder / PREDICTIONS, predictions)
    # Last, since a fold with this file is finished.
    write_json(fold.folder / FOLD, described)
    shown = predictions
    if run.multilabel:
        score, name = mean_average_precision(prepared.targets[split.test], predicted), "mean average precision"
    else:
        shown = predictions[is_counted]
        score, name = float((shown["predicted"] == shown["label"]).mean()), "accuracy"
    return TestedFold(split.name, score, name, len(shown), split.is_leaky, time.monotonic() - began)


def fold_of(prepared: Prepared, split: Split) -> Fold:
    """What one fold is trained on."""
    run, table = prepared.run, prepared.table
    return Fold(
        split=split,
        images=prepared.images,
        targets=prepared.targets,
        file_names=tuple(table["file_name"]),
        n_clips=table["clip_id"].iloc[split.train].nunique(),
        seed=(run.recipe.seed, crc32(split.name.encode())),
        folder=run.fold_folder(split.name),
        features=prepared.features,
        multilabel=run.multilabel,
    )


def _predictions(table: pd.DataFrame, split: Split, predicted: np.ndarray, run: Run) -> pd.DataFrame:
    """One row a test image; see `train.runs.run_folder.read_predictions`."""
    tested = table.iloc[split.test]
    is_reviewed = (table[FACT] != "").any()
    names = ["clip_id", "source_id", "start_s", "variant", "file_name", "label", *([FACT] if is_reviewed else [])]
    rows = tested[names].reset_index(drop=True)
    rows.insert(0, "fold", split.name)
    classes = np.array(run.classes, dtype=object)
    if run.multilabel:
        rows["predicted"] = [join_labels(classes[row]) for row in predicted >= DEFAULT_THRESHOLD]
    else:
        rows["predicted"] = classes[predicted.argmax(axis=1)]
    columns = [f"{PROBABILITY}{label}" for label in run.classes]
    # Significant digits, not decimals: a very small probability is not none.
    six_digits = np.char.mod("%.6g", predicted.astype(np.float64)).astype(np.float64)
    return rows.join(pd.DataFrame(six_digits, columns=columns))
