"""Files that are the same, byte for byte, under other names."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

BEGINNING = 65_536
"""Bytes by which files of one size are told apart first: recorders write files of one size."""


class EqualFiles:
    """Finds the file that another one is a copy of.

    Of files of one size the beginning is read once, and the whole of those that begin alike.

    Parameters
    ----------
    paths : iterable of Path
        Of files; one that is not there is ignored. One that cannot be read equals none but itself.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._of_size: dict[int, list[Path]] = {}
        self._of_beginning: dict[int, dict[bytes, list[Path]]] = {}
        self._digests: dict[Path, bytes] = {}
        for path in paths:
            if path.is_file():
                self._of_size.setdefault(path.stat().st_size, []).append(path)

    def first_equal(self, path: Path) -> Path | None:
        """The first of the files that a file is equal to, which may be itself; None: there is none."""
        size = path.stat().st_size if path.is_file() else -1
        of_size = self._of_size.get(size, [])
        if of_size in ([], [path]):
            return path if of_size else None
        if size not in self._of_beginning:
            groups = self._of_beginning[size] = {}
            for other in of_size:
                groups.setdefault(_digest(other, BEGINNING), []).append(other)
        same = self._of_beginning[size].get(_digest(path, BEGINNING), [])
        return next((other for other in same if other == path or self._digest(other) == self._digest(path)), None)

    def _digest(self, path: Path) -> bytes:
        if path not in self._digests:
            self._digests[path] = _digest(path)
        return self._digests[path]


def _digest(path: Path, n_bytes: int | None = None) -> bytes:
    """Of the first bytes or of all; of a file that cannot be read, its path."""
    try:
        with path.open("rb") as file:
            if n_bytes is None:
                return hashlib.file_digest(file, "sha256").digest()
            return hashlib.sha256(file.read(n_bytes)).digest()
    except OSError:
        return os.fsencode(path)
