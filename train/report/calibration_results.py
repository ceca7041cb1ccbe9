"""What thresholds promise, with intervals over recordings, and how calibrated probabilities are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.calibration.calibration_error import calibration_error, error_by_chance
from train.calibration.distance import is_beyond, limit_of_folds
from train.calibration.thresholds import NEVER, fit, out_of_fold, reaches
from train.report.intervals import recordings_needed, share_interval
from train.report.result_records import CalibrationResult, ThresholdResult


def calibrate(
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    folds: np.ndarray,
    groups: np.ndarray,
    classes: Sequence[str],
    distances: np.ndarray | None = None,
) -> CalibrationResult:
    """Fit a calibration on all folds, and evaluate one that is fitted on all folds but that of each clip.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Of the test images of all folds, each by the model that was not trained on its recording.
    truth : np.ndarray, shape=(n,), int
        With several labels a clip: which it has, shape=(n, n_classes), bool.
    folds, groups : np.ndarray, shape=(n,)
        Fold and recording of each.
    classes : sequence of str
    distances : np.ndarray, optional, shape=(n,)
        From the training clips: no alarm is beyond the limit that the other folds give.
    """
    calibrated = out_of_fold(probabilities, truth, folds, groups)
    fitted = fit(probabilities, truth)
    is_alarm = reaches(calibrated.probabilities, calibrated.thresholds) & ~is_beyond(distances, folds, groups)[:, None]
    rows = tuple(
        _threshold(name, fitted.thresholds[k], is_alarm[:, k], truth[:, k] if truth.ndim == 2 else truth == k, groups)
        for k, name in enumerate(classes)
    )
    has_enough = len(np.unique(groups)) >= recordings_needed()
    before, after = (
        (calibration_error(p, truth), error_by_chance(p, groups, multilabel=truth.ndim == 2) if has_enough else None)
        for p in (probabilities, calibrated.probabilities)
    )
    return CalibrationResult(
        temperature=fitted.temperature,
        error_before=before[0],
        error_before_by_chance=before[1],
        error=after[0],
        error_by_chance=after[1],
        thresholds=rows,
        most_distance=limit_of_folds(distances, folds),
    )


def _threshold(
    label: str, threshold: float, is_alarm: np.ndarray, is_class: np.ndarray, groups: np.ndarray
) -> ThresholdResult:
    """Precision and recall of the alarms of a class."""

    def share(values: np.ndarray, of: np.ndarray) -> tuple[float | None, float | None, float | None]:
        if not of.any():
            return None, None, None
        interval = share_interval(values[of], groups[of])
        return float(values[of].mean()), interval.low, interval.high

    precision, precision_low, precision_high = share(is_class, is_alarm)
    recall, recall_low, recall_high = share(is_alarm, is_class)
    return ThresholdResult(
        label=label,
        threshold=None if threshold >= NEVER else float(threshold),
        n_alarms=int(is_alarm.sum()),
        precision=precision,
        precision_low=precision_low,
        precision_high=precision_high,
        recall=recall,
        recall_low=recall_low,
        recall_high=recall_high,
        n_clips=int(is_class.sum()),
    )
