"""Files that are the same, byte for byte, under other names."""

from __future__ import annotations

import hashlib
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
        Of files; one that is not there is ignored.
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
                groups.setdefault(_beginning(other), []).append(other)
        same = self._of_beginning[size].get(_beginning(path), [])
        return next((other for other in same if other == path or self._digest(other) == self._digest(path)), None)

    def _digest(self, path: Path) -> bytes:
        if path not in self._digests:
            with path.open("rb") as file:
                self._digests[path] = hashlib.file_digest(file, "sha256").digest()
        return self._digests[path]


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(BEGINNING)).digest()
