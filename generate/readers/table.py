"""Read a CSV that describes sounds, and find the files that it names."""

from __future__ import annotations

import os
import warnings
from pathlib import Path, PurePosixPath

import pandas as pd

from generate.readers.collection import Collection, clips_table
from generate.readers.walk import find_sounds
from generate.systems import composed


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV as text, all of it; of `,`, `;` and tab the one that the first line has most of separates.

    Raises
    ------
    ValueError
        If it is not a table in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            header = file.readline()
        separator = max(",;\t", key=header.count)
        with warnings.catch_warnings(action="ignore", category=pd.errors.ParserWarning):
            return pd.read_csv(
                path, dtype=str, keep_default_na=False, sep=separator, index_col=False, encoding="utf-8-sig"
            )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{str(path)!r} cannot be read as a CSV table in UTF-8: {error}") from None


def require_columns(table: pd.DataFrame, columns: tuple[str, ...], path: Path) -> None:
    """Raise `ValueError` unless the table has these columns."""
    absent = [column for column in columns if column not in table]
    if absent:
        raise ValueError(
            f"{str(path)!r} has no column {', '.join(map(repr, absent))}; it has {', '.join(map(repr, table.columns))}."
        )


def named_files(
    folder: Path,
    table_name: str,
    *,
    paths: pd.Series,
    labels: pd.Series,
    folds: pd.Series | None = None,
    sources: pd.Series | None = None,
    names: pd.Series | None = None,
) -> Collection:
    """Make a collection of the files that a table names and that are there; the others are counted as missing.

    Parameters
    ----------
    folder : Path
        The sound folder.
    table_name : str
        How to call the table in messages.
    paths, labels, folds, sources, names : pandas.Series of str
        As `clips_table` takes them, one a row of the table.

    Raises
    ------
    ValueError
        If a path leaves the sound folder.
    """
    paths = paths.str.strip().str.replace("\\", "/", regex=False)
    empty = paths[paths == ""]
    if len(empty):
        # The header is line 1.
        raise ValueError(f"{table_name}: row {empty.index[0] + 2} names no file; fill it in, or delete the row.")
    for path in paths:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or path[1:2] == ":":
            raise ValueError(
                f"{table_name} names {path!r}, which leaves the sound folder; paths must be relative to "
                f"{str(folder)!r}, without '..'."
            )
    paths = pd.Series([PurePosixPath(path).as_posix() for path in paths], index=paths.index, dtype=object)
    there = _there(folder, paths)
    if not there.all():
        by_letters = {composed(path): path for path in find_sounds(folder)[0]}
        paths = paths.where(there, [by_letters.get(composed(path), path) for path in paths])
        there = _there(folder, paths)
    reason = f"named in {table_name}, but not there"
    missing = [
        (path, composed(label.strip()), reason) for path, label in zip(paths[~there], labels[~there], strict=True)
    ]
    kept = {
        "paths": paths,
        "labels": labels,
        "folds": folds,
        "sources": sources,
        "names": names,
    }
    clips = clips_table(**{key: list(column[there]) for key, column in kept.items() if column is not None})
    return Collection(clips, missing=missing)


def _there(folder: Path, paths: pd.Series) -> pd.Series:
    """Which files are there."""
    # By os.path, which calls names that no disk can hold absent where pathlib raises.
    return pd.Series([os.path.isfile(folder / path) for path in paths], index=paths.index, dtype=bool)
