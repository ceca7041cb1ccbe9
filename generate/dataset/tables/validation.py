"""What is wrong with a table that was damaged or edited by hand, and in which lines."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset.file_names import image_name
from generate.dataset.tables.schema import ADDED, COLUMNS, LEADS_OUT, METADATA_COLUMNS

MAX_LISTED_LINES = 5


def invalid_rows(table: pd.DataFrame) -> str:
    """Describe the first kind of rows that stage one never writes, such as a clip with two classes.

    Parameters
    ----------
    table : pandas.DataFrame
        As `generate.dataset.tables.csv_files.parse_metadata` reads it, index from 0.

    Returns
    -------
    str
        With the numbers of the lines; empty where the table is valid.
    """
    if not len(table):
        return ""
    for column in METADATA_COLUMNS:
        if column.kind == "flag" and table[column.name].dtype != bool:
            other = ~table[column.name].astype(str).isin(["True", "False"])
            return f"its column `{column.name}` must be True or False, and is not in {_lines(other)}"
    for column in METADATA_COLUMNS:
        if column.required and (empty := table[column.name] == "").any():
            return f"{_lines(empty)} {'has' if empty.sum() == 1 else 'have'} no {column.name}"
    for column in METADATA_COLUMNS:
        if column.rule and (wrong := ~_map_distinct(table[column.name], column.rule.fits)).any():
            first = table.loc[wrong, column.name].iloc[0]
            return f"{column.name} must be {column.rule.expected}. Got {first!r} in {_lines(wrong)}"
    leads_out = table["audio_file"].map(lambda name: LEADS_OUT.match(name) is not None).astype(bool)
    if (wrong := leads_out & (table["reviewed"] != ADDED)).any():
        first = table.loc[wrong, "audio_file"].iloc[0]
        return f"audio_file must be an audio file, relative to the audio folder. Got {first!r} in {_lines(wrong)}"
    for columns, what in (
        (["file_name"], "the image {file_name!r}"),
        (["clip_id", "variant"], "the image {variant!r} of the clip {clip_id!r}"),
    ):
        if (twice := table.duplicated(columns, keep=False)).any():
            first = table[twice].iloc[0]
            same = twice & (table[columns] == first[columns]).all(axis=1)
            return f"{what.format(**first[columns])} has two rows, in {_lines(same)}"
    folders = pd.Series([name.rpartition("/")[0] for name in table["file_name"]], dtype=object)
    names = image_name(folders, table["clip_id"], table["variant"])
    if (wrong := table["file_name"] != names).any():
        first = table.loc[wrong, "file_name"].iloc[0]
        return f"{first!r} must be called {names[wrong].iloc[0]!r} by its clip and variant; see {_lines(wrong)}"
    clips = pd.factorize(table["clip_id"])[0]
    first_row_of_clip = np.unique(clips, return_index=True)[1][clips]
    for column in METADATA_COLUMNS:
        values = table[column.name].to_numpy()
        if column.per_clip and (differ := values != values[first_row_of_clip]).any():
            clip = table.loc[differ, "clip_id"].iloc[0]
            return f"the clip {clip!r} has more than one {column.name} in {_lines(table['clip_id'] == clip)}"
    return ""


def duplicate_column(path: Path) -> str:
    """Describe a column of `metadata.csv` that its header names twice, which pandas would silently rename.

    Parameters
    ----------
    path : Path
        A table in UTF-8.

    Returns
    -------
    str
        Empty where there is none.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file), [])
    twice = [name for name in COLUMNS if header.count(name) > 1]
    return f"its first line names the column {twice[0]} twice" if twice else ""


def invalid_text(path: Path, columns: Sequence[str], numbers: Mapping[str, Callable[[str], object]]) -> str:
    """Describe why a table cannot be parsed, with the lines, which pandas does not name.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        Those that it must have.
    numbers : Mapping of str to callable
        Columns of numbers, and the functions that parse their fields or raise `ValueError`.

    Returns
    -------
    str
        Empty where nothing is found.
    """
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(content.split(b"\n"), start=1):
        if b"\0" in line:
            return f"line {number} holds a NUL byte"
        try:
            line.decode()
        except UnicodeDecodeError:
            return f"line {number} is not in UTF-8; save the table as UTF-8"
    rows = csv.reader(content.decode().splitlines(keepends=True))
    try:
        header = next(rows, [])
        if absent := [name for name in columns if name not in header]:
            hint = "; its separator is a semicolon, and must be a comma" if header and ";" in header[0] else ""
            return f"its first line lacks {', '.join(absent[:3])}{' and more' if len(absent) > 3 else ''}{hint}"
        parsers = {header.index(name): parse for name, parse in numbers.items() if name in header}
        for row in filter(None, rows):
            where = f"line {rows.line_num}"
            if len(row) != len(header):
                return f"{where} has {len(row)} fields, and the first line has {len(header)}"
            for place, parse in parsers.items():
                try:
                    parse(row[place])
                except ValueError:
                    return f"{where}: {header[place]} is {row[place]!r}, which is not a number"
    except csv.Error as error:
        return f"line {rows.line_num}: {error}"
    return "" if content.endswith(b"\n") else f"line {rows.line_num} is truncated"


def _lines(is_wrong: pd.Series) -> str:
    """Line numbers of the file; the header is line 1."""
    numbers = [str(row + 2) for row in is_wrong.index[is_wrong]]
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    more = f" and {len(numbers) - MAX_LISTED_LINES:,} more" if len(numbers) > MAX_LISTED_LINES else ""
    return f"lines {', '.join(numbers[:MAX_LISTED_LINES])}{more}"


def _map_distinct(texts: pd.Series, fits: Callable[[str], bool]) -> pd.Series:
    """Apply a predicate once to each distinct text."""
    places, distinct = pd.factorize(texts)
    return pd.Series(np.array([fits(text) for text in distinct], dtype=bool)[places], index=texts.index)
