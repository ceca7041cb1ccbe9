"""Sounds that a table describes: any CSV with columns for file and label."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from generate.readers.collection import Collection, Reader, ReaderOptions
from generate.readers.table import named_files, read_table, require_columns
from generate.readers.walk import find_sounds

USUAL_NAMES = {
    "file": ("file", "filename", "file_name", "path", "filepath", "audio", "sound"),
    "label": ("label", "class", "category", "species", "target"),
    "fold": ("fold", "folds"),
    "source": ("recording", "source", "source_id", "src_file", "recording_id"),
}
"""Columns that are taken without being told, in this order, upper or lower case."""


def _only_table(folder: Path) -> Path | None:
    tables = [
        child
        for child in folder.iterdir()
        if child.suffix.lower() == ".csv" and not child.name.startswith(".") and child.is_file()
    ]
    return tables[0] if len(tables) == 1 else None


def _column(table: pd.DataFrame, role: str, told: str, path: Path) -> str:
    """The column for a role: the one that was told, else the first with a usual name, else empty."""
    if told:
        require_columns(table, (told,), path)
        return told
    by_lower_case = {column.strip().lower(): column for column in reversed(table.columns)}
    return next((by_lower_case[name] for name in USUAL_NAMES[role] if name in by_lower_case), "")


def recognises(folder: Path) -> bool:
    """Whether exactly one CSV stands in the folder, with columns of the usual names."""
    path = _only_table(folder)
    if path is None:
        return False
    try:
        columns = read_table(path)
    except ValueError:
        return False
    return all(_column(columns, role, "", path) for role in ("file", "label"))


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the table that `options.labels` names, or the only one in the folder.

    Raises
    ------
    FileNotFoundError
        If there is no such table.
    ValueError
        If it lacks a column, or names a path that leaves the sound folder.
    """
    path = options.labels or _only_table(folder)
    if path is None:
        raise FileNotFoundError(
            f"{str(folder)!r} does not hold exactly one CSV; name the table with --labels FILE.csv."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no table {str(path)!r} (--labels).")
    table = read_table(path)
    told = {
        "file": options.file_column,
        "label": options.label_column,
        "fold": options.fold_column,
        "source": options.source_column,
    }
    found = {role: _column(table, role, column, path) for role, column in told.items()}
    for role in ("file", "label"):
        if not found[role]:
            raise ValueError(
                f"{str(path)!r} has no column that is known to hold the {role}; it has "
                f"{', '.join(map(repr, table.columns))}. Name it with --{role}-column."
            )
    collection = named_files(
        folder,
        path.name,
        paths=table[found["file"]],
        labels=table[found["label"]],
        folds=table[found["fold"]].str.strip() if found["fold"] else None,
        sources=table[found["source"]].str.strip() if found["source"] else None,
    )
    columns = ", ".join(f"{role} from {column!r}" for role, column in found.items() if column)
    without = "" if found["source"] else "; no column for the recording, so each file is its own"
    collection.notes.append(f"{path.name}: {columns}{without}")
    n_unnamed = len(set(find_sounds(folder)[0]) - set(collection.clips["path"]))
    if n_unnamed:
        collection.passed_over["sounds that the table does not name"] += n_unnamed
    return collection


READER = Reader(
    title="a table of labels",
    recognises=recognises,
    read=read,
    defaults={"long": "split"},
    class_from="the table",
    fold_from="the table",
    recording_from="the table",
)
