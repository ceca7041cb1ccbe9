"""The thresholds of a model card: what an alarm is worth, and what is missed."""

from __future__ import annotations

from generate.runtime.wording import count
from train.calibration.distance import SHARE_WITHIN
from train.calibration.thresholds import LEAST_ALARMS, SPARED, TARGET_PRECISION
from train.report.false_alarms import false_alarms_text
from train.report.result_records import CalibrationResult, FalseAlarmResult, ThresholdResult
from train.wording import escaped, percent


def thresholds_text(calibration: CalibrationResult) -> str:
    """Say in Markdown what the threshold of each class promises, and how far probabilities are from what is right.

    Parameters
    ----------
    calibration : CalibrationResult
    """
    rows = [
        f"| {escaped(row.label)} | {_threshold(row)} "
        f"| {_of_100(row.precision, row.precision_low, row.precision_high)} "
        f"| {_of_100(row.recall, row.recall_low, row.recall_high)} | {row.n_alarms:,} |"
        for row in calibration.thresholds
    ]
    header = "| class | threshold | of 100 alarms, right | of 100 of its clips, found | alarms tested |"
    meaning = (
        "An alarm is a probability at or above the threshold of a class; other predictions are called `unsure`. Each "
        f"threshold is the lowest from 50 % on at which {100 * TARGET_PRECISION:g} % of the alarms were right, raised "
        f"as far as {100 * SPARED:g} % of the right predictions allow, since sounds of no class are heard too. What it "
        "promises was counted in each fold with the thresholds that the other folds give; in brackets the 95 % "
        "interval over recordings. It holds where the classes are as frequent as among the test clips: the rarer a "
        "sound is in the field, the more of its alarms are false. All this is of a single model: the mean of several "
        "is right rather more often than its probabilities say, and reaches thresholds somewhat less often."
    )
    if calibration.most_distance is not None:
        meaning += (
            f" What is farther from the training clips than {100 * SHARE_WITHIN:g} % of the test clips are "
            "(Mahalanobis distance of the features; in each fold by those of the others) is called `unlike`, and is no "
            "alarm either."
        )
    after, before = (
        f"{100 * error:.1f}{'' if by_chance is None else f' ({100 * by_chance:.1f})'}"
        for error, by_chance in (
            (calibration.error, calibration.error_by_chance),
            (calibration.error_before, calibration.error_before_by_chance),
        )
    )
    error = (
        f"Probabilities are {after} percentage points from what is right (expected calibration error, out of fold; in "
        "brackets what perfectly calibrated ones would be from it by chance, in 95 of 100 cases at most), and "
        f"{before} before temperature scaling with {calibration.temperature:g}. The plot: `calibration.png`."
    )
    return "\n".join([header, "|---|---|---|---|---|", *rows]) + f"\n\n{meaning}\n\n{error}"


def card_false_alarms(result: FalseAlarmResult, *, multilabel: bool = False) -> str:
    """Say in Markdown how often background is predicted as a class.

    Parameters
    ----------
    result : FalseAlarmResult
    multilabel : bool
        Whether a clip may have several labels: then one of background is a clip without labels, and counts as one.
    """
    counted = (
        ""
        if multilabel
        else " They do not count for the accuracy and the baselines, and lower the F1 of a class that they are "
        "predicted as; a clip of a class that is predicted as one of them is an error."
    )
    names = " and ".join(f"`{name}`" for name in result.labels)
    thresholds = (
        "in each fold with the temperature and the thresholds that the other folds give"
        if result.is_calibrated
        else "at the threshold of runs of one fold, which have no other"
    )
    return (
        f"**False alarms: {escaped(false_alarms_text(result))}.** Clips of {names} are none of the classes.{counted} "
        f"A false alarm is one of them on which a class reaches its threshold, {thresholds}. Each counts as "
        "long as an image; `train.predict --events` makes one event of neighbouring ones."
    )


def _threshold(row: ThresholdResult) -> str:
    if row.threshold is None:
        return "none is high enough"
    if row.n_clips >= LEAST_ALARMS:
        return percent(row.threshold)
    return f"{percent(row.threshold)}, since {count(row.n_clips, 'clip')} cannot tell a better one"


def _of_100(value: float | None, low: float | None, high: float | None) -> str:
    """Such as `93.0 (85.1 to 97.6)`."""
    if value is None:
        return "none"
    ends = "no interval" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"
    return f"{100 * value:.1f} ({ends})"
