"""Progress of a run: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import os
import sys
import time

from tqdm import tqdm

LINE_EVERY_S = 10.0
MIN_DONE = 10
"""Clips before the remaining time is estimated: the first ones wait for the workers to start."""


class Progress:
    """Counts clips, with their rate and the remaining time.

    Parameters
    ----------
    n_clips : int
        Number of clips; with 0, nothing is shown.
    noun : str
        What is counted, where it is not clips.
    """

    def __init__(self, n_clips: int, *, noun: str = "clip") -> None:
        self._n_clips, self._noun = n_clips, noun
        self._n_done = 0
        self._started = self._last_line = time.monotonic()
        self._bar = None
        if n_clips and sys.stderr.isatty():
            self._bar = terminal_bar(total=n_clips, unit=noun, smoothing=0.05)

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()

    def step(self, *, n_rejected: int) -> None:
        """Count one more clip.

        Parameters
        ----------
        n_rejected : int
            Rejected clips so far.
        """
        self._n_done += 1
        if self._bar is not None:
            if n_rejected:
                self._bar.set_postfix_str(f"{n_rejected} rejected", refresh=False)
            self._bar.update()
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            rate = self._n_done / (self._last_line - self._started)
            left_s = (self._n_clips - self._n_done) / rate
            left = f", {_minutes(left_s)} left" if self._n_done >= MIN_DONE else ""
            print(
                f"{self._n_done:,} of {self._n_clips:,} {self._noun}s, {rate:.1f} a second{left}"
                + (f", {n_rejected} rejected" if n_rejected else ""),
                flush=True,
            )


def terminal_bar(**options: object) -> tqdm:
    """A bar as wide as the terminal; `options` are those of `tqdm.tqdm`."""
    # A terminal of unknown size has 0 columns, on which tqdm shows nothing.
    try:
        has_size = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):  # NUL, which is a terminal for Windows
        has_size = False
    return tqdm(**options, **({"dynamic_ncols": True} if has_size else {"ncols": 80, "nrows": 20}))


def _minutes(seconds: float) -> str:
    """Such as `1:05` or `2:00:07`."""
    return tqdm.format_interval(round(seconds))
