"""False alarms: clips of background that are predicted as some class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generate.dataset.background_classes import BACKGROUND, NOT_EVENTS
from train.calibration.distance import is_beyond
from train.calibration.thresholds import out_of_fold, reaches
from train.defaults import DEFAULT_THRESHOLD
from train.report.interval_text import clips_of_recordings, no_interval
from train.report.intervals import LEVEL, share_interval
from train.report.result_records import FalseAlarmResult
from train.wording import duration, percent


def false_alarms(
    probabilities: np.ndarray,
    truth: np.ndarray,
    *,
    folds: np.ndarray,
    groups: np.ndarray,
    classes: Sequence[str],
    seconds: float,
    distances: np.ndarray | None = None,
) -> FalseAlarmResult | None:
    """Count the clips of `_background` and `_other` on which a class reaches its threshold.

    Each fold has the temperature and the thresholds that the others give; with one fold every threshold is
    `DEFAULT_THRESHOLD`, since nothing is fitted on the clips that are reported. The interval is that of the share of
    these clips that raise an alarm (`train.report.intervals.share_interval`), times the clips of an hour.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Of one test image a clip, each by the model that was not trained on its recording.
    truth : np.ndarray, shape=(n,), int
        With several labels a clip: which it has, shape=(n, n_classes), bool; those that have none are background.
    folds, groups : np.ndarray, shape=(n,)
        Fold and recording of each.
    classes : sequence of str
    seconds : float
        Of a clip.
    distances : np.ndarray, optional, shape=(n,)
        See `train.report.calibration_results.calibrate`.

    Returns
    -------
    FalseAlarmResult or None
        None where none of these clips was tested, or there is no other class.
    """
    is_background = np.array([name in NOT_EVENTS for name in classes])
    rows = np.asarray(~truth[:, ~is_background].any(axis=1) if truth.ndim == 2 else is_background[truth])
    if not rows.any() or is_background.all():
        return None
    is_calibrated = len(np.unique(folds)) > 1
    if is_calibrated:
        found = out_of_fold(probabilities, truth, folds, groups)
        reached = reaches(found.probabilities, found.thresholds) & ~is_beyond(distances, folds, groups)[:, None]
    else:
        reached = probabilities >= DEFAULT_THRESHOLD
    is_alarm = reached[rows][:, ~is_background].any(axis=1)
    an_hour = 3600 / seconds
    interval = share_interval(is_alarm, groups[rows])
    return FalseAlarmResult(
        labels=((BACKGROUND,) if truth.ndim == 2 else ())
        + tuple(name for name, k in zip(classes, is_background, strict=True) if k),
        n_alarms=int(is_alarm.sum()),
        n_clips=len(is_alarm),
        n_recordings=interval.n_recordings,
        hours=len(is_alarm) / an_hour,
        per_hour=float(is_alarm.mean()) * an_hour,
        low=None if interval.low is None else interval.low * an_hour,
        high=None if interval.high is None else interval.high * an_hour,
        is_calibrated=is_calibrated,
    )


def false_alarms_text(result: FalseAlarmResult) -> str:
    """Such as `12.0 an hour of _background (95 % interval 2.1 to 40.5; 4 of 400 clips of 8 recordings, 20 min)`."""
    ends = (
        no_interval(result.n_recordings)
        if result.low is None or result.high is None
        else (f"{100 * LEVEL:g} % interval {result.low:.1f} to {result.high:.1f}")
    )
    at = "" if result.is_calibrated else f", at {percent(DEFAULT_THRESHOLD)}"
    return (
        f"{result.per_hour:.1f} an hour of {' and '.join(result.labels)} ({ends}; {result.n_alarms:,} of "
        f"{clips_of_recordings(result.n_clips, result.n_recordings)}, {duration(3600 * result.hours)}{at})"
    )
