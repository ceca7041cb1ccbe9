"""A collection from the rows of a table: the files that it names, and those that are missing."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pandas as pd

from generate.readers.audio_folder.found_by_name import find_by_name
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.csv_tables.csv_text import line_numbers
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable
from generate.runtime.wording import count

MAX_LISTED = 50
"""Classes, or folds, whose numbers of existing files are listed."""
ONE_LINE = {"labels": "label", "folds": "fold", "sources": "recording"}


def named_files(
    folder: Path,
    table_name: str,
    *,
    paths: pd.Series,
    labels: pd.Series,
    folds: pd.Series | None = None,
    sources: pd.Series | None = None,
    names: pd.Series | None = None,
    salience: pd.Series | None = None,
) -> Collection:
    """Make a collection of the existing files that a table names; the others are missing.

    A file that does not exist at its path is searched by its name (see `find_by_name`), with a note.

    Parameters
    ----------
    folder : Path
        The audio folder.
    table_name : str
        Name of the table in messages.
    paths, labels, folds, sources, names, salience : pandas.Series of str
        As for `clips_table`, one a row of the table; the index is the line of the table.

    Raises
    ------
    ValueError
        If a path is empty or leaves the audio folder, a label is empty, or a file has two rows; with the lines.
    """
    columns = {"labels": labels, "folds": folds, "sources": sources, "names": names, "salience": salience}
    columns = {key: column.str.strip() for key, column in columns.items() if column is not None}
    _check_texts(table_name, columns, paths)
    written = pd.Series(
        [_relative(path, folder, table_name, line) for line, path in paths.items()], index=paths.index, dtype=object
    )
    _refuse_doubled(table_name, written)
    there = _there(folder, written)
    found = written
    notes: list[str] = []
    reasons: dict[str, str] = {}
    if not there.all():
        audio_files = find_audio_files(folder)[0]
        by_nfc = {nfc(path): path for path in audio_files}
        found = written.where(there, [by_nfc.get(nfc(path), path) for path in written])
        there = _there(folder, found)
        _refuse_doubled(table_name, found)
        taken = set(found[there])
        elsewhere, reasons = find_by_name(list(found[~there]), [file for file in audio_files if file not in taken])
        found = found.map(lambda path: elsewhere.get(path, path))
        there |= found.isin(list(elsewhere.values()))
        notes = _notes(table_name, elsewhere, there, columns)
    plain = f"named in {table_name}, but not there"
    missing = [
        (path, nfc(printable(label)), f"{plain}: {reasons[path]}" if path in reasons else plain)
        for path, label in zip(found[~there], columns["labels"][~there], strict=True)
    ]
    kept = {"paths": found, **columns}
    clips = clips_table(**{key: list(column[there]) for key, column in kept.items()})
    told = f"the column {sources.name!r} of {table_name}" if sources is not None else ""
    return Collection(clips, missing=missing, notes=notes, recordings_from=told)


def _check_texts(table_name: str, columns: dict[str, pd.Series], paths: pd.Series) -> None:
    """Raise where a row has no file or no label, or an unclosed quotation mark joined lines."""
    for column, what in ((paths.str.strip(), "no file"), (columns["labels"], "no label")):
        lines = list(column.index[column == ""])
        if lines:
            first = f" ({paths[lines[0]].strip()!r})" if what == "no label" else ""
            raise ValueError(
                f"{table_name}: each row must have a file and a label. Got {what} in {line_numbers(lines)}{first}. "
                "Fill it in, or read a copy of the table without such rows."
            )
    for key, what in ONE_LINE.items():
        lines = [line for line, text in columns.get(key, pd.Series(dtype=object)).items() if "\n" in text]
        if lines:
            raise ValueError(
                f"{table_name}: a {what} must be on one line. Got {columns[key][lines[0]][:80]!r} in the row that "
                f"begins in {line_numbers(lines)}. Close the quotation mark there."
            )


def _relative(path: str, folder: Path, table_name: str, line: int) -> str:
    """A path relative to the audio folder, with `/`."""
    path = path.strip().replace("\\", "/")
    parts = PurePosixPath(path).parts
    is_absolute = PurePosixPath(path).is_absolute() or path[1:2] == ":"
    if is_absolute:
        parts = _inside(path, folder)
    if not parts or ".." in parts:
        raise ValueError(
            f"{table_name}: paths must be relative to {str(folder)!r}, without '..', or lie in it. Got {path!r} in "
            f"line {line}, which leaves the audio folder."
        )
    return PurePosixPath(*parts).as_posix()


def _inside(path: str, folder: Path) -> tuple[str, ...]:
    """The parts of an absolute path below the audio folder; empty where it lies elsewhere."""
    parts = PurePosixPath(path).parts
    for base in dict.fromkeys((folder.absolute(), folder.resolve())):
        above = PurePosixPath(base.as_posix()).parts
        is_drive = base.drive != ""  # Windows ignores case
        start = parts[: len(above)]
        if (start == above) or (is_drive and [p.casefold() for p in start] == [p.casefold() for p in above]):
            return parts[len(above) :]
    return ()


def _refuse_doubled(table_name: str, paths: pd.Series) -> None:
    """Raise if a file has two rows."""
    twice = paths.duplicated(keep=False)
    if not twice.any():
        return
    first = paths[twice].iloc[0]
    raise ValueError(
        f"{table_name}: {count(paths[twice].nunique(), 'file')} named more than once, {first!r} in "
        f"{line_numbers(list(paths.index[paths == first]))}. This version reads whole files with one class each, and "
        "nothing was changed. Keep the table. If its rows label parts of a recording, cut the recordings there, into "
        "one folder for each class, and give that folder. If a file has several labels, or one row too many, choose "
        "for each file in a copy of the table, and give that by --labels."
    )


def _there(folder: Path, paths: pd.Series) -> pd.Series:
    """Which files exist."""
    # `os.path` returns False for names that no file system allows, where `pathlib` raises.
    return pd.Series([os.path.isfile(folder / path) for path in paths], index=paths.index, dtype=bool)


def _notes(table_name: str, elsewhere: dict[str, str], there: pd.Series, columns: dict[str, pd.Series]) -> list[str]:
    """Notes of files that were found by name, and, where most files are missing, of how many of each class exist."""
    notes = []
    if elsewhere:
        path = min(elsewhere)
        folds = "; folds are those of the table" if "folds" in columns else ""
        notes.append(
            f"{count(len(elsewhere), 'file')} found by name in other places than in {table_name}, such as {path!r} "
            f"at {elsewhere[path]!r}{folds}"
        )
    if 2 * there.sum() < len(there):
        notes.append(f"{there.sum():,} of the {count(len(there), 'file')} that {table_name} names are there")
        for key, what in (("folds", "fold"), ("labels", "class")):
            if key in columns:
                notes.append(f"there of each {what}: {_shares(there, columns[key])}")
    return notes


def _shares(there: pd.Series, groups: pd.Series) -> str:
    """Such as `1 873 of 873, 2 0 of 888`."""
    shares = there.groupby(groups.to_numpy()).agg(["sum", "size"])
    rows = sorted(shares.itertuples(name=None), key=lambda row: _by_number(row[0]))
    listed = [f"{name or 'none'} {n_there:,} of {n:,}" for name, n_there, n in rows[:MAX_LISTED]]
    return ", ".join(listed) + (f" and {len(rows) - MAX_LISTED:,} more" if len(rows) > MAX_LISTED else "")


def _by_number(name: str) -> tuple[float, str]:
    """Fold 10 after fold 9."""
    return (float(name), name) if name.isdecimal() else (float("inf"), name)
