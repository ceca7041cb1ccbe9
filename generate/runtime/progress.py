"""How far the run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import os
import sys
import time

from tqdm import tqdm

LINE_EVERY_S = 10.0
ENOUGH_TO_TELL = 10
"""Clips after which the rate says something of the time left: the first ones wait for the workers to start."""


class Progress:
    """Counts clips, with their rate and the time left.

    Parameters
    ----------
    n_clips : int
        How many there are; with none, nothing is shown.
    """

    def __init__(self, n_clips: int) -> None:
        self._n_clips = n_clips
        self._n_done = 0
        self._started = self._last_line = time.monotonic()
        self._bar = None
        if n_clips and sys.stderr.isatty():
            self._bar = terminal_bar(total=n_clips, unit="clip", smoothing=0.05)

    def __enter__(self) -> Progress:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.close()

    def step(self, *, n_rejected: int) -> None:
        """One clip more is done.

        Parameters
        ----------
        n_rejected : int
            So far, in all.
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
            left = f", {_minutes(left_s)} left" if self._n_done >= ENOUGH_TO_TELL else ""
            print(
                f"{self._n_done:,} of {self._n_clips:,} clips, {rate:.1f} a second{left}"
                + (f", {n_rejected} rejected" if n_rejected else ""),
                flush=True,
            )


def terminal_bar(**options: object) -> tqdm:
    """A bar as wide as the terminal; `options` are those of `tqdm.tqdm`."""
    # A terminal that does not tell its size says 0 x 0, and tqdm would draw nothing at all.
    try:
        has_size = os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (OSError, ValueError):  # NUL, which Windows takes for a terminal
        has_size = False
    return tqdm(**options, **({"dynamic_ncols": True} if has_size else {"ncols": 80, "nrows": 20}))


def _minutes(seconds: float) -> str:
    """Such as `1:05` or `2:00:07`."""
    return tqdm.format_interval(round(seconds))
