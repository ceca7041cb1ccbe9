"""Read a CSV strictly: a table with fields in wrong columns is refused, with the lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generate.readers.csv_tables.encoding import decoded, first_text
from generate.runtime.os_compat import nfc

MAX_TABLE_BYTES = 200_000_000
"""AudioSet's two million rows take 100 MB; a larger file would fill the memory."""
MAX_ROWS = 5_000_000
MAX_HEADER = 1_000_000
"""Characters of the first line."""
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
MAX_LISTED_LINES = 5
_COMMENTS = re.compile(r"(?:#[^\r\n]*(?:\r\n|\r|\n))*")
_SEP_LINE = re.compile(r'"?sep=(.)"?[ ,;\t]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
"""The first line in which Excel names the separator."""
_WHOLE = re.compile(r'"(?:[^"]|"")*"')


def read_table(path: Path, *, in_comment: bool = False, is_quoted: bool = True) -> pd.DataFrame:
    """Read a CSV as text.

    Supported: UTF-8 with or without a byte-order mark, and UTF-16 with one; `,`, `;` or tab as separator, or that of
    Excel's first line `sep=;`; quoted fields; any line ends; blank lines; a separator at the end of all rows.
    Each row must have as many fields as the first line.

    Parameters
    ----------
    path : Path
    in_comment : bool
        Whether the names of the columns may be in the last of lines that begin with `#`, as in AudioSet.
    is_quoted : bool
        Whether fields may be quoted. Otherwise a row is a line, and quotation marks are text, but for those around a
        whole field: a spreadsheet may have saved the table.

    Returns
    -------
    pandas.DataFrame
        All text; column names are stripped. The index is the line in which each row begins; the first line of the
        file is 1.

    Raises
    ------
    ValueError
        With the lines and their contents.
    """
    size = path.stat().st_size
    if size > MAX_TABLE_BYTES:
        raise ValueError(
            f"{str(path)!r} must be a table of labels, at most {MAX_TABLE_BYTES // 10**6} MB. Got "
            f"{size / 1e6:,.0f} MB. Give a table with a row for each file, or a part of it."
        )
    try:
        return _parsed(*_without_comments(decoded(path.read_bytes()), in_comment), is_quoted=is_quoted)
    except (ValueError, csv.Error) as error:
        raise ValueError(f"{str(path)!r} cannot be read as a CSV table: {error}") from None


def read_columns(path: Path, *, in_comment: bool = False) -> list[str]:
    """The names of a table's columns, from its first line alone; empty where that cannot be read.

    Parameters
    ----------
    path : Path
    in_comment : bool
        See `read_table`.
    """
    text, _ = _without_comments(first_text(path), in_comment)
    try:
        text, separator, _ = _without_sep_line(text)
        line = next(iter(_lines(text)), "")
        names = [_header(line, mark) for mark in ([separator] if separator else SEPARATORS)]
    except (ValueError, csv.Error):
        return []
    return max(names, key=len)


def require_columns(table: pd.DataFrame, columns: Sequence[str], path: Path) -> None:
    """Raise `ValueError` unless the table has these columns, each once."""
    names = list(table.columns)
    absent = [column for column in columns if column not in names]
    if absent:
        raise ValueError(f"{str(path)!r} has no column {named(absent)}. It has {named(names)}.")
    for column in columns:
        if names.count(column) > 1:
            places = [str(k + 1) for k, name in enumerate(names) if name == column]
            raise ValueError(
                f"{str(path)!r} must have one column {column!r}. Got {names.count(column)}, columns "
                f"{' and '.join(places)}. Give the one that is not meant another name."
            )


def named(columns: Sequence[str]) -> str:
    """Names of columns, quoted and joined."""
    return ", ".join(map(repr, columns))


def line_numbers(lines: Sequence[int]) -> str:
    """Such as `line 3`, or `lines 2, 3, 5, 8, 9 and 12 more`."""
    numbers = [str(line) for line in lines]
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    if len(numbers) > MAX_LISTED_LINES:
        return f"lines {', '.join(numbers[:MAX_LISTED_LINES])} and {len(numbers) - MAX_LISTED_LINES:,} more"
    return f"lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def _without_sep_line(text: str) -> tuple[str, str, int]:
    """The text after Excel's first line, the separator that it names (or empty), and the number of lines removed."""
    told = _SEP_LINE.match(text)
    if not told:
        return text, "", 0
    if told[1] in "\"'\r\n":
        raise ValueError(f"its first line is {told[0].strip()!r}; the separator must be one of , ; | or tab.")
    return text[told.end() :], told[1], 1


def _without_comments(text: str, in_comment: bool) -> tuple[str, int]:
    """The text from the last line with `#` on, without that mark, and the number of lines removed."""
    comments = _COMMENTS.match(text)
    if not in_comment or not comments or not comments[0]:
        return text, 0
    lines = comments[0].splitlines(keepends=True)
    return lines[-1].lstrip("# ") + text[comments.end() :], len(lines) - 1


def _lines(text: str) -> io.StringIO:
    """To iterate over lines, split only at the line ends of Unix, Windows and old Macs."""
    return io.StringIO(text.lstrip("\r\n"), newline="")


def _header(line: str, separator: str) -> list[str]:
    """Column names, stripped, without separators at the end of the line."""
    names: list[str] = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
    return _stripped(names)


def _stripped(names: Sequence[str]) -> list[str]:
    stripped = [nfc(name.strip()) for name in names]
    while stripped and not stripped[-1]:
        stripped.pop()
    return stripped


def _parsed(text: str, n_lines: int = 0, *, is_quoted: bool = True) -> pd.DataFrame:
    """The rows, with the separator that fits all of them; before the text were so many lines."""
    text, told, n_more = _without_sep_line(text)
    n_lines += n_more
    # Blank lines before the first row count as lines all the same.
    n_lines += text[: len(text) - len(text.lstrip("\r\n"))].replace("\r\n", "\n").replace("\r", "\n").count("\n")
    first = next(iter(_lines(text)), "")
    if len(first) > MAX_HEADER:
        raise ValueError(f"its first line must be the names of the columns. Got {len(first):,} characters.")
    if not first.strip():
        raise ValueError("it is empty. Its first line must be the names of the columns, such as file,label.")
    widths = {mark: len(_header(first, mark)) for mark in ([told] if told else SEPARATORS)}
    candidates = sorted((mark for mark in widths if widths[mark] > 1), key=lambda mark: -widths[mark])
    if len(candidates) < 2:
        return _rows(text, candidates[0] if candidates else told or ",", n_lines, is_quoted)
    tables, failures = {}, []
    for separator in candidates:
        try:
            tables[separator] = _rows(text, separator, n_lines, is_quoted)
        except ValueError as error:
            failures.append(error)
    if not tables:
        raise failures[0]
    best, *others = tables  # the one with most columns
    if others and widths[others[0]] == widths[best]:
        raise ValueError(
            f"{SEPARATORS[best]}s and {SEPARATORS[others[0]]}s give the same number of columns, so that it is not "
            f"certain which is the separator. Add a first line such as sep={best if best != chr(9) else ';'}"
        )
    return tables[best]


def _rows(text: str, separator: str, n_lines: int, is_quoted: bool) -> pd.DataFrame:
    """All rows of a table with this separator.

    Parameters
    ----------
    text : str
        Without Excel's first line.
    separator : str
    n_lines : int
        Lines before the text.
    is_quoted : bool
        See `read_table`.

    Raises
    ------
    ValueError
        If a row does not have as many fields as the first, or a quotation mark is not closed.
    """
    reader = csv.reader(
        _lines(text),
        delimiter=separator,
        skipinitialspace=True,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if is_quoted else csv.QUOTE_NONE,
    )
    rows: list[list[str]] = []
    lines: list[int] = []
    begins = 1
    try:
        for row in reader:
            if row and (row[0] or not rows or any(field.strip() for field in row)):
                rows.append(row if is_quoted else [_without_quotes(field) for field in row])
                lines.append(begins + n_lines)
                if len(rows) > MAX_ROWS:
                    raise ValueError(f"it must have at most {MAX_ROWS:,} rows. Give a part of it.")
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(_quotation(error, begins + n_lines)) from None
    header = _stripped(rows[0])
    _check_widths(header, rows, lines, separator)
    del rows[0], lines[0]
    columns = zip(range(len(header)), zip(*rows, strict=False) if rows else [()] * len(header), strict=False)
    table = pd.DataFrame({number: pd.Series(column, dtype=object) for number, column in columns})
    table.columns, table.index = pd.Index(header, dtype=object), pd.Index(lines, dtype="int64")
    return table


def _without_quotes(field: str) -> str:
    return field[1:-1].replace('""', '"') if _WHOLE.fullmatch(field) else field


def _quotation(error: csv.Error, line: int) -> str:
    """Describe what is wrong with the quotation marks of a row."""
    if "unexpected end" in str(error) or "field larger" in str(error):
        what = f"a quotation mark in the row that begins in line {line} is never closed"
    else:
        what = f"in the row that begins in line {line} there is text between a closing quotation mark and the separator"
    return f'{what}. A field in quotes begins and ends with one "; a quotation mark within it is doubled ("").'


def _check_widths(header: list[str], rows: list[list[str]], lines: list[int], separator: str) -> None:
    """Raise where a row has more or fewer fields than the first line has names.

    A separator at the end of all rows is accepted, unless two neighbouring fields are digits: then a decimal comma may
    have shifted all fields to the right.
    """
    width = len(header)
    extra = {len(row) - width for row in rows[1:]}
    is_closed_alike = len(extra) == 1 and min(extra) > 0 and not any(map(_may_hold_decimal_comma, rows[1:]))
    wrong = [
        (line, row)
        for line, row in zip(lines[1:], rows[1:], strict=True)
        if len(row) < width or any(field.strip() for field in row[width:]) or (len(row) > width and not is_closed_alike)
    ]
    # Names that are missing at the end of the first line leave as many empty fields there.
    wrong = [(line, row) for line, row in wrong if len(row) != len(rows[0]) or any(f.strip() for f in row[width:])]
    if not wrong:
        return
    # A row with too many fields explains more than one that only ends in a separator.
    line, row = next(((line, row) for line, row in wrong if any(field.strip() for field in row[width:])), wrong[0])
    name = SEPARATORS.get(separator, repr(separator))
    what = (
        f"line {line} has {len(row)} fields, the first line has {width} ({named(header)})"
        if len(row) != len(rows[0])
        else f"line {line} has {row[-1].strip()!r} in a column without a name"
    )
    others = f"; the same in {line_numbers([line for line, _ in wrong])}" if len(wrong) > 1 else ""
    seen = separator.join(row)
    raise ValueError(
        f"{what}{others}. It reads {seen[:120]!r}. A {name} inside a field must be in quotes ("
        f'"Forest{separator if separator != chr(9) else ","} north"), a decimal comma too; a field that is empty still '
        f"needs its {name}."
    )


def _may_hold_decimal_comma(row: list[str]) -> bool:
    return any(left.strip().isdecimal() and right.isdecimal() for left, right in zip(row, row[1:], strict=False))
