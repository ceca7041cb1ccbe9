"""The site or recorder of each clip, from a table of the user's."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pandas as pd

from generate.readers.csv_tables.csv_text import line_numbers, named, read_table, require_columns
from generate.readers.csv_tables.usual_columns import USUAL_NAMES, usual_column
from generate.runtime.os_compat import nfc
from generate.runtime.wording import count, listed


def sites_of(path: Path, column: str, audio_files: pd.Series) -> pd.Series:
    """Read the site of each clip.

    Parameters
    ----------
    path : Path
        A CSV table with a column for the audio file, of a usual name, and one for the site.
    column : str
        Of the site.
    audio_files : pandas.Series
        Audio file of each clip, relative to the audio folder. A row may name it so, or by the file's name alone, with
        or without its suffix, where that is the name of one audio file only.

    Returns
    -------
    pandas.Series
        With the index of `audio_files`.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such table or column, or a clip has no site, or two.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no table {str(path)!r} (--site-table).")
    table = read_table(path)
    file_column = usual_column(list(table.columns), "file", path)
    if not file_column:
        raise ValueError(
            f"{str(path)!r} must have a column for the audio file, named such as {', '.join(USUAL_NAMES['file'][:3])}. "
            f"It has {named(table.columns)}. Rename the one that is meant."
        )
    require_columns(table, [file_column, column], path)
    if len(empty := table.index[table[column].str.strip() == ""]):
        raise ValueError(
            f"{str(path)!r} must have a site in each row. Column {column!r} is empty in {line_numbers(empty)}."
        )
    files = _by_name(audio_files)
    sites: dict[str, set[str]] = defaultdict(set)
    for value, site in zip(table[file_column], table[column], strict=True):
        found = files.get(nfc(value.strip().replace("\\", "/").removeprefix("./")), set())
        if len(found) == 1:
            sites[next(iter(found))].add(site.strip())
    for problem, n in (("a site", 0), ("one site", 2)):
        bad = [name for name in dict.fromkeys(audio_files) if (not sites[name] if n == 0 else len(sites[name]) >= n)]
        if bad:
            what = "in no row" if n == 0 else "in rows of two sites"
            raise ValueError(
                f"{str(path)!r} must give each audio file of the run {problem}. {count(len(bad), 'file')} {what}: "
                f"{listed(bad)}. Files are named in column {file_column!r} as in the audio folder."
            )
    return audio_files.map(lambda name: next(iter(sites[name])))


def _by_name(audio_files: pd.Series) -> dict[str, set[str]]:
    """Whole path, file name, and file name without suffix, to the audio files that have it."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in audio_files:
        plain = nfc(name)
        last = plain.rpartition("/")[2]
        for key in {plain, last, last.rpartition(".")[0]}:
            found[key].add(name)
    return {key: {key} if key in found[key] else names for key, names in found.items()}
