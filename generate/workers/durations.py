"""How long recordings are, looked up in worker processes: a header may kill or hang what reads it."""

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
"""Looked at by a worker in one go, at most: handing a file over takes as long as reading its header; but an hour of MP3
is looked through packet by packet, which takes two seconds."""


def durations(recordings: Sequence[Path], *, workers: int) -> list[float | str]:
    """Seconds of each recording, or the reason why it cannot be used; see `lengths`."""
    return [found if isinstance(found, str) else found.seconds for found in lengths(recordings, workers=workers)]


def lengths(recordings: Sequence[Path], *, workers: int) -> list[Length | str]:
    """Length and rate of each recording, as it was found to be there.

    Parameters
    ----------
    recordings : sequence of Path
    workers : int
        Processes, at most.

    Returns
    -------
    list of Length or str
        The reason where a recording cannot be used, since it is not whole or was not understood, or it killed
        or hung its worker.
    """
    parts = [(part,) for part in _parts(recordings)]
    found: list[Length | str] = []
    if not recordings:
        return found
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        pool = {"workers": min(workers, len(parts)), "temporary_folder": Path(temporary)}
        # All at once before any alone, so that no two pools are at work.
        for (files,), outcome in list(map_ordered(partial(_lengths, look=_length), parts, **pool)):
            if isinstance(outcome, str):  # one of them kills or hangs its worker, or all together take too long
                outcome = [found_alone for _, found_alone in map_ordered(_length, ((path,) for path in files), **pool)]
            found += outcome
    return found


def _parts(recordings: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """The recordings in their order, a few in each part."""
    part, n_bytes = [], 0
    for path in recordings:
        part.append(path)
        with suppress(OSError):  # of one that is gone, the reader says so
            n_bytes += path.stat().st_size
        if len(part) >= FILES_A_PART or n_bytes >= BYTES_A_PART:
            yield tuple(part)
            part, n_bytes = [], 0
    if part:
        yield tuple(part)


def _lengths(recordings: Sequence[Path], *, look: Callable[[Path], Length]) -> list[Length | str]:
    """Look at several; what a worker does."""

    def length_or_reason(path: Path) -> Length | str:
        try:
            return look(path)
        except BadAudio as error:
            return str(error)

    return [length_or_reason(path) for path in recordings]


def _length(path: Path) -> Length:
    """Look at one."""
    return length(path)
