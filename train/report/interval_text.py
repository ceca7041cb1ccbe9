"""Intervals, and what was tested, in words."""

from __future__ import annotations

from collections.abc import Mapping

from generate.runtime.wording import count
from train.report.intervals import LEVEL, recordings_needed


def tested(figures: dict[str, object]) -> str:
    """What a figure was measured on, such as `400 clips of 304 recordings`.

    Parameters
    ----------
    figures : dict
        With `n_images`, `n_clips` and `n_recordings`.
    """
    clips = f"{count(figures['n_clips'], 'clip')} of {count(figures['n_recordings'], 'recording')}"
    return clips if figures["n_images"] == figures["n_clips"] else f"{count(figures['n_images'], 'image')} of {clips}"


def interval_in_words(measured: Mapping[str, object], *, level: float = LEVEL) -> str:
    """Such as `95 % interval 87.1 to 94.4`; or why there is none.

    Parameters
    ----------
    measured : Mapping
        With `low` and `high` (parts of 1, or None) and `n_recordings`.
    level : float
        Of the interval.
    """
    if measured["low"] is None:
        return no_interval(measured["n_recordings"], level=level)
    return f"{100 * level:g} % interval {ends_in_words(measured)}"


def ends_in_words(measured: Mapping[str, object]) -> str:
    """Such as `87.1 to 94.4`; `no interval` where there is none.

    Parameters
    ----------
    measured : Mapping
        See `interval_in_words`.
    """
    if measured["low"] is None:
        return "no interval"
    return f"{100 * measured['low']:.1f} to {100 * measured['high']:.1f}"


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
