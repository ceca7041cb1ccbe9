"""How long recordings are, looked up in worker processes: a header may kill or hang what reads it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from generate.audio import BadSound, check_there, duration_s
from generate.workers import in_order

FILES_A_PART = 50
"""Looked at by a worker in one go: handing a file over takes as long as reading its header."""
HEADER_READERS = 8
"""Threads of a process: the disk is waited for, not the processor."""
Length = float | str | None


def lengths(recordings: Sequence[Path], *, workers: int, piece_s: float | None = None) -> list[Length]:
    """Length of each recording by its header.

    Parameters
    ----------
    recordings : sequence of Path
    workers : int
        Processes, at most.
    piece_s : float, optional
        Of those that are longer, it is also seen whether their last piece is there.

    Returns
    -------
    list of float, None or str
        Seconds; None where the header does not tell; the reason where a recording cannot be used, since it ends
        before its last piece, or it killed or hung its worker.
    """
    look = partial(_length, piece_s=piece_s)
    parts = [(tuple(recordings[k : k + FILES_A_PART]),) for k in range(0, len(recordings), FILES_A_PART)]
    found: list[Length] = []
    if not recordings:
        return found
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        pool = {"workers": min(workers, len(parts)), "temporary_folder": Path(temporary)}
        # All at once before any alone, so that no two pools are at work.
        for (files,), outcome in list(in_order(partial(_lengths, look=look), parts, **pool)):
            if isinstance(outcome, str):  # one of them kills or hangs its worker
                outcome = [length for _, length in in_order(look, ((path,) for path in files), **pool)]
            found += outcome
    return found


def _lengths(recordings: Sequence[Path], *, look: Callable[[Path], float | None]) -> list[Length]:
    """Look at several; what a worker does."""

    def length_or_reason(path: Path) -> Length:
        try:
            return look(path)
        except BadSound as error:
            return str(error)

    with ThreadPoolExecutor(HEADER_READERS) as threads:
        return list(threads.map(length_or_reason, recordings))


def _length(path: Path, *, piece_s: float | None) -> float | None:
    """Look at one.

    Raises
    ------
    BadSound
        If it is longer than a piece, and the last one, which is half of one at least, is not there.
    """
    length_s = duration_s(path)
    if piece_s is not None and length_s is not None and length_s > piece_s:
        check_there(path, length_s - piece_s / 2)
    return length_s
