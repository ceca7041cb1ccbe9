"""Windows of audio that comes block by block: those that `generate.rendering.segments.window_starts` has for a file."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from generate.rendering.segments import window_starts
from train.listen.sources import Block

MAX_WAITING = 2
"""Windows of a live source that may wait while an earlier one is predicted; older ones are skipped, so that what is
shown is never older than so many hops, and memory does not grow."""


class IncomingWindows:
    """The last samples of a source, and the windows in them that were not yet taken.

    Parameters
    ----------
    sr : int
        Of the source, in hertz.
    seconds, hop_s : float
        Length of a window, and from one start to the next.
    is_live : bool
        Whether windows are skipped where more than `MAX_WAITING` of them are there.
    """

    def __init__(self, sr: int, *, seconds: float, hop_s: float, is_live: bool) -> None:
        self._sr, self._seconds, self._hop_s, self._is_live = sr, seconds, hop_s, is_live
        self._n_window = round(seconds * sr)
        self._start = 0  # number of the first sample that is kept
        self._kept: np.ndarray | None = None
        self._next = 0  # number of the next window
        self.n_skipped = 0
        """Windows that were not taken: too late, or with lost samples in them."""
        self.n_lost = 0
        """Samples that the source lost."""

    @property
    def end(self) -> int:
        """Number of the sample after the last."""
        return self._start + (0 if self._kept is None else len(self._kept))

    def add(self, block: Block) -> None:
        """Append samples. What was lost before them is not made up for: windows with it are skipped."""
        if self._kept is None or block.start > self.end:
            self.n_lost += block.start - self.end
            self._start, self._kept = block.start, block.channels
        else:
            self._kept = np.concatenate([self._kept, block.channels])
        self._forget(self._first_of(self._next))

    def complete(self) -> Iterator[tuple[float, np.ndarray]]:
        """Take the windows of which all samples are there.

        Yields
        ------
        start_s : float
        channels : np.ndarray, shape=(n, n_channels), float32
        """
        while self._first_of(self._next) + self._n_window <= self.end:
            if self._is_live:
                waiting = int((self.end - self._n_window) / self._sr / self._hop_s) - self._next + 1
                self._skip(waiting - MAX_WAITING)
            yield from self._take()

    def rest(self) -> Iterator[tuple[float, np.ndarray]]:
        """Take the shorter windows at the end of a recording; a recording shorter than a window is one."""
        n_windows = len(window_starts(self.end / self._sr, seconds=self._seconds, hop_s=self._hop_s))
        while self._kept is not None and self._next < n_windows:
            yield from self._take()

    def _take(self) -> Iterator[tuple[float, np.ndarray]]:
        first = self._first_of(self._next)
        start_s = self._start_s(self._next)
        if first < self._start or self._kept is None:
            self._skip(1)
            return
        samples = self._kept[first - self._start : first - self._start + self._n_window]
        self._next += 1
        yield start_s, samples

    def _skip(self, n_windows: int) -> None:
        if n_windows > 0:
            self._next += n_windows
            self.n_skipped += n_windows

    def _start_s(self, number: int) -> float:
        return round(number * self._hop_s, 6)

    def _first_of(self, number: int) -> int:
        return round(self._start_s(number) * self._sr)

    def _forget(self, first: int) -> None:
        """Drop the samples before one; with a hop longer than a window, perhaps all."""
        if self._kept is not None and first > self._start:
            n = min(first - self._start, len(self._kept))
            self._start, self._kept = self._start + n, self._kept[n:]
