"""Numbers, paths and errors in messages."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from generate.runtime.os_compat import IS_WINDOWS

NO_ROOM = frozenset((errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)))
"""Error numbers of a full disk, or quota."""
_ESCAPED = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}
"""What a terminal acts on (Unicode's control characters, and its two separators), as Python writes it in a string."""


def count(number: int, noun: str) -> str:
    """Such as `1 clip`, `2,400 images`, `10 classes`."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def shown(path: Path) -> str:
    """A path as the user would type it, on one line."""
    return on_a_line(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def on_a_line(text: str) -> str:
    """Text with line ends and other control characters escaped, so that a name cannot look like a line of its own."""
    return text.translate(_ESCAPED)


def on_lines(lines: Iterable[str]) -> str:
    """Text of several lines, each on a line of its own whatever names are in it."""
    return "\n".join(map(on_a_line, lines))


def listed(names: Iterable[str], *, most: int = 3) -> str:
    """Such as `a, b, c and 3 more`, on one line."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return on_a_line(", ".join(names[:most])) + more


def what_failed(error: Exception) -> str:
    """The text of an error; where a disk is full or, on Windows, a file is open elsewhere, also what to do.

    Parameters
    ----------
    error : Exception
    """
    if IS_WINDOWS and isinstance(error, PermissionError):
        return f"{error}\nPerhaps another program has it open (Excel, a viewer, a virus scanner); close it there."
    if not isinstance(error, OSError) or error.errno not in NO_ROOM:
        return str(error)
    if written := error.filename2 or error.filename:  # of a copy, the second is the one that is written
        where = f"where {os.path.dirname(os.path.abspath(os.fsdecode(written)))!r} lies"
    else:
        where = f"perhaps where temporary files lie, {tempfile.gettempdir()!r}"
        where += " and /dev/shm" if os.path.isdir("/dev/shm") else ""
    return (
        f"{error}\nThe disk is full {where}: no room for more bytes, more files, or your share of it. Free some there, "
        "or write to another disk."
    )
