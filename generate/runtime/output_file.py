"""Check an output file of an option: new, or one that the same command wrote before."""

from __future__ import annotations

import os
from pathlib import Path

from generate.audio.formats import AUDIO_SUFFIXES
from generate.runtime.os_compat import IS_WINDOWS

IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp"))
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""First bytes of a CSV that Excel saves."""


def check_output_file(path: Path, option: str, *, begins: str) -> None:
    """Check that a file may be written, before any work.

    Parameters
    ----------
    path : Path
        As the user gave it.
    option : str
        Such as `--csv`.
    begins : str
        First characters of every file that the command writes; only a file that begins so is replaced.

    Raises
    ------
    ValueError
        If it is a folder, its folder does not exist, it has the suffix of audio or an image, or holds something else.
    """
    name = option.removeprefix("--")
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise ValueError(f"{option} must be a file. Got {str(path)!r}, which {what}. Give one such as result.{name}.")
    if path.suffix.lower() in AUDIO_SUFFIXES | IMAGE_SUFFIXES:
        raise ValueError(
            f"{option} must be the name of a table. Got {str(path)!r}, which has the suffix of audio or an image. Give "
            f"one such as result.{name}."
        )
    if not os.path.lexists(path):
        return
    if not path.is_file():
        raise ValueError(f"{option} must be a file. Got {str(path)!r}, which is none. Give one such as result.{name}.")
    with path.open("r+b" if IS_WINDOWS else "rb") as file:  # a table that is open in Excel would cost all the work
        content = file.read(len(begins.encode()) + len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
    if content and not content.startswith(begins.encode()):
        raise ValueError(
            f"{option} must be a new file, or one that this command wrote before. Got {str(path)!r}, which holds "
            "something else and would be lost. Give another name."
        )
