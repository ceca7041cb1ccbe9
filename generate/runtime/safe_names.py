"""Any text as a file name, a unique id, or a field of a table that every system can hold."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.os_compat import nfc

MAX_NAME_BYTES = 120
"""Leaves room for `__<variant>.png` and a temporary suffix in the 255 bytes of a file name."""
DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")})
"""Names that Windows reserves, with any suffix."""
_ESCAPED = re.compile(r"\\(?:udc([89a-f][0-9a-f])|r)")
"""What `printable` writes in place of what a table cannot hold."""


def printable(text: str) -> str:
    r"""The text with everything escaped that a CSV in UTF-8 cannot hold.

    Bytes of a file name that are not UTF-8 become `\udcXX`, and a carriage return `\r`: Python's `csv` writes it
    without quotes, and reads it as the end of a row.
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\r", "\\r")


def path_on_disk(printed: str, folder: Path) -> str:
    """The path that `printable` escaped.

    Parameters
    ----------
    printed : str
        Relative to the folder.
    folder : Path
        The audio folder.
    """
    if os.path.lexists(folder / printed):
        return printed
    return _ESCAPED.sub(lambda found: chr(0xDC00 + int(found[1], 16)) if found[1] else "\r", printed)


def safe_name(text: str, *, max_bytes: int = MAX_NAME_BYTES) -> str:
    """Turn any text into a file name that is valid on every system, and always the same for the same text.

    Letters and marks of any script, digits, space and `. _ + = - ( )` stay; everything else becomes `-`. Where anything
    but a path separator was replaced, the name was cut, or Windows reserves it, eight digits of the text's SHA-1 are
    appended, so that two texts do not become the same name.

    Parameters
    ----------
    text : str
        A name or a relative path.
    max_bytes : int
        In UTF-8.
    """
    text = nfc(text)
    without_slash = text.replace("/", "-")
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" or c in " ._+=()-" else "-" for c in without_slash)
    kept = kept.strip(" .")
    if not kept or kept[0] == "-" or kept.partition(".")[0].rstrip().casefold() in DEVICES:
        kept = "x" + kept
    if kept != without_slash or len(kept.encode()) > max_bytes:
        kept = _shortened(kept, max_bytes - 9) + "-" + _digits(text)
    return kept


def unique_ids(names: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Give each clip a unique id, unique also on systems that ignore case.

    Clips whose names would become the same id (`a.wav` and `a.flac`, `Dog.wav` and `dog.wav`) all get eight digits of
    their path's SHA-1, so that no id depends on the order of the files.

    Parameters
    ----------
    names, paths : sequence of str
        Name and file of each clip.

    Returns
    -------
    list of str
        Safe as file names, in the same order.
    """
    ids = [safe_name(name) for name in names]
    counts = Counter(clip_id.casefold() for clip_id in ids)
    return [
        clip_id
        if counts[clip_id.casefold()] == 1
        else _shortened(clip_id, MAX_NAME_BYTES - 9) + "-" + _digits(f"{path} {clip_id}")
        for clip_id, path in zip(ids, paths, strict=True)
    ]


def _shortened(text: str, n_bytes: int) -> str:
    """As many whole characters as fit into a number of bytes of UTF-8."""
    return text.encode()[:n_bytes].decode("utf-8", "ignore")


def _digits(text: str) -> str:
    """Eight digits of a text's SHA-1; names that are not UTF-8 included."""
    return hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
