"""Events from the probabilities of windows: neighbouring windows of one class are one event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generate.dataset.background_classes import NOT_EVENTS
from train.calibration.thresholds import reaches

STAYS = 0.7
"""An event continues while the probability is at least this fraction of the threshold at which it began (hysteresis),
so that one window just below the threshold does not cut it in two."""

ROUNDING_S = 1e-6
"""By which times of windows are off: a gap is as long as the shortest one wherever it is in a recording."""

TOUCHING_S = 0.001
"""Windows with a shorter gap between them touch: they begin and end at samples."""


@dataclass(frozen=True)
class DetectedEvent:
    """A stretch of a recording in which one class is predicted.

    Parameters
    ----------
    file : str
    start_s, end_s : float
        In seconds from the beginning of the recording.
    label : str
    peak_probability, mean_probability : float
        Of its windows.
    """

    file: str
    start_s: float
    end_s: float
    label: str
    peak_probability: float
    mean_probability: float


def find_events(
    starts_s: np.ndarray,
    ends_s: np.ndarray,
    probabilities: np.ndarray,
    classes: Sequence[str],
    *,
    thresholds: Mapping[str, float],
    hop_s: float,
    min_gap_s: float = 0.0,
    file: str = "",
) -> list[DetectedEvent]:
    """Merge neighbouring windows of one class to events.

    An event begins with a window whose probability reaches the threshold of the class, and takes in its neighbours
    on both sides down to `STAYS` of it, if they touch: with a hop longer than a window none does. A window is predicted
    as a class where about half of it, or half of the event, is in it; so an event reaches from the middle of its first
    window to the middle of its last, and half a hop beyond. At the ends of a recording it reaches to the end.

    Parameters
    ----------
    starts_s, ends_s : np.ndarray, shape=(n,)
        Of the windows of one recording, in order.
    probabilities : np.ndarray, shape=(n, n_classes)
        NaN in windows without a prediction, which end an event.
    classes : sequence of str
    thresholds : Mapping of str to float
        By class; a class without one has no events.
    hop_s : float
        From one window's start to the next.
    min_gap_s : float
        Events of one class with a shorter gap between them are one.
    file : str

    Returns
    -------
    list of DetectedEvent
        In the order of their starts. Classes in `generate.dataset.background_classes.NOT_EVENTS` have none.

    Examples
    --------
    >>> p = np.array([[0.1], [0.9], [0.6], [0.2]])
    >>> find_events(np.arange(4.0), np.arange(4.0) + 2, p, ["wren"], thresholds={"wren": 0.8}, hop_s=1.0)[0]
    DetectedEvent(file='', start_s=1.5, end_s=3.5, label='wren', peak_probability=0.9, mean_probability=0.75)
    """
    events = []
    starts_s, ends_s = np.asarray(starts_s, float), np.asarray(ends_s, float)
    middles = (starts_s + ends_s) / 2
    gaps = np.flatnonzero(starts_s[1:] > ends_s[:-1] + TOUCHING_S) + 1
    for k, label in enumerate(classes):
        if label in NOT_EVENTS or label not in thresholds:
            continue
        p = probabilities[:, k]
        for first, last in _runs(p, thresholds[label], gaps):
            start_s = 0.0 if first == 0 else max(middles[first] - hop_s / 2, starts_s[first])
            end_s = ends_s[last] if last == len(p) - 1 else min(middles[last] + hop_s / 2, ends_s[last])
            events.append((start_s, end_s, label, p[first : last + 1]))
    merged: list[DetectedEvent] = []
    for label in classes:
        own = sorted((event for event in events if event[2] == label), key=lambda event: event[0])
        joined: list[tuple[float, float, list[np.ndarray]]] = []
        for start_s, end_s, _, p in own:
            if joined and start_s - joined[-1][1] < min_gap_s - ROUNDING_S:
                joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]), [*joined[-1][2], p])
            else:
                joined.append((start_s, end_s, [p]))
        merged += [_event(file, start_s, end_s, label, np.concatenate(parts)) for start_s, end_s, parts in joined]
    return sorted(merged, key=lambda event: (event.start_s, event.end_s, event.label))


def _event(file: str, start_s: float, end_s: float, label: str, p: np.ndarray) -> DetectedEvent:
    peak, mean = round(float(p.max()), 6), round(float(p.mean()), 6)
    return DetectedEvent(file, round(float(start_s), 3), round(float(end_s), 3), label, peak, mean)


def _runs(p: np.ndarray, threshold: float, gaps: np.ndarray) -> list[tuple[int, int]]:
    """First and last window of each stretch above `STAYS` of the threshold in which the threshold is reached.

    None goes over a gap, which is before each of the windows `gaps`.
    """
    with np.errstate(invalid="ignore"):
        is_in = np.insert(p >= STAYS * threshold, gaps, False)  # NaN is not
        is_above = reaches(p, threshold)
    number = np.insert(np.arange(len(p)), gaps, -1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_in, [False]]).astype(int)))
    runs = zip(number[edges[::2]], number[edges[1::2] - 1], strict=True)
    return [(int(first), int(last)) for first, last in runs if is_above[first : last + 1].any()]
