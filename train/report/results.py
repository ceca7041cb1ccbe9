"""The results of a run: its figures, put together from the folds that are finished. Nothing is written here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from generate.runtime.json_check import check
from generate.runtime.os_compat import quoted
from train.recipe import LEAKY
from train.report import metrics
from train.report.intervals import LEVEL, share_interval
from train.report.warnings import warnings_of
from train.runs import run_folder
from train.runs.run_folder import Run
from train.wording import protocol_in_words

FORMAT = 1
MOST_CONFUSIONS = 10
TOP = 3
_AGAIN = "Delete the folder of this fold, and train it again with --resume."


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
            f"`python -m train --resume {quoted(run.folder)}` goes on with it."
        )
    tables = []
    for fold in run.finished_folds:
        table = run.read_fold_predictions(fold)
        wanted = {"fold", "clip_id", "source_id", "label", "predicted", *_probability_columns(run)}
        absent = sorted(wanted - set(table))
        strange = [] if absent else sorted((set(table["label"]) | set(table["predicted"])) - set(run.classes))
        if absent or strange or not len(table):
            what = "is empty"
            if absent:
                what = f"lacks the column {absent[0]!r}"
            elif strange:
                what = f"has a class {strange[0]!r} that the run does not know"
            raise ValueError(f"{str(run.fold_folder(fold) / run_folder.PREDICTIONS)!r} {what}. {_AGAIN}")
        tables.append(table.assign(fold=fold))
    return pd.concat(tables, ignore_index=True)


def build_report(run: Run, predictions: pd.DataFrame) -> dict[str, object]:
    """All figures of a run as plain values; nothing is written.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `read_predictions` gives them.

    Returns
    -------
    dict
        `run`, `collection`, `leaky` (whether relatives of what was tested were trained on, in any fold), `protocol`,
        `all_folds`, `folds_missing`, `folds` (one each that is finished), `pooled` (figures of all test images of
        these), `classes`, `confusions`, `times`, `input_size`, `trained_on`, `recipe`, `versions`, `warnings`. Figures
        are parts of 1, None where there is none. `low` to `high` is the interval of the accuracy, in `classes` of the
        recall; None where there are too few recordings for one.
    """
    folds = [_read_fold(run, fold) for fold in run.finished_folds]
    leaky = run.recipe.protocol in LEAKY or any(fold["is_leaky"] for fold in folds)
    for fold in folds:
        of_fold = predictions[predictions["fold"] == fold["name"]]
        fold["accuracy"] = metrics.accuracy(of_fold["label"], of_fold["predicted"])
        fold |= _interval(of_fold) | _counts(of_fold)
    seconds, n_seen = (sum(fold[name] for fold in folds) for name in ("train_seconds", "images_seen"))
    matrix = metrics.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    report = {
        "format": FORMAT,
        "run": str(run.folder),
        "collection": run.collection,
        "leaky": leaky,
        "protocol": {
            "name": run.recipe.protocol,
            "in_words": protocol_in_words(run.recipe, leaky=leaky),
            "relatives_in_training": sum(fold["relatives_in_training"] for fold in folds),
            "left_out": sum(fold["n_left_out"] for fold in folds),
        },
        "all_folds": list(run.all_folds),
        "folds_missing": [fold for fold in run.all_folds if fold not in run.finished_folds],
        "folds": folds,
        "pooled": _pooled(run, predictions, folds),
        "classes": _classes(run, predictions),
        "confusions": metrics.most_confused(matrix, run.classes, most=MOST_CONFUSIONS).to_dict("records"),
        "times": {
            "train_seconds": seconds,
            "images_seen": n_seen,
            "images_per_second": n_seen / seconds if seconds else None,
        },
        "input_size": list(run.input_size),
        "trained_on": run.trained_on,
        "recipe": run.recipe.to_json(),
        "versions": run.versions,
    }
    report["warnings"] = warnings_of(report)
    return _plain(report)


def _pooled(run: Run, predictions: pd.DataFrame, folds: Sequence[dict[str, object]]) -> dict[str, object]:
    """Figures of all test images together."""
    labels, predicted = predictions["label"], predictions["predicted"]
    probabilities = predictions[_probability_columns(run)].to_numpy(dtype=float)
    meters = [(fold["nearest_neighbour_accuracy"], fold["n_test"]) for fold in folds]
    has_meter = all(value is not None for value, _ in meters)
    return {
        "accuracy": metrics.accuracy(labels, predicted),
        **_interval(predictions),
        "level": LEVEL,
        **_counts(predictions),
        "mean_of_folds": float(np.mean([fold["accuracy"] for fold in folds])),
        "deviation_of_folds": float(np.std([fold["accuracy"] for fold in folds], ddof=1)) if len(folds) > 1 else None,
        "macro_f1": metrics.macro_f1(labels, predicted, run.classes),
        "log_loss": metrics.log_loss(labels, probabilities, run.classes),
        f"top_{TOP}_accuracy": (
            metrics.top_k_accuracy(labels, probabilities, run.classes, k=TOP) if len(run.classes) > TOP else None
        ),
        "nearest_neighbour_accuracy": (
            float(np.average([value for value, _ in meters], weights=[n for _, n in meters])) if has_meter else None
        ),
        "most_frequent_class_accuracy": float(labels.value_counts(normalize=True).iloc[0]),
    }


def _classes(run: Run, predictions: pd.DataFrame) -> list[dict[str, object]]:
    table = metrics.per_class(predictions["label"], predictions["predicted"], run.classes)
    rows = table.to_dict("records")
    for row in rows:
        of_class = predictions[predictions["label"] == row["label"]]
        ends = _interval(of_class) if len(of_class) else {"low": None, "high": None}
        row |= ends | {"n_recordings": of_class["source_id"].nunique()}
    return rows


def _interval(predictions: pd.DataFrame) -> dict[str, float | None]:
    """Ends of the interval of the part that is right; None where there are too few recordings."""
    found = share_interval(predictions["label"] == predictions["predicted"], predictions["source_id"])
    return {"low": found.low, "high": found.high}


def _counts(predictions: pd.DataFrame) -> dict[str, int]:
    return {
        "n_images": len(predictions),
        "n_clips": predictions["clip_id"].nunique(),
        "n_recordings": predictions["source_id"].nunique(),
    }


def _probability_columns(run: Run) -> list[str]:
    return [run_folder.PROBABILITY + name for name in run.classes]


def _read_fold(run: Run, fold: str) -> dict[str, object]:
    """What `fold.json` says, checked."""
    try:
        values = run.read_fold(fold)
        check(values, run_folder.OF_FOLD)
        meter = values.get("nearest_neighbour_accuracy")
        return {**values, "name": fold, "is_leaky": bool(values["is_leaky"]), "nearest_neighbour_accuracy": meter}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        path = run.fold_folder(fold) / run_folder.FOLD
        raise ValueError(f"{str(path)!r} is not as this program wrote it ({error!r}). {_AGAIN}") from None


def _plain(value: object) -> object:
    """The same as JSON holds it: numbers of Python, None for NaN."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
