"""A file under its final name is whole: it is written under another one first."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generate.runtime.os_compat import move

_MACHINE = f"{uuid.getnode() % 10**6:06d}"
"""Processes of two machines that share a disk may have the same number."""


def temporary_suffix() -> str:
    """What a file's name ends with while this process writes it."""
    return f".{os.getpid()}{_MACHINE}.tmp"


@contextmanager
def whole_file(path: Path, *, temporary_name: str = "", to_disk: bool = True) -> Iterator[Path]:
    """Give a temporary name to write to; what was written there is then moved to its own name.

    Parameters
    ----------
    path : Path
        The final name.
    temporary_name : str
        In the same folder; default: the final one with the process's and the machine's number and `.tmp`.
    to_disk : bool
        Wait until the disk has it, so that a power cut leaves no empty file under the final name. Slow for many
        small files.

    Yields
    ------
    Path
        To be written and closed. After an error it is removed, and what was there under the final name stays.
    """
    temporary = path.with_name(temporary_name or path.name + temporary_suffix())
    try:
        yield temporary
        if to_disk:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        move(temporary, path)
    except OSError as error:
        if error.errno and error.filename in (None, temporary, str(temporary)):
            error.filename = str(path)  # of a write that fails, the system says no name
        raise
    finally:
        temporary.unlink(missing_ok=True)  # also where both are links to one file: replacing does nothing then
