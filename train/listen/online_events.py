"""Events while windows come: the same as `train.predict.events.find_events` finds when all are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from generate.dataset.background_classes import NOT_EVENTS
from train.calibration.thresholds import reaches
from train.predict.events import STAYS, TOUCHING_S, DetectedEvent, find_events

ROUNDING_S = 0.001
"""Ends of events are rounded to milliseconds."""


class OnlineEvents:
    """Finds the events of a stream of windows, each when nothing that comes can change it.

    That is one or two windows after its last one, more with a longer `min_gap_s`: a later window could join it.

    Parameters
    ----------
    classes : sequence of str
    thresholds, hop_s, min_gap_s, file
        See `train.predict.events.find_events`.

    Examples
    --------
    >>> online = OnlineEvents(["wren"], thresholds={"wren": 0.8}, hop_s=1.0)
    >>> found = [online.add(start, start + 2, np.array([p])) for start, p in enumerate([0.1, 0.9, 0.6, 0.2])]
    >>> found[-1]
    [DetectedEvent(file='', start_s=1.5, end_s=3.5, label='wren', peak_probability=0.9, mean_probability=0.75)]
    """

    def __init__(
        self,
        classes: Sequence[str],
        *,
        thresholds: Mapping[str, float],
        hop_s: float,
        min_gap_s: float = 0.0,
        file: str = "",
    ) -> None:
        self._classes = classes
        self._of_class = {
            label: _EventsOfClass(label, threshold, hop_s=hop_s, min_gap_s=min_gap_s, file=file)
            for label, threshold in thresholds.items()
            if label not in NOT_EVENTS
        }
        self._hop_s = hop_s
        self._last_end_s: float | None = None

    def add(self, start_s: float, end_s: float, probabilities: np.ndarray | None) -> list[DetectedEvent]:
        """Add the next window, and return the events that are over.

        Parameters
        ----------
        start_s, end_s : float
        probabilities : np.ndarray, shape=(n_classes,), or None
            None where it has no prediction, which ends an event. So does a stretch that no window covers; windows
            that were skipped between two that touch do not.
        """
        found = []
        if self._last_end_s is not None and start_s > self._last_end_s + TOUCHING_S:
            found += self._add((self._last_end_s, start_s), None, next_s=start_s)
        self._last_end_s = end_s
        return _in_order([*found, *self._add((start_s, end_s), probabilities, next_s=start_s + self._hop_s)])

    def finish(self) -> list[DetectedEvent]:
        """Return the events that are not over where the recording ends."""
        return _in_order([event for own in self._of_class.values() for event in own.finish()])

    def _add(
        self, place_s: tuple[float, float], probabilities: np.ndarray | None, *, next_s: float
    ) -> list[DetectedEvent]:
        found = []
        for k, label in enumerate(self._classes):
            if label in self._of_class:
                p = np.nan if probabilities is None else float(probabilities[k])
                found += self._of_class[label].add((*place_s, p), next_s=next_s)
        return found


class _EventsOfClass:
    """The windows of one class from the last one before its open events on."""

    def __init__(self, label: str, threshold: float, *, hop_s: float, min_gap_s: float, file: str) -> None:
        self._label, self._threshold, self._hop_s = label, threshold, hop_s
        self._min_gap_s, self._file = min_gap_s, file
        self._windows: list[tuple[float, float, float]] = []

    def add(self, window: tuple[float, float, float], *, next_s: float) -> list[DetectedEvent]:
        """Add a window (start, end, probability); a later event begins at `next_s` or after it."""
        self._windows.append(window)
        if window[2] >= STAYS * self._threshold:  # an event that began, or will have begun here
            return []
        events = self._events()
        if events and next_s - events[-1].end_s < self._min_gap_s + ROUNDING_S:
            return []
        # One that holds no event is kept, since the first window of a recording is another case.
        self._windows = [window]
        return events

    def finish(self) -> list[DetectedEvent]:
        """Return what is open."""
        events = self._events()
        self._windows = []
        return events

    def _events(self) -> list[DetectedEvent]:
        if not reaches([p for _, _, p in self._windows], self._threshold).any():
            return []
        starts, ends, p = np.array(self._windows).T
        return find_events(
            starts,
            ends,
            p[:, None],
            [self._label],
            thresholds={self._label: self._threshold},
            hop_s=self._hop_s,
            min_gap_s=self._min_gap_s,
            file=self._file,
        )


def _in_order(events: list[DetectedEvent]) -> list[DetectedEvent]:
    return sorted(events, key=lambda event: (event.start_s, event.end_s, event.label))
