"""Durations of recordings, read in worker processes: a damaged header may crash or hang its reader."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from generate.audio import BadAudio
from generate.audio.decode import Length, length
from generate.workers.processes import map_ordered

FILES_A_PART, BYTES_A_PART = 50, 20_000_000
"""Read by a worker at once, at most: submitting a file takes as long as reading its header; but an hour of MP3 is read
packet by packet, which takes two seconds."""


def durations(recordings: Sequence[Path], *, workers: int) -> list[float | str]:
    """Seconds of each recording, or the reason why it cannot be used; see `lengths`."""
    return [found if isinstance(found, str) else found.seconds for found in lengths(recordings, workers=workers)]


def lengths(recordings: Sequence[Path], *, workers: int) -> list[Length | str]:
    """Length, sample rate and channels of each recording, as decoding would find them.

    Parameters
    ----------
    recordings : sequence of Path
    workers : int
        Processes, at most.

    Returns
    -------
    list of Length or str
        The reason where a recording cannot be used: it is truncated or not understood, or it crashed or hung its
        worker.
    """
    parts = [(part,) for part in _parts(recordings)]
    found: list[Length | str] = []
    if not recordings:
        return found
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        run = partial(map_ordered, workers=min(workers, len(parts)), temporary_folder=Path(temporary))
        # All parts before any single file, so that there is only one pool at a time.
        for (files,), outcome in list(run(partial(_lengths, look=_length), parts)):
            if isinstance(outcome, str):  # one of them crashed or hung its worker, or all together took too long
                outcome = [found_alone for _, found_alone in run(_length, ((path,) for path in files))]
            found += outcome
    return found


def _parts(recordings: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The recordings in their order, a few in each part."""
    part: list[Path] = []
    n_bytes = 0
    for path in recordings:
        part.append(path)
        with suppress(OSError):  # the reader names a missing one
            n_bytes += path.stat().st_size
        if len(part) >= FILES_A_PART or n_bytes >= BYTES_A_PART:
            yield tuple(part)
            part, n_bytes = [], 0
    if part:
        yield tuple(part)


def _lengths(recordings: Sequence[Path], *, look: Callable[[Path], Length]) -> list[Length | str]:
    """Lengths of a part, in a worker."""

    def length_or_reason(path: Path) -> Length | str:
        try:
            return look(path)
        except BadAudio as error:
            return str(error)

    return [length_or_reason(path) for path in recordings]


def _length(path: Path) -> Length:
    """Length of one file, in a worker."""
    return length(path)
