"""A table of labels: any CSV with columns for file and label."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pandas as pd

from generate.audio import AUDIO_SUFFIXES
from generate.dataset.label_sets import SEPARATOR, join_labels
from generate.readers.annotations.detect import are_positions, refuse_times, time_columns
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection
from generate.readers.collection.named_files import named_files
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.csv_tables.csv_text import line_numbers, named, read_columns, read_table, require_columns
from generate.readers.csv_tables.usual_columns import USUAL_NAMES, usual_column
from generate.runtime.os_compat import nfc
from generate.runtime.wording import count

ROLES = tuple(USUAL_NAMES)
YES, NO = ("1", "1.0", "true", "yes"), ("0", "0.0", "false", "no")
"""In the column of a class, in upper or lower case."""
MAX_LISTED = 8
"""Unused columns that are listed."""


def _only_table(folder: Path) -> Path | None:
    tables = [
        child
        for child in folder.iterdir()
        if child.suffix.lower() in (".csv", ".tsv") and not child.name.startswith(".") and child.is_file()
    ]
    return tables[0] if len(tables) == 1 else None


def recognises(folder: Path) -> bool:
    """Whether exactly one table is in the folder, with columns of the usual names.

    Only the first line is read; `read` refuses a table with damaged rows.
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
        If the table does not exist.
    ValueError
        If it cannot be read, holds annotations, lacks a column, or names a path that leaves the audio folder.
    """
    path = options.labels or _only_table(folder)
    if path is None:
        raise FileNotFoundError(
            f"{str(folder)!r} does not hold exactly one CSV. Name the table with --labels FILE.csv."
        )
    if not path.is_file():
        raise FileNotFoundError(f"There is no table {str(path)!r} (--labels).")
    table = read_table(path)
    times = time_columns(table.columns)
    if times and are_positions(table.iloc[:, list(table.columns).index(times[0])]):
        refuse_times(path.name, times)
    found = _columns(table, options, path)
    collection = named_files(
        folder,
        path.name,
        paths=table[found["file"]],
        labels=_labels(table, found["label"], options, path),
        folds=table[found["fold"]] if found["fold"] else None,
        sources=table[found["source"]] if found["source"] else None,
    )
    collection.multilabel = bool(options.label_columns or options.label_separator)
    collection.notes[:0] = _notes(path.name, table, found, options)
    n_unnamed = len(set(find_audio_files(folder)[0]) - set(collection.clips["path"]))
    if n_unnamed:
        collection.skipped["audio files that the table does not name"] += n_unnamed
    return collection


def _columns(table: pd.DataFrame, options: ReaderOptions, path: Path) -> dict[str, str]:
    """The column of each role: by its option, else by a usual name, else empty."""
    chosen = {role: nfc(getattr(options, f"{role}_column").strip()) for role in ROLES}
    if options.label_columns and (options.label_column or options.label_separator):
        other = "label-column" if options.label_column else "label-separator"
        raise ValueError(f"--label-columns must not be combined with --{other}. Leave one of them out.")
    if len(set(options.label_columns)) < len(options.label_columns):
        double = next(name for name, n in Counter(options.label_columns).items() if n > 1)
        raise ValueError(f"--label-columns must name each column once. Got {double!r} twice. Leave it out once.")
    roles = [role for role in ROLES if role != "label" or not options.label_columns]
    found = {role: chosen[role] or usual_column(list(table.columns), role, path) for role in roles}
    found.setdefault("label", "")
    require_columns(table, list(options.label_columns), path)
    for role in ("file", "label"):
        if not found[role] and role in roles:
            hint = (
                " Its first line looks like a row; add a line with the names of the columns above it."
                if any(os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES for name in table.columns)
                else ""
            )
            raise ValueError(
                f"{str(path)!r} has no column for the {role} with a usual name. It has {named(table.columns)}. Choose "
                f"one with --{role}-column.{hint}"
            )
    require_columns(table, [column for column in found.values() if column], path)
    twice = [column for column, n in Counter(filter(None, found.values())).items() if n > 1]
    if twice:
        both = " and the ".join(role for role in ROLES if found[role] == twice[0])
        raise ValueError(f"The {both} must have columns of their own. Got {twice[0]!r} of {str(path)!r} for both.")
    return found


def _labels(table: pd.DataFrame, column: str, options: ReaderOptions, path: Path) -> pd.Series:
    """The label of each row; of several classes, as `join_labels` gives it."""
    if options.label_columns:
        values = table[list(options.label_columns)].apply(lambda texts: texts.str.strip().str.lower())
        unknown = ~values.isin([*YES, *NO])
        if unknown.to_numpy().any():
            line, name = next((line, name) for name in values for line in values.index[unknown[name]])
            raise ValueError(
                f"{path.name}: the column of a class must hold 1 or 0. Got {table.at[line, name]!r} in the column "
                f"{name!r} in {line_numbers([line])}. Leave the column out of --label-columns, or fill it in."
            )
        has = values.isin(YES)
        return pd.Series([join_labels(has.columns[row]) for row in has.to_numpy()], index=table.index, dtype=object)
    if not options.label_separator:
        return table[column]
    parts = [[nfc(part.strip()) for part in text.split(options.label_separator)] for text in table[column]]
    # An empty cell stays empty, and is refused with its line.
    joined = [join_labels(filter(None, labels)) if any(labels) else "" for labels in parts]
    return pd.Series(joined, index=table.index, dtype=object)


def _notes(table_name: str, table: pd.DataFrame, found: dict[str, str], options: ReaderOptions) -> list[str]:
    """Notes of the columns that are used, those that are not, and used ones that are empty in some rows."""
    columns = ", ".join(f"{role} from {column!r}" for role, column in found.items() if column)
    is_told = found["source"] or options.source_pattern
    without = "" if is_told else "; no column for the recording, so each file is its own"
    notes = [f"{table_name}: {columns}{without}"]
    if options.label_columns:
        notes.append(
            f"several labels a clip, from {named(options.label_columns[:MAX_LISTED])}; a clip of none is _background"
        )
    if found["label"] and not options.label_separator:
        together = table[found["label"]].str.contains(SEPARATOR, regex=False)
        if together.any():
            notes.append(
                f"{table_name}: {count(int(together.sum()), 'label')} with {SEPARATOR!r}, such as "
                f"{table[found['label']][together].iloc[0]!r}, each a class of its own; if these are several labels "
                f"of a clip, give --label-separator '{SEPARATOR}'"
            )
    used = {*found.values(), *options.label_columns}
    unused = [column for column in table.columns if column and column not in used]
    if unused:
        more = f" and {len(unused) - MAX_LISTED:,} more" if len(unused) > MAX_LISTED else ""
        notes.append(f"{table_name}: not used {named(unused[:MAX_LISTED])}{more}")
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
    options=frozenset({"labels", "label_columns", "label_separator", *(f"{role}_column" for role in ROLES)}),
    defaults={"long": "split"},
    class_from="the table",
    fold_from="the table",
    recording_from="the table",
)
