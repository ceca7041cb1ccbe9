"""Tables beside the audio that may hold the classes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from generate.readers.audio_folder.walk import SYSTEM_FOLDERS
from generate.readers.csv_tables.csv_text import read_table
from generate.readers.csv_tables.usual_columns import USUAL_NAMES
from generate.runtime.os_compat import nfc

SUFFIXES = frozenset((".csv", ".tsv"))
MAX_TABLES = 20
MAX_TABLE_BYTES = 100_000_000
FILE_COLUMNS = frozenset(USUAL_NAMES["file"]) | {
    "fname",
    "itemid",
    "slice_file_name",
    "audio_file",
    "wav",
    "id",
    "clip",
}
"""Columns that may name files without a suffix; any column may name them with one."""
LABEL_COLUMN = re.compile(r"label|class|categor|species|genre|emotion|target|ebird_code|^has|^tags?$|^event$|^scene$")
MIN_NAMED = 0.1
"""Fraction of rows of a column that must name audio files here, to be the file column."""


@dataclass(frozen=True)
class LabelTable:
    """A table beside the audio.

    Parameters
    ----------
    path : Path
    name : str
        Relative to the folder.
    columns : tuple of str
        Empty where it cannot be read.
    why_not : str
        The reason then.
    file_column, label_column : str
        Columns that probably name the file and its class; empty: none.
    n_named : int
        Rows that name an existing audio file.
    classes_agree : bool
        Whether classes of the table and class folders correspond one to one, in all rows that name a file.
    """

    path: Path
    name: str
    columns: tuple[str, ...] = ()
    why_not: str = ""
    file_column: str = ""
    label_column: str = ""
    n_named: int = 0
    classes_agree: bool = False

    @property
    def has_classes(self) -> bool:
        """Whether it has a column for the file and one for the class."""
        return bool(self.file_column and self.label_column)

    def __str__(self) -> str:
        columns = ", ".join(self.columns[:8]) + (", ..." if len(self.columns) > 8 else "")
        return f"{self.name} ({columns or self.why_not})"


def label_tables(folder: Path, labels: Mapping[str, str], *, with_audio: frozenset[str]) -> list[LabelTable]:
    """Find the tables in a folder and in its subfolders without audio, such as `meta/`.

    Parameters
    ----------
    folder : Path
    labels : Mapping of str to str
        Path of each audio file to the class folder that it lies in.
    with_audio : frozenset of str
        Subfolders that are not searched.
    """
    places = [folder] + [
        child
        for child in sorted(folder.iterdir())
        if child.name not in with_audio | SYSTEM_FOLDERS and not child.name.startswith(".") and child.is_dir()
    ]
    files = [
        child
        for place in places
        for child in sorted(place.iterdir())
        if child.suffix.lower() in SUFFIXES and not child.name.startswith(".") and child.is_file()
    ][:MAX_TABLES]
    by_name = _by_name(labels) if files else {}
    return [_read(path, path.relative_to(folder).as_posix(), by_name) for path in files]


def _by_name(labels: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """File name, with and without its suffix, to the paths that have it, and their classes."""
    found = defaultdict(list)
    for path, label in labels.items():
        name = nfc(path.rpartition("/")[2])
        found[name].append((path, label))
        found[name.rpartition(".")[0]].append((path, label))
    return found


def _read(path: Path, name: str, by_name: Mapping[str, list[tuple[str, str]]]) -> LabelTable:
    if path.stat().st_size > MAX_TABLE_BYTES:
        return LabelTable(path, name, why_not=f"over {MAX_TABLE_BYTES // 10**6} MB, not read")
    try:
        table = read_table(path)
    except (ValueError, OSError) as error:
        return LabelTable(path, name, why_not=str(error))
    columns = tuple(map(str, table.columns))
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        return LabelTable(path, name, why_not=f"it has two columns {twice!r}")
    named = {column: _named(table[column], by_name) for column in columns}
    file_column = max(columns, key=lambda column: named[column].sum(), default="")
    if not file_column or named[file_column].mean() < MIN_NAMED:
        file_column = next((column for column in columns if column.strip().lower() in FILE_COLUMNS), "")
    others = [column for column in columns if column != file_column]
    usual = [column for usual in USUAL_NAMES["label"] for column in others if column.strip().lower() == usual]
    like = [column for column in others if LABEL_COLUMN.search(column.strip().lower())]
    label_column = next(iter([*usual, *like]), "")
    n_named = int(named[file_column].sum()) if file_column else 0
    agree = bool(n_named and label_column) and _agree(table[named[file_column]], file_column, label_column, by_name)
    return LabelTable(
        path,
        name,
        columns,
        file_column=file_column,
        label_column=label_column,
        n_named=n_named,
        classes_agree=agree,
    )


def _named(column: pd.Series, by_name: Mapping[str, object]) -> pd.Series:
    """Which values of a column name an existing audio file."""
    may_lack_the_suffix = str(column.name).strip().lower() in FILE_COLUMNS
    return pd.Series(
        [(may_lack_the_suffix or "." in value) and _name(value) in by_name for value in column],
        index=column.index,
        dtype=bool,
    )


def _name(value: str) -> str:
    return nfc(value.strip().replace("\\", "/").rpartition("/")[2])


def _agree(
    rows: pd.DataFrame, file_column: str, label_column: str, by_name: Mapping[str, list[tuple[str, str]]]
) -> bool:
    """Whether labels and class folders correspond one to one."""
    pairs = set()
    for value, label in zip(rows[file_column], rows[label_column], strict=True):
        files = by_name[_name(value)]
        if len({label for _, label in files}) > 1:  # 1.wav in each class: the table may name its folder
            tail = nfc("/" + value.strip().replace("\\", "/").lstrip("/"))
            files = [file for file in files if nfc("/" + file[0]).endswith(tail)]
        if len({of_folder for _, of_folder in files}) == 1:
            pairs.add((label.strip(), files[0][1]))
    labels, folders = zip(*pairs, strict=True) if pairs else ((), ())
    return len(set(labels)) == len(labels) and len(set(folders)) == len(folders) and bool(pairs)
