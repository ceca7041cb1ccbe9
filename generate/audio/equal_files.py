"""Files that are the same, byte for byte, under other names."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable
from pathlib import Path


class EqualFiles:
    """Finds the file that another one is a copy of. Only files of its size are read.

    Parameters
    ----------
    paths : iterable of Path
        Of files; one that is not there is ignored.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._of_size: dict[int, list[Path]] = {}
        for path in paths:
            if path.is_file():
                self._of_size.setdefault(path.stat().st_size, []).append(path)

    def first_equal(self, path: Path) -> Path | None:
        """The first of the files that a file is equal to, which may be itself; None: there is none."""
        same = self._of_size.get(path.stat().st_size, []) if path.is_file() else []
        return next((other for other in same if other == path or filecmp.cmp(path, other, shallow=False)), None)
