"""The results of each class of a run, of its groups of classes, and its most frequent errors."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from generate.dataset.label_sets import membership
from train.report import metrics
from train.report.intervals import Interval, share_interval
from train.report.result_records import ClassResult, Confusion, GroupResult
from train.runs.run_folder import Run

MOST_CONFUSIONS = 10


def confusions(run: Run, predictions: pd.DataFrame) -> tuple[Confusion, ...]:
    """The most frequent errors of a run whose clips have one label each."""
    matrix = confusion_counts(run, predictions)
    return tuple(
        Confusion(label=row["label"], predicted=row["predicted"], count=int(row["count"]), n_images=int(row["n"]))
        for row in metrics.most_confused(matrix, run.classes, most=MOST_CONFUSIONS).to_dict("records")
    )


def confusion_counts(run: Run, predictions: pd.DataFrame) -> np.ndarray:
    """The confusion matrix; with several labels a clip how often clips of each class were given each class.

    Returns
    -------
    np.ndarray, shape=(n_classes, n_classes), int
        Rows: true classes.
    """
    if not run.multilabel:
        return metrics.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    is_of, is_predicted = (membership_of(run, predictions[name]).astype(int) for name in ("label", "predicted"))
    return np.asarray(is_of.T @ is_predicted)


def per_class(run: Run, predictions: pd.DataFrame) -> pd.DataFrame:
    """See `metrics.per_class`."""
    if not run.multilabel:
        return metrics.per_class(predictions["label"], predictions["predicted"], run.classes)
    is_of, is_predicted = (membership_of(run, predictions[name]) for name in ("label", "predicted"))
    return metrics.per_label(is_of, is_predicted, run.classes)


def membership_of(run: Run, labels: pd.Series) -> np.ndarray:
    """Which classes each label names, shape=(n, n_classes), bool."""
    return membership(list(labels), run.classes, multilabel=run.multilabel)


def class_results(run: Run, predictions: pd.DataFrame) -> tuple[ClassResult, ...]:
    """Recall, precision and F1 of each class."""
    results = []
    is_of, is_predicted = (membership_of(run, predictions[name]) for name in ("label", "predicted"))
    for k, row in enumerate(per_class(run, predictions).to_dict("records")):
        of_class = predictions[is_of[:, k]]
        found = is_predicted[is_of[:, k], k]
        low, high = _ends(share_interval(found, of_class["source_id"])) if len(of_class) else (None, None)
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


def group_results(run: Run, predictions: pd.DataFrame) -> tuple[GroupResult, ...]:
    """Of the groups of which test images were seen."""
    results = []
    for name, labels in run.image_settings()["collection"].get("class_groups", {}).items():
        of_group = predictions[predictions["label"].isin(labels)]
        if len(of_group):
            low, high = interval_of_accuracy(of_group)
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


def interval_of_accuracy(predictions: pd.DataFrame) -> tuple[float | None, float | None]:
    """Both ends of the interval of the accuracy; None where there are too few recordings."""
    return _ends(share_interval(predictions["label"] == predictions["predicted"], predictions["source_id"]))


def _ends(interval: Interval) -> tuple[float | None, float | None]:
    return interval.low, interval.high


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
