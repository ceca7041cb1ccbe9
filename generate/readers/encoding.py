"""Bytes to text: UTF-8, or UTF-16 that says so; all else is refused in words that tell how to save it."""

from __future__ import annotations

import codecs
from pathlib import Path

HEADER_BYTES = 65_536
"""In which the names of the columns must be."""
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
NO_TEXT = {b"PK\x03\x04": "an Excel or LibreOffice workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook"}
"""How files begin that are taken for tables."""
SAVE_AS_UTF8 = (
    "Save it as UTF-8: in Excel 'Save As', 'CSV UTF-8 (comma delimited)'; in LibreOffice 'Text CSV' with the "
    "character set 'Unicode (UTF-8)'."
)


def first_text(path: Path) -> str:
    """The first letters of a file, to see what it is: what is no text is in it as replacement characters.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as file:
        content = file.read(HEADER_BYTES)
    mark = _byte_order_mark(content)
    return content[len(mark) :].decode(BYTE_ORDER_MARKS.get(mark, "utf-8"), "replace").replace("\0", "")


def decoded(content: bytes) -> str:
    """The text of a table.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    ValueError
        If it is in another encoding, or no text; the line is named.
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
        raise ValueError(f"line {line} holds a NUL byte, which is no text{what}. {SAVE_AS_UTF8}")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise ValueError(f"it begins as UTF-16 and does not go on so. {SAVE_AS_UTF8}") from None
        raise ValueError(_not_utf8(content, error)) from None
    if "\0" in text:
        raise ValueError(
            f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL character, which is no text."
        )
    return text


def _byte_order_mark(content: bytes) -> bytes:
    return next((mark for mark in BYTE_ORDER_MARKS if content.startswith(mark)), b"")


def _not_utf8(content: bytes, error: UnicodeDecodeError) -> str:
    """Which line is not UTF-8, and what it would be in the encoding that Excel writes by default."""
    number = content[: error.start].count(b"\n") + 1
    line = content.splitlines()[number - 1] if b"\n" in content else content
    try:
        guess = f"perhaps it is in Windows-1252 (cp1252, Excel's 'CSV'), where it says {line.decode('cp1252')[:80]!r}"
    except UnicodeDecodeError:
        guess = "it is in another encoding, or no text"
    return f"line {number} is not in UTF-8; {guess}. {SAVE_AS_UTF8}"
