"""Intervals and the size of a test in words."""

from __future__ import annotations

from typing import Protocol

from generate.runtime.wording import count
from train.report.intervals import LEVEL, recordings_needed
from train.report.result_records import FoldResult


class HasEnds(Protocol):
    """An interval from `low` to `high` (fractions, or None)."""

    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102


class HasInterval(HasEnds, Protocol):
    """An interval over `n_recordings` recordings."""

    @property
    def n_recordings(self) -> int: ...  # noqa: D102


class HasCounts(Protocol):
    """The size of a test."""

    @property
    def n_images(self) -> int: ...  # noqa: D102
    @property
    def n_clips(self) -> int: ...  # noqa: D102
    @property
    def n_recordings(self) -> int: ...  # noqa: D102


def tested(test: HasCounts) -> str:
    """The size of a test, such as `400 clips of 304 recordings`.

    Parameters
    ----------
    test : HasCounts
        Such as a `FoldResult`.
    """
    clips = clips_of_recordings(test.n_clips, test.n_recordings)
    return clips if test.n_images == test.n_clips else f"{count(test.n_images, 'image')} of {clips}"


def tested_in(fold: FoldResult) -> str:
    """The size of the test of a fold, and whether it does not count."""
    return tested(fold) + ("; only background, which does not count" if fold.is_background_only else "")


def clips_of_recordings(n_clips: int, n_recordings: int) -> str:
    """Such as `400 clips of 304 recordings`."""
    return f"{count(n_clips, 'clip')} of {count(n_recordings, 'recording')}"


def interval_in_words(result: HasInterval, *, level: float = LEVEL) -> str:
    """Such as `95 % interval 87.1 to 94.4`; or why there is none.

    Parameters
    ----------
    result : HasInterval
        Such as a `PooledResult`.
    level : float
        Of the interval.
    """
    if result.low is None or result.high is None:
        return no_interval(result.n_recordings, level=level)
    return f"{100 * level:g} % interval {ends_in_words(result)}"


def ends_in_words(result: HasEnds) -> str:
    """Such as `87.1 to 94.4`; `no interval` where there is none.

    Parameters
    ----------
    result : HasEnds
    """
    if result.low is None or result.high is None:
        return "no interval"
    return f"{100 * result.low:.1f} to {100 * result.high:.1f}"


def no_interval(n_recordings: int, *, level: float = LEVEL) -> str:
    """Such as `no interval: 2 recordings; at least 6 are needed, 4 more`.

    Parameters
    ----------
    n_recordings : int
        Fewer than `train.report.intervals.recordings_needed` gives.
    level : float
        Of the interval that there would be.
    """
    needed = recordings_needed(level)
    more = needed - n_recordings
    return f"no interval: {count(n_recordings, 'recording')}; at least {needed} are needed, {more} more"
