"""From the predictions of the finished folds to a `Report`. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.background_classes import counted
from generate.dataset.label_sets import classes_of
from generate.dataset.settings import Settings
from generate.runtime.os_compat import quoted
from train.calibration.distance import COLUMN
from train.data.reviewed import FACT
from train.recipe import LEAKY
from train.report import metrics
from train.report.calibration_results import calibrate
from train.report.class_results import (
    class_results,
    confusions,
    group_results,
    interval_of_accuracy,
    membership_of,
    per_class,
)
from train.report.false_alarms import false_alarms
from train.report.intervals import LEVEL
from train.report.label_quality import suspect_result
from train.report.multilabel_metrics import multilabel_result
from train.report.multilabel_records import MultilabelResult
from train.report.report import Report, record_of
from train.report.result_records import (
    CalibrationResult,
    FalseAlarmResult,
    FinalModel,
    FoldResult,
    PooledResult,
    Protocol,
    Times,
)
from train.report.warnings import warnings_of
from train.runs import run_folder
from train.runs.run_folder import FINAL, TRAIN_AGAIN, Run
from train.wording import protocol_in_words


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
        named = [] if absent else classes_of([*table["label"], *table["predicted"]], multilabel=run.multilabel)
        unknown = sorted(set(named) - set(run.classes))
        if absent or unknown or not len(table):
            what = "is empty"
            if absent:
                what = f"lacks the column {absent[0]!r}"
            elif unknown:
                what = f"has a class {unknown[0]!r} that is none of the run's classes"
            raise ValueError(f"{str(run.fold_folder(fold) / run_folder.PREDICTIONS)!r} {what}. {TRAIN_AGAIN}")
        tables.append(table.assign(fold=fold))
    table = pd.concat(tables, ignore_index=True)
    return table.fillna({FACT: ""}) if FACT in table else table  # folds that were tested before a review lack it


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
    without = _folds_of_background(run, predictions)
    folds = tuple(
        replace(_fold(run, name, predictions[predictions["fold"] == name]), is_background_only=name in without)
        for name in run.finished_folds
    )
    is_leaky = run.recipe.protocol in LEAKY or any(fold.is_leaky for fold in folds)
    seconds, n_seen = sum(fold.train_seconds for fold in folds), sum(fold.images_seen for fold in folds)
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
        classes=class_results(run, predictions),
        groups=group_results(run, predictions),
        calibration=None if is_leaky or len(folds) < 2 else _calibration(run, predictions),
        false_alarms=None if is_leaky else _false_alarms(run, predictions),
        multilabel=_multilabel(run, predictions) if run.multilabel else None,
        final=_final(run),
        suspects=None if is_leaky or run.multilabel else suspect_result(run.classes, predictions),
        confusions=() if run.multilabel else confusions(run, predictions),
        times=Times(train_seconds=seconds, images_seen=n_seen, images_per_second=n_seen / seconds if seconds else None),
        input_size=run.input_size,
        trained_on=run.trained_on,
        recipe=run.recipe,
        versions=run.versions,
    )
    return replace(report, warnings=tuple(warnings_of(report)))


def _fold(run: Run, name: str, predictions: pd.DataFrame) -> FoldResult:
    """The result of a fold, from its `fold.json`, its history and its predictions."""
    history = run.read_history(name)
    n_fitted = int((history["phase"] == "head").sum()) if "phase" in history else 0
    try:
        return record_of(
            FoldResult,
            {**run.read_fold(name), "name": name, "n_fitted": n_fitted, **_evaluated(_counted(run, predictions))},
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
    of_classes = per_class(run, predictions)
    macro_f1 = (
        float(of_classes["f1"][of_classes["n"] > 0].mean())
        if run.multilabel
        else metrics.macro_f1(predictions["label"], predictions["predicted"], run.classes)
    )
    predictions = _counted(run, predictions)
    labels = predictions["label"]
    probabilities, truth = probabilities_and_truth(run, predictions)
    folds = [fold for fold in folds if not fold.is_background_only]
    accuracies = [fold.accuracy for fold in folds]
    return PooledResult(
        **_evaluated(predictions),
        nearest_neighbour_accuracy=_pooled_baseline(folds),
        level=LEVEL,
        mean_of_folds=float(np.mean(accuracies)),
        std_of_folds=float(np.std(accuracies, ddof=1)) if len(folds) > 1 else None,
        macro_f1=macro_f1,
        log_loss=(
            metrics.binary_log_loss(truth, probabilities)
            if run.multilabel
            else metrics.log_loss(labels, probabilities, run.classes)
        ),
        top_3_accuracy=(
            metrics.top_k_accuracy(labels, probabilities, run.classes, k=3)
            if len(run.classes) > 3 and not run.multilabel
            else None
        ),
        most_frequent_class_accuracy=(
            float(labels.value_counts(normalize=True).iloc[0]) if labels.nunique() > 1 else None
        ),
    )


def _pooled_baseline(folds: Sequence[FoldResult]) -> float | None:
    """Mean accuracy of the nearest-neighbour baseline, each fold weighted by its test images; None if one has none."""
    known = [(fold.nearest_neighbour_accuracy, fold.n_images) for fold in folds]
    weighted = [accuracy * n for accuracy, n in known if accuracy is not None]
    return sum(weighted) / sum(n for _, n in known) if len(weighted) == len(known) else None


def _multilabel(run: Run, predictions: pd.DataFrame) -> MultilabelResult:
    probabilities, truth = probabilities_and_truth(run, predictions)
    groups = predictions["source_id"].to_numpy()
    return multilabel_result(truth, probabilities, groups=groups, classes=run.classes)


def _calibration(run: Run, predictions: pd.DataFrame) -> CalibrationResult:
    probabilities, truth = probabilities_and_truth(run, predictions)
    folds, groups = predictions["fold"].to_numpy(), predictions["source_id"].to_numpy()
    distances = distances_of(predictions)
    return calibrate(probabilities, truth, folds=folds, groups=groups, classes=run.classes, distances=distances)


def distances_of(predictions: pd.DataFrame) -> np.ndarray | None:
    """How far the clip of each row is from the training clips, shape=(n,); None where no fold has it."""
    if COLUMN not in predictions:
        return None
    return np.asarray(pd.to_numeric(predictions[COLUMN], errors="coerce").to_numpy(dtype=float))


def _false_alarms(run: Run, predictions: pd.DataFrame) -> FalseAlarmResult | None:
    if counted(predictions["label"]).all():
        return None
    predictions = predictions[predictions["variant"] == ORIGINAL]
    probabilities, truth = probabilities_and_truth(run, predictions)
    return false_alarms(
        probabilities,
        truth,
        folds=predictions["fold"].to_numpy(),
        groups=predictions["source_id"].to_numpy(),
        classes=run.classes,
        seconds=Settings.from_json(run.image_settings()["settings"]).seconds,
        distances=distances_of(predictions),
    )


def probabilities_and_truth(run: Run, predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The predictions as arrays.

    Returns
    -------
    probabilities : np.ndarray, shape=(n, n_classes)
    truth : np.ndarray, shape=(n,), int
        With several labels a clip: which it has, shape=(n, n_classes), bool.
    """
    number = {name: k for k, name in enumerate(run.classes)}
    probabilities = predictions[_probability_columns(run)].to_numpy(dtype=float)
    if run.multilabel:
        return probabilities, membership_of(run, predictions["label"])
    return probabilities, np.array([number[name] for name in predictions["label"]])


def _counted(run: Run, predictions: pd.DataFrame) -> pd.DataFrame:
    """Without those of background; with several labels a clip that is no class, but a clip that has none."""
    return predictions if run.multilabel else predictions[counted(predictions["label"])]


def _folds_of_background(run: Run, predictions: pd.DataFrame) -> set[str]:
    """The folds of which `_counted` keeps nothing, although it keeps clips of others."""
    return set(predictions["fold"]) - set(_counted(run, predictions)["fold"])


def _evaluated(predictions: pd.DataFrame) -> _Evaluated:
    low, high = interval_of_accuracy(predictions)
    return {
        "accuracy": metrics.accuracy(predictions["label"], predictions["predicted"]),
        "low": low,
        "high": high,
        "n_images": len(predictions),
        "n_clips": predictions["clip_id"].nunique(),
        "n_recordings": predictions["source_id"].nunique(),
    }


def _probability_columns(run: Run) -> list[str]:
    return [run_folder.PROBABILITY + name for name in run.classes]
