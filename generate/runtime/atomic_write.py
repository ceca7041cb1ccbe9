"""Write files atomically: to a temporary name in the same folder, then moved with `os.replace`."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from generate.runtime.os_compat import replace_file

_MACHINE = f"{uuid.getnode() % 10**6:06d}"
"""Processes of two machines that share a disk may have the same process id."""


def temporary_suffix() -> str:
    """The suffix of a file's name while this process writes it."""
    return f".{os.getpid()}{_MACHINE}.tmp"


@contextmanager
def atomic_write(path: Path, *, temporary_name: str = "", to_disk: bool = True) -> Iterator[Path]:
    """Give a temporary path to write to, and move it to its final name afterwards.

    Parameters
    ----------
    path : Path
        The final name.
    temporary_name : str
        In the same folder; default: the final name and `temporary_suffix()`.
    to_disk : bool
        Whether to `fsync`, so that a power cut leaves no empty file under the final name. Slow for many small files.

    Yields
    ------
    Path
        To be written and closed. After an error it is removed, and an earlier file under the final name stays.
    """
    temporary = path.with_name(temporary_name or path.name + temporary_suffix())
    try:
        yield temporary
        if to_disk:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        replace_file(temporary, path)
    except OSError as error:
        if error.errno and error.filename in (None, temporary, str(temporary)):
            error.filename = str(path)  # the error of a failed write names no file
        raise
    finally:
        temporary.unlink(missing_ok=True)  # also where both are links to one file: replacing does nothing then


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text file in UTF-8 with `atomic_write`; line ends stay as they are."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_json(path: Path, values: object) -> None:
    """Write plain values as JSON with `atomic_write`."""
    write_text_atomically(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")
