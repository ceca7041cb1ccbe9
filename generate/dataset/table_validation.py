"""What is wrong with a `metadata.csv` that was damaged or edited by hand, and in which lines."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset.file_names import image_name, is_image_name

MOST_LINES = 5
EARLIER_NAMES = {"sound": "audio_file", "sound_bytes": "audio_bytes", "sound_mtime_ns": "audio_mtime_ns"}
"""Of columns, in tables that earlier releases wrote."""
SHA256 = re.compile("[0-9a-f]{64}")
_WAY_OUT = re.compile(r"/|(?:.*/)?\.\.(?:/|\Z)", re.DOTALL)


def wrong_rows(table: pd.DataFrame) -> str:
    """What no run of stage one writes, such as an image outside of the folder, or a clip of two classes.

    Parameters
    ----------
    table : pandas.DataFrame
        As `generate.dataset.tables.read_metadata` reads it, index from 0.

    Returns
    -------
    str
        With the numbers of the lines; empty where all is well.
    """
    if not len(table):
        return ""
    for column in ("duplicate", "silent"):
        if table[column].dtype != bool:
            other = ~table[column].astype(str).isin(["True", "False"])
            return f"its column `{column}` holds something else than True and False in {_lines(other)}"
    for column in ("file_name", "label", "clip_id", "source_id", "variant"):
        if (empty := table[column] == "").any():
            return f"{_lines(empty)} {'has' if empty.sum() == 1 else 'have'} no {column}"
    for column, is_wrong, expected in (
        (
            "file_name",
            lambda text: not is_image_name(text),
            "an image in a class folder of this folder, such as dog/1__original.png",
        ),
        ("clip_id", _is_no_name, "a name without / and \\"),
        ("variant", _is_no_name, "a name without / and \\"),
        ("audio_file", _leads_out, "a sound in the sound folder, relative to it"),
        ("audio_sha256", lambda text: not SHA256.fullmatch(text), "64 digits from 0 to f"),
    ):
        if (wrong := _each_once(table[column], is_wrong)).any():
            first = table.loc[wrong, column].iloc[0]
            return f"{column} is {first!r} in {_lines(wrong)}; expected {expected}"
    for columns, what in (
        (["file_name"], "the image {file_name!r}"),
        (["clip_id", "variant"], "the image {variant!r} of the clip {clip_id!r}"),
    ):
        if (twice := table.duplicated(columns, keep=False)).any():
            first = table[twice].iloc[0]
            same = twice & (table[columns] == first[columns]).all(axis=1)
            return f"{what.format(**first[columns])} stands in it twice, in {_lines(same)}"
    folders = pd.Series([name.rpartition("/")[0] for name in table["file_name"]], dtype=object)
    names = image_name(folders, table["clip_id"], table["variant"])
    if (wrong := table["file_name"] != names).any():
        first = table.loc[wrong, "file_name"].iloc[0]
        return f"{first!r} would be called {names[wrong].iloc[0]!r} by its clip and variant; see {_lines(wrong)}"
    clips = pd.factorize(table["clip_id"])[0]
    first_row_of_clip = np.unique(clips, return_index=True)[1][clips]
    for column in (
        "label",
        "source_id",
        "recording",
        "fold",
        "split",
        "audio_file",
        "start_s",
        "audio_sha256",
        "silent",
    ):
        values = table[column].to_numpy()
        if (differ := values != values[first_row_of_clip]).any():
            clip = table.loc[differ, "clip_id"].iloc[0]
            of_clip = table["clip_id"] == clip
            return f"the clip {clip!r} has more than one {column} in {_lines(of_clip)}"
    return ""


def twice_named(path: Path, columns: Sequence[str]) -> str:
    """Which column the first line names twice; pandas gives the second one another name, and it would not be seen.

    Parameters
    ----------
    path : Path
        A table in UTF-8.
    columns : sequence of str
        Those that count.

    Returns
    -------
    str
        Empty where there is none.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        header = [EARLIER_NAMES.get(name, name) for name in next(csv.reader(file), [])]
    twice = [name for name in columns if header.count(name) > 1]
    return f"its first line names the column {twice[0]} twice" if twice else ""


def wrong_text(path: Path, columns: Sequence[str], numbers: Mapping[str, Callable[[str], object]]) -> str:
    """Why a table cannot be read, where pandas does not say it.

    Parameters
    ----------
    path : Path
    columns : sequence of str
        That it must have.
    numbers : Mapping of str to callable
        Columns that are no text, and what reads their fields or raises `ValueError`.

    Returns
    -------
    str
        With the numbers of the lines; empty where nothing is found.
    """
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(content.split(b"\n"), start=1):
        if b"\0" in line:
            return f"line {number} holds a byte that is no text (NUL)"
        try:
            line.decode()
        except UnicodeDecodeError:
            return f"line {number} is not in UTF-8; save the table as UTF-8"
    rows = csv.reader(content.decode().splitlines(keepends=True))
    try:
        header = [EARLIER_NAMES.get(name, name) for name in next(rows, [])]
        if absent := [name for name in columns if name not in header]:
            between = "; " if ";" in (header or [""])[0] else ", "
            hint = "; its fields have semicolons between them, expected commas" if between == "; " else ""
            return f"its first line lacks {', '.join(absent[:3])}{' and more' if len(absent) > 3 else ''}{hint}"
        for row in filter(None, rows):
            where = f"line {rows.line_num}"
            if len(row) != len(header):
                return f"{where} has {len(row)} fields, and the first line has {len(header)}"
            for name, read in numbers.items():
                try:
                    read(row[header.index(name)])
                except ValueError:
                    return f"{where}: {name} is {row[header.index(name)]!r}, which is no number"
    except csv.Error as error:
        return f"line {rows.line_num}: {error}"
    return "" if content.endswith(b"\n") else f"line {rows.line_num} is cut short"


def _lines(is_wrong: pd.Series) -> str:
    """Lines of the file; the first one holds the names of the columns."""
    numbers = [str(row + 2) for row in is_wrong.index[is_wrong]]
    if len(numbers) == 1:
        return f"line {numbers[0]}"
    more = f" and {len(numbers) - MOST_LINES:,} more" if len(numbers) > MOST_LINES else ""
    return f"lines {', '.join(numbers[:MOST_LINES])}{more}"


def _each_once(texts: pd.Series, is_wrong: Callable[[str], bool]) -> pd.Series:
    """Which texts are wrong; each is looked at once, however many rows it stands in."""
    places, distinct = pd.factorize(texts)
    return pd.Series(np.array([is_wrong(text) for text in distinct], dtype=bool)[places], index=texts.index)


def _is_no_name(text: str) -> bool:
    return "/" in text or "\\" in text or "\0" in text


def _leads_out(name: str) -> bool:
    """Whether a path leads out of the folder that it is relative to."""
    return _WAY_OUT.match(name) is not None
