"""From the predictions of the finished folds to a `Report`. Nothing is written here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import numpy as np
import pandas as pd

from generate.runtime.os_compat import quoted
from train.recipe import LEAKY
from train.report import metrics
from train.report.calibration_results import calibrate
from train.report.intervals import LEVEL, share_interval
from train.report.report import Report, record_of
from train.report.result_records import (
    CalibrationResult,
    ClassResult,
    Confusion,
    FinalModel,
    FoldResult,
    GroupResult,
    PooledResult,
    Protocol,
    Times,
)
from train.report.warnings import warnings_of
from train.runs import run_folder
from train.runs.run_folder import FINAL, TRAIN_AGAIN, Run
from train.wording import protocol_in_words

MOST_CONFUSIONS = 10


class _Evaluated(TypedDict):
    accuracy: float
    low: float | None
    high: float | None
    n_images: int
    n_clips: int
    n_recordings: int


def read_predictions(run: Run) -> pd.DataFrame:
    """Predictions of all finished folds, one row a test image; columns as in `run_folder.read_predictions`.

    Raises
    ------
    ValueError
        If no fold is finished, or a table lacks something.
    """
    if not run.finished_folds:
        raise ValueError(
            f"No fold of the run {str(run.folder)!r} is finished, so there is nothing to report yet. "
            f"`python -m train --resume {quoted(run.folder)}` resumes it."
        )
    tables = []
    for fold in run.finished_folds:
        table = run.read_fold_predictions(fold)
        absent = sorted({"fold", "clip_id", "source_id", "label", "predicted", *_probability_columns(run)} - set(table))
        unknown = [] if absent else sorted((set(table["label"]) | set(table["predicted"])) - set(run.classes))
        if absent or unknown or not len(table):
            what = "is empty"
            if absent:
                what = f"lacks the column {absent[0]!r}"
            elif unknown:
                what = f"has a class {unknown[0]!r} that is none of the run's classes"
            raise ValueError(f"{str(run.fold_folder(fold) / run_folder.PREDICTIONS)!r} {what}. {TRAIN_AGAIN}")
        tables.append(table.assign(fold=fold))
    return pd.concat(tables, ignore_index=True)


def build_report(run: Run, predictions: pd.DataFrame) -> Report:
    """Compute all results of a run.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `read_predictions` gives them.

    Returns
    -------
    Report
    """
    folds = tuple(_fold(run, name, predictions[predictions["fold"] == name]) for name in run.finished_folds)
    is_leaky = run.recipe.protocol in LEAKY or any(fold.is_leaky for fold in folds)
    seconds, n_seen = sum(fold.train_seconds for fold in folds), sum(fold.images_seen for fold in folds)
    matrix = metrics.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    confusions = metrics.most_confused(matrix, run.classes, most=MOST_CONFUSIONS)
    report = Report(
        run=str(run.folder),
        collection=run.collection,
        is_leaky=is_leaky,
        protocol=Protocol(
            name=run.recipe.protocol,
            description=protocol_in_words(run.recipe, is_leaky=is_leaky),
            n_leaked=sum(fold.n_leaked for fold in folds),
            n_left_out=sum(fold.n_left_out for fold in folds),
        ),
        all_folds=run.all_folds,
        folds_missing=tuple(fold for fold in run.all_folds if fold not in run.finished_folds),
        folds=folds,
        pooled=_pooled(run, predictions, folds),
        classes=_classes(run, predictions),
        groups=_groups(run, predictions),
        calibration=None if is_leaky or len(folds) < 2 else _calibration(run, predictions),
        final=_final(run),
        confusions=tuple(
            Confusion(label=row["label"], predicted=row["predicted"], count=int(row["count"]), n_images=int(row["n"]))
            for row in confusions.to_dict("records")
        ),
        times=Times(train_seconds=seconds, images_seen=n_seen, images_per_second=n_seen / seconds if seconds else None),
        input_size=run.input_size,
        trained_on=run.trained_on,
        recipe=run.recipe,
        versions=run.versions,
    )
    return replace(report, warnings=tuple(warnings_of(report)))


def _fold(run: Run, name: str, predictions: pd.DataFrame) -> FoldResult:
    """The result of a fold, from its `fold.json` and its predictions."""
    try:
        return record_of(
            FoldResult, {"n_validation": 0, **run.read_fold(name), "name": name, **_evaluated(predictions)}
        )
    except ValueError as error:
        path = run.fold_folder(name) / run_folder.FOLD
        raise ValueError(f"{str(path)!r} is not as this program wrote it ({error}). {TRAIN_AGAIN}") from None


def _final(run: Run) -> FinalModel | None:
    if not run.is_finished(FINAL):
        return None
    try:
        return record_of(FinalModel, run.read_fold(FINAL))
    except ValueError as error:
        path = run.fold_folder(FINAL) / run_folder.FOLD
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it ({error}). Delete its folder and train it again: "
            f"python -m train.finalize {quoted(run.folder)}."
        ) from None


def _pooled(run: Run, predictions: pd.DataFrame, folds: Sequence[FoldResult]) -> PooledResult:
    labels, predicted = predictions["label"], predictions["predicted"]
    probabilities = predictions[_probability_columns(run)].to_numpy(dtype=float)
    accuracies = [fold.accuracy for fold in folds]
    return PooledResult(
        **_evaluated(predictions),
        nearest_neighbour_accuracy=_pooled_baseline(folds),
        level=LEVEL,
        mean_of_folds=float(np.mean(accuracies)),
        std_of_folds=float(np.std(accuracies, ddof=1)) if len(folds) > 1 else None,
        macro_f1=metrics.macro_f1(labels, predicted, run.classes),
        log_loss=metrics.log_loss(labels, probabilities, run.classes),
        top_3_accuracy=(
            metrics.top_k_accuracy(labels, probabilities, run.classes, k=3) if len(run.classes) > 3 else None
        ),
        most_frequent_class_accuracy=float(labels.value_counts(normalize=True).iloc[0]),
    )


def _pooled_baseline(folds: Sequence[FoldResult]) -> float | None:
    """Mean accuracy of the nearest-neighbour baseline, each fold weighted by its test images; None if one has none."""
    known = [(fold.nearest_neighbour_accuracy, fold.n_images) for fold in folds]
    weighted = [accuracy * n for accuracy, n in known if accuracy is not None]
    return sum(weighted) / sum(n for _, n in known) if len(weighted) == len(known) else None


def _classes(run: Run, predictions: pd.DataFrame) -> tuple[ClassResult, ...]:
    results = []
    for row in metrics.per_class(predictions["label"], predictions["predicted"], run.classes).to_dict("records"):
        of_class = predictions[predictions["label"] == row["label"]]
        low, high = _interval(of_class) if len(of_class) else (None, None)
        results.append(
            ClassResult(
                label=row["label"],
                precision=_or_none(row["precision"]),
                recall=_or_none(row["recall"]),
                low=low,
                high=high,
                f1=_or_none(row["f1"]),
                n_images=len(of_class),
                n_recordings=of_class["source_id"].nunique(),
            )
        )
    return tuple(results)


def _groups(run: Run, predictions: pd.DataFrame) -> tuple[GroupResult, ...]:
    """Of the groups of which test images were seen."""
    results = []
    for name, labels in run.image_settings().get("collection", {}).get("class_groups", {}).items():
        of_group = predictions[predictions["label"].isin(labels)]
        if len(of_group):
            low, high = _interval(of_group)
            results.append(
                GroupResult(
                    name=name,
                    n_classes=len(set(labels) & set(run.classes)),
                    accuracy=metrics.accuracy(of_group["label"], of_group["predicted"]),
                    low=low,
                    high=high,
                    accuracy_of_group=float(of_group["predicted"].isin(labels).mean()),
                    n_images=len(of_group),
                    n_recordings=of_group["source_id"].nunique(),
                )
            )
    return tuple(results)


def _calibration(run: Run, predictions: pd.DataFrame) -> CalibrationResult:
    probabilities, truth = probabilities_and_truth(run, predictions)
    folds, groups = predictions["fold"].to_numpy(), predictions["source_id"].to_numpy()
    return calibrate(probabilities, truth, folds=folds, groups=groups, classes=run.classes)


def probabilities_and_truth(run: Run, predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The predictions as arrays.

    Returns
    -------
    probabilities : np.ndarray, shape=(n, n_classes)
    truth : np.ndarray, shape=(n,), int
    """
    number = {name: k for k, name in enumerate(run.classes)}
    probabilities = predictions[_probability_columns(run)].to_numpy(dtype=float)
    return probabilities, np.array([number[name] for name in predictions["label"]])


def _evaluated(predictions: pd.DataFrame) -> _Evaluated:
    low, high = _interval(predictions)
    return {
        "accuracy": metrics.accuracy(predictions["label"], predictions["predicted"]),
        "low": low,
        "high": high,
        "n_images": len(predictions),
        "n_clips": predictions["clip_id"].nunique(),
        "n_recordings": predictions["source_id"].nunique(),
    }


def _interval(predictions: pd.DataFrame) -> tuple[float | None, float | None]:
    """Both ends of the interval of the accuracy; None where there are too few recordings."""
    interval = share_interval(predictions["label"] == predictions["predicted"], predictions["source_id"])
    return interval.low, interval.high


def _probability_columns(run: Run) -> list[str]:
    return [run_folder.PROBABILITY + name for name in run.classes]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
