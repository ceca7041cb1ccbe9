"""Decode tables: UTF-8, or UTF-16 with a byte-order mark; anything else is refused with how to save it."""

from __future__ import annotations

import codecs
from pathlib import Path

HEADER_BYTES = 65_536
"""The names of the columns must be in so many bytes."""
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
NO_TEXT = {b"PK\x03\x04": "an Excel or LibreOffice workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook"}
"""First bytes of files that are often mistaken for text tables."""
SAVE_AS_UTF8 = (
    "Save it as UTF-8: in Excel 'Save As', 'CSV UTF-8 (comma delimited)'; in LibreOffice 'Text CSV' with the "
    "character set 'Unicode (UTF-8)'."
)


def first_text(path: Path) -> str:
    """The beginning of a file; bytes that are not text become replacement characters.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as file:
        content = file.read(HEADER_BYTES)
    mark = _byte_order_mark(content)
    return content[len(mark) :].decode(BYTE_ORDER_MARKS.get(mark, "utf-8"), "replace").replace("\0", "")


def decoded(content: bytes) -> str:
    """Decode a table.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    ValueError
        If it is in another encoding, or not text; the line is named.
    """
    for beginning, what in NO_TEXT.items():
        if content.startswith(beginning):
            raise ValueError(f"it is {what}. Open it there and save the sheet as 'CSV UTF-8'.")
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise ValueError(f"it is in UTF-32. {SAVE_AS_UTF8}")
    mark = _byte_order_mark(content)
    encoding = BYTE_ORDER_MARKS.get(mark, "utf-8")
    content = content[len(mark) :]
    if encoding == "utf-8" and b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        what = "; perhaps it is in UTF-16 without a byte-order mark" if line == 1 else ""
        raise ValueError(f"line {line} holds a NUL byte{what}. {SAVE_AS_UTF8}")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ValueError(f"it has a byte-order mark of UTF-16 and is not UTF-16. {SAVE_AS_UTF8}") from None
        raise ValueError(_not_utf8(content, error)) from None
    if "\0" in text:
        raise ValueError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL character. {SAVE_AS_UTF8}")
    return text


def _byte_order_mark(content: bytes) -> bytes:
    return next((mark for mark in BYTE_ORDER_MARKS if content.startswith(mark)), b"")


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> str:
    """Name the line that is not UTF-8, and show it in the encoding that Excel writes by default."""
    number = content[: error.start].count(b"\n") + 1
    line = content.splitlines()[number - 1] if b"\n" in content else content
    try:
        guess = f"perhaps it is in Windows-1252 (cp1252, Excel's 'CSV'), where it reads {line.decode('cp1252')[:80]!r}"
    except UnicodeDecodeError:
        guess = "it is in another encoding, or not text"
    return f"line {number} is not in UTF-8; {guess}. {SAVE_AS_UTF8}"
