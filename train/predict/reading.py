"""Recordings window by window, read in processes of their own: a decoder that crashes or hangs costs one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from generate.runtime.progress import Progress
from generate.runtime.safe_names import printable
from generate.workers.durations import durations
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.predict.predictions import Rejected
from train.predict.windows import FrontEnd, window_starts

MOST_READERS = 2
"""Processes that decode and draw: the models want cores too."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Reading(Generic[Result]):
    """What is read.

    Parameters
    ----------
    starts : dict of Path to np.ndarray
        Recordings in order, and where their windows begin, in seconds.
    windows : iterator of (Path, float, result)
        Recording, where the window begins, and what the work gave; read a few ahead of what is taken.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read: complete, and in order, after the reading.
    """

    starts: dict[Path, np.ndarray]
    windows: Iterator[tuple[Path, float, Result]]
    rejected: list[Rejected]


@contextmanager
def reading(
    recordings: Sequence[Path], work: Callable[..., Result], front: FrontEnd, *, hop_s: float | None = None
) -> Iterator[Reading[Result]]:
    """Read every window of every recording, and show how far that is.

    Parameters
    ----------
    recordings : sequence of Path
    work : callable
        `work(path, start_s, front=front) -> result`, a function of a module, such as
        `train.predict.windows.read_window`.
    front : FrontEnd
    hop_s : float, optional
        From one window to the next; default: its length.

    Yields
    ------
    Reading
    """
    workers = min(MOST_READERS, usable_cores())
    found = dict(zip(recordings, durations(recordings, workers=workers), strict=True))
    rejected = [_rejected(path, reason) for path, reason in found.items() if isinstance(reason, str)]
    starts = {
        path: window_starts(length, seconds=front.settings.seconds, hop_s=hop_s)
        for path, length in found.items()
        if not isinstance(length, str)
    }
    parts = ((path, start_s) for path, starts_s in starts.items() for start_s in map(float, starts_s))
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        Progress(sum(map(len, starts.values()))) as progress,
        closing(
            map_ordered(partial(work, front=front), parts, workers=workers, temporary_folder=Path(temporary))
        ) as outcomes,
    ):
        yield Reading(starts, _good(outcomes, starts, rejected, progress), rejected)
    order = {printable(str(path)): number for number, path in enumerate(recordings)}
    rejected.sort(key=lambda entry: order[entry.file])


def _good(
    outcomes: Iterator[tuple[tuple[Path, float], Result | str]],
    starts: dict[Path, np.ndarray],
    rejected: list[Rejected],
    progress: Progress,
) -> Iterator[tuple[Path, float, Result]]:
    """The windows that could be read; what could not is noted in `rejected`."""
    for (path, start_s), outcome in outcomes:
        n_windows = 1
        if isinstance(outcome, str):
            rejected.append(_rejected(path, outcome, from_s=start_s))
            n_windows = int((starts[path] >= start_s).sum())  # the others of this recording do not come
        else:
            yield path, start_s, outcome
        for _ in range(n_windows):
            progress.step(n_rejected=len(rejected))


def _rejected(path: Path, reason: str, *, from_s: float = 0.0) -> Rejected:
    return Rejected(printable(str(path)), from_s, printable(reason))
