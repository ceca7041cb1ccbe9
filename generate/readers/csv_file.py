"""Sounds that a table describes: any CSV with columns for file and label."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generate.audio import AUDIO_SUFFIXES
from generate.readers.annotations import are_places, refuse_times, time_columns
from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.csv_text import line_numbers, named, read_columns, read_table, require_columns
from generate.readers.table import named_files
from generate.readers.walk import find_audio_files
from generate.runtime.os_compat import nfc
from generate.runtime.wording import count

USUAL_NAMES = {
    "file": ("file", "filename", "file_name", "path", "filepath", "audio", "audio_file", "fname"),
    "label": ("label", "class", "category", "species", "target", "primary_label"),
    "fold": ("fold", "folds"),
    "source": ("recording", "source", "source_id", "src_file", "recording_id"),
}
"""Columns that are taken without being told, in this order, upper or lower case."""
ROLES = tuple(USUAL_NAMES)
MOST_UNUSED = 8
"""Columns that are named as not used."""


def _only_table(folder: Path) -> Path | None:
    tables = [
        child
        for child in folder.iterdir()
        if child.suffix.lower() in (".csv", ".tsv") and not child.name.startswith(".") and child.is_file()
    ]
    return tables[0] if len(tables) == 1 else None


def _usual_column(columns: Sequence[str], role: str, path: Path) -> str:
    """The first column with a usual name, else empty."""
    for name in USUAL_NAMES[role]:
        found = [column for column in columns if column.strip().lower() == name]
        if len(set(found)) > 1:
            raise ValueError(
                f"{str(path)!r} must have one column for the {role}. Got {named(found)}. Tell which by --{role}-column."
            )
        if found:
            return found[0]
    return ""


def recognises(folder: Path) -> bool:
    """Whether exactly one table is in the folder, whose first line has columns of the usual names.

    What is wrong below the first line is no reason to take it for something else: `read` refuses it.
    """
    path = _only_table(folder)
    if path is None:
        return False
    names = {column.lower() for column in read_columns(path)}
    return all(names & set(USUAL_NAMES[role]) for role in ("file", "label"))


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the table that `options.labels` names, or the only one in the folder.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it cannot be read, labels parts of recordings, lacks a column, or names a path that leaves the sound folder.
    """
    path = options.labels or _only_table(folder)
    if path is None:
        raise FileNotFoundError(
            f"{str(folder)!r} does not hold exactly one CSV; name the table with --labels FILE.csv."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no table {str(path)!r} (--labels).")
    table = read_table(path)
    times = time_columns(table.columns)
    if times and are_places(table.iloc[:, list(table.columns).index(times[0])]):
        refuse_times(path.name, times)
    found = _columns(table, options, path)
    collection = named_files(
        folder,
        path.name,
        paths=table[found["file"]],
        labels=table[found["label"]],
        folds=table[found["fold"]] if found["fold"] else None,
        sources=table[found["source"]] if found["source"] else None,
    )
    collection.notes[:0] = _notes(path.name, table, found, options)
    n_unnamed = len(set(find_audio_files(folder)[0]) - set(collection.clips["path"]))
    if n_unnamed:
        collection.skipped["sounds that the table does not name"] += n_unnamed
    return collection


def _columns(table: pd.DataFrame, options: ReaderOptions, path: Path) -> dict[str, str]:
    """The column of each role: the one that was told, else one with a usual name, else empty."""
    told = {role: nfc(getattr(options, f"{role}_column").strip()) for role in ROLES}
    found = {role: told[role] or _usual_column(list(table.columns), role, path) for role in ROLES}
    for role in ("file", "label"):
        if not found[role]:
            hint = (
                " Its first line looks like a row; put a line with the names of the columns above it."
                if any(os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES for name in table.columns)
                else ""
            )
            raise ValueError(
                f"{str(path)!r} has no column that is known to hold the {role}; it has {named(table.columns)}. Name it "
                f"with --{role}-column.{hint}"
            )
    require_columns(table, [column for column in found.values() if column], path)
    twice = [column for column, n in Counter(filter(None, found.values())).items() if n > 1]
    if twice:
        roles = " and the ".join(role for role in ROLES if found[role] == twice[0])
        raise ValueError(
            f"The column {twice[0]!r} of {str(path)!r} is taken for the {roles}; give each its own column."
        )
    return found


def _notes(table_name: str, table: pd.DataFrame, found: dict[str, str], options: ReaderOptions) -> list[str]:
    """Which columns are used, which are not, and where one that is used is empty in some rows alone."""
    columns = ", ".join(f"{role} from {column!r}" for role, column in found.items() if column)
    is_told = found["source"] or options.source_pattern
    without = "" if is_told else "; no column for the recording, so each file is its own"
    notes = [f"{table_name}: {columns}{without}"]
    unused = [column for column in table.columns if column and column not in found.values()]
    if unused:
        more = f" and {len(unused) - MOST_UNUSED:,} more" if len(unused) > MOST_UNUSED else ""
        notes.append(f"{table_name}: not used {named(unused[:MOST_UNUSED])}{more}")
    for role, what in (
        ("fold", "without a fold, and others with one: python -m train needs all or none"),
        ("source", "without a recording: each of these files is its own"),
    ):
        empty = table[found[role]].str.strip() == "" if found[role] else pd.Series(dtype=bool)
        if 0 < empty.sum() < len(table):
            notes.append(f"{table_name}: {count(int(empty.sum()), 'row')} {what} ({line_numbers(empty.index[empty])})")
    return notes


READER = Reader(
    title="a table of labels",
    recognises=recognises,
    read=read,
    options=frozenset({"labels", *(f"{role}_column" for role in ROLES)}),
    defaults={"long": "split"},
    class_from="the table",
    fold_from="the table",
    recording_from="the table",
)
