"""From predictions to the rows of a rehearsal. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from train.calibration.of_others import of_others
from train.calibration.temperature import with_temperature
from train.calibration.thresholds import Calibration, fit, reaches
from train.defaults import DEFAULT_THRESHOLD
from train.report import metrics
from train.report.intervals import LEVEL, difference_interval, share_interval

CLEAN = "clean"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The result under one condition.

    Parameters
    ----------
    name : str
        Of the degradation, or `clean`.
    accuracy, low, high : float, and float or None
        Of all clips, and its 95 % interval over recordings.
    difference : float or None
        Accuracy minus that of the clean clips; None for these.
    difference_low, difference_high : float or None
        Its interval. The intervals of all degradations hold together in 95 % (Bonferroni).
    macro_f1 : float
    worst_class : str
        The class with the lowest recall.
    worst_recall : float
    unsure : float
        Share of the clips whose prediction is below the threshold of its class.
    wrong_not_unsure : float
        Share of the clips that are predicted wrongly, at the threshold or above.
    n_clips, n_recordings : int
    """

    name: str
    accuracy: float
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    macro_f1: float
    worst_class: str
    worst_recall: float
    unsure: float
    wrong_not_unsure: float
    n_clips: int
    n_recordings: int

    @property
    def verdict(self) -> str:
        """Whether the difference is more than chance; empty for the clean clips."""
        if self.difference is None:
            return ""
        if self.difference_low is None or self.difference_high is None:
            return "too few recordings"
        if self.difference_low <= 0 <= self.difference_high:
            return "may be noise"
        return "less accurate" if self.difference_high < 0 else "more accurate"


def calibrations(
    probabilities: np.ndarray, truth: np.ndarray, folds: np.ndarray, recordings: np.ndarray
) -> dict[str, Calibration]:
    """Temperature and thresholds for each fold, fitted on clips of recordings that are in none of its clips.

    With one fold they are those of an uncalibrated run.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Of the test images of the run.
    truth : np.ndarray, shape=(n,), int
    folds, recordings : np.ndarray, shape=(n,)
        Published folds may share recordings.
    """
    names = list(dict.fromkeys(folds.tolist()))
    if len(names) == 1:
        return {names[0]: Calibration(1.0, np.full(probabilities.shape[1], DEFAULT_THRESHOLD))}
    others = {name: of_others(folds == name, recordings) for name in names}
    return {name: fit(probabilities[others[name]], truth[others[name]]) for name in names}


def predictions_of(
    probabilities: np.ndarray, tests: pd.DataFrame, name: str, classes: Sequence[str], calibration: Calibration
) -> pd.DataFrame:
    """Predictions of one fold under one condition, one row a clip.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        As the model gives them.
    tests : pandas.DataFrame
        `fold`, `clip_id`, `source_id`, `label` of each clip.
    name : str
        Of the condition.
    classes : sequence of str
    calibration : Calibration
        Of the fold.

    Returns
    -------
    pandas.DataFrame
        `condition`, the columns of `tests`, `predicted`, `probability` (calibrated) and `unsure`.
    """
    best = probabilities.argmax(axis=1)
    highest = with_temperature(probabilities, calibration.temperature)[np.arange(len(best)), best]
    table = tests[["fold", "clip_id", "source_id", "label"]].reset_index(drop=True)
    table.insert(0, "condition", name)
    return table.assign(
        predicted=pd.Series(np.array(classes, dtype=object)[best], dtype=object),
        probability=highest.round(6),
        unsure=~reaches(highest, calibration.thresholds[best]),
    )


def conditions(predictions: pd.DataFrame, names: Sequence[str], classes: Sequence[str]) -> tuple[Condition, ...]:
    """The result under each condition.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As `predictions_of` gives them, of all folds and conditions.
    names : sequence of str
        Conditions, in the order of the result; the first is `clean`.
    classes : sequence of str
    """
    by_name = {name: rows.set_index("clip_id") for name, rows in predictions.groupby("condition", sort=False)}
    level = 1 - (1 - LEVEL) / max(len(names) - 1, 1)
    return tuple(_condition(name, by_name[name], by_name[CLEAN], classes, level) for name in names)


def _condition(name: str, rows: pd.DataFrame, clean: pd.DataFrame, classes: Sequence[str], level: float) -> Condition:
    is_right = rows["label"] == rows["predicted"]
    interval = share_interval(is_right, rows["source_id"])
    difference = None
    low, high = None, None
    if name != CLEAN:
        changes = is_right.astype(float) - (clean["label"] == clean["predicted"]).astype(float).loc[rows.index]
        of_difference = difference_interval(changes, rows["source_id"], level=level)
        difference, low, high = float(changes.mean()), of_difference.low, of_difference.high
    recalls = metrics.per_class(rows["label"], rows["predicted"], classes).dropna(subset="recall")
    worst = recalls.loc[recalls["recall"].idxmin()]
    return Condition(
        name=name,
        accuracy=float(is_right.mean()),
        low=interval.low,
        high=interval.high,
        difference=difference,
        difference_low=low,
        difference_high=high,
        macro_f1=metrics.macro_f1(rows["label"], rows["predicted"], classes),
        worst_class=str(worst["label"]),
        worst_recall=float(worst["recall"]),
        unsure=float(rows["unsure"].mean()),
        wrong_not_unsure=float((~is_right & ~rows["unsure"]).mean()),
        n_clips=len(rows),
        n_recordings=rows["source_id"].nunique(),
    )
