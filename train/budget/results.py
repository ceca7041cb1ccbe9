"""The results of a label budget as records: accuracies with a part of the recordings, and gains from half to all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from train.report.intervals import LEVEL, Interval, difference_interval, share_interval

HALF = 0.5
WORTH_MORE, NOTHING_LEFT, NO_HELP, UNCLEAR = (
    "more recordings help",
    "done",
    "more did not help: look at its errors",
    "not clear",
)
LEAST_GAIN = 0.03
"""A class whose interval ends below this gain from half of the recordings to all is not worth twice as many again."""
HIGHEST_RECALL = 0.95
"""From here on a class that no longer gains is called done."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """The accuracy with a share of the recordings, in the mean over the draws.

    Parameters
    ----------
    label : str
        A class, whose recall it is; empty: the accuracy over all classes.
    share : float
        Of the training recordings of each class.
    n_train : float
        Training recordings, of the class or of all classes, in the mean over folds and draws.
    accuracy, low, high : float, and float or None
        0 to 1, and its 95 % interval over recordings.
    std_of_draws : float or None
        Standard deviation of the accuracies of the draws; None: one draw.
    n_recordings : int
        Tested.
    """

    label: str
    share: float
    n_train: float
    accuracy: float
    low: float | None
    high: float | None
    std_of_draws: float | None
    n_recordings: int


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What the second half of the recordings was worth.

    Parameters
    ----------
    label : str
        A class, of whose clips this is; empty: all.
    half, all : float
        Accuracy with half of the recordings of every class, and with all.
    gain, low, high : float, and float or None
        `all - half`, and its 95 % interval over recordings, and draws where there are several.
    n_clips, n_recordings : int
        Tested.
    """

    label: str
    half: float
    all: float
    gain: float
    low: float | None
    high: float | None
    n_clips: int
    n_recordings: int

    @property
    def verdict(self) -> str:
        """One of `WORTH_MORE`, `NOTHING_LEFT`, `NO_HELP`, `UNCLEAR`."""
        if self.low is not None and self.low > 0:
            return WORTH_MORE
        if self.high is not None and self.high < LEAST_GAIN:
            return NOTHING_LEFT if self.all >= HIGHEST_RECALL else NO_HELP
        return UNCLEAR


def points_of(
    right: Mapping[float, np.ndarray], sources: np.ndarray, n_train: Mapping[float, float], *, label: str = ""
) -> list[Point]:
    """The curve of some clips.

    Parameters
    ----------
    right : Mapping of float to np.ndarray, shape=(n_draws, n_clips)
        By share; see `train.budget.subsets.right_by_share`; all clips tested.
    sources : np.ndarray, shape=(n_clips,)
    n_train : Mapping of float to float
    label : str
    """
    points = []
    for share, found in right.items():
        interval = share_interval(found.mean(axis=0), sources)
        points.append(
            Point(
                label=label,
                share=share,
                n_train=n_train[share],
                accuracy=float(found.mean()),
                low=interval.low,
                high=interval.high,
                std_of_draws=float(found.mean(axis=1).std(ddof=1)) if len(found) > 1 else None,
                n_recordings=interval.n_recordings,
            )
        )
    return points


def gain_of(half: np.ndarray, whole: np.ndarray, sources: np.ndarray, *, label: str = "") -> Gain:
    """The gain from half of the recordings to all, on some clips.

    The interval is that of the paired differences over recordings, widened by the uncertainty of the mean over the
    draws (Student's t), as independent errors add.

    Parameters
    ----------
    half, whole : np.ndarray, shape=(n_draws, n_clips)
        1 where a clip is right, 0 where it is wrong.
    sources : np.ndarray, shape=(n_clips,)
    label : str
    """
    differences = whole.mean(axis=0) - half.mean(axis=0)
    gain = float(differences.mean())
    interval = with_draws(difference_interval(differences, sources), gain, half.mean(axis=1))
    return Gain(
        label=label,
        half=float(half.mean()),
        all=float(whole.mean()),
        gain=gain,
        low=interval.low,
        high=interval.high,
        n_clips=half.shape[1],
        n_recordings=interval.n_recordings,
    )


def with_draws(interval: Interval, value: float, of_draws: Sequence[float] | np.ndarray) -> Interval:
    """Widen an interval by the uncertainty of a mean over draws.

    Parameters
    ----------
    interval : Interval
        Of `value`, -1 to 1.
    value : float
    of_draws : sequence of float
        One value a draw; one alone changes nothing.
    """
    from scipy.stats import t

    n = len(of_draws)
    if interval.low is None or interval.high is None or n < 2:
        return interval
    reach = float(t.ppf((1 + LEVEL) / 2, n - 1) * np.std(of_draws, ddof=1) / np.sqrt(n))
    low = value - np.hypot(value - interval.low, reach)
    high = value + np.hypot(interval.high - value, reach)
    return Interval(max(float(low), -1.0), min(float(high), 1.0), interval.n_recordings, interval.level)
