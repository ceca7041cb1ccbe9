"""Read and write `metadata.csv` and `rejected.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import pandas as pd

from generate.dataset.tables.schema import COLUMNS, METADATA_COLUMNS, REJECTED_COLUMNS
from generate.dataset.tables.validation import duplicate_column, invalid_rows, invalid_text
from generate.runtime.atomic_write import atomic_write

METADATA = "metadata.csv"
REJECTED = "rejected.csv"
REVIEWED = "reviewed.csv"
"""What became of each row of the reviews that were given."""


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, atomically."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def read_metadata(path: Path) -> pd.DataFrame:
    """Read a `metadata.csv`; ids, folds and labels stay text, whatever they look like.

    Parameters
    ----------
    path : Path

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`.

    Raises
    ------
    ValueError
        If a column is missing or a row is damaged; the lines are named (see `generate.dataset.tables.validation`).
    """
    try:
        table = parse_metadata(path)
        if _contains_nul(path):
            raise ValueError("it holds bytes that are no text")
        problem = duplicate_column(path) or invalid_rows(table)
    except (KeyError, TypeError, ValueError, OverflowError, pd.errors.ParserError) as error:
        numbers = {column.name: column.parse for column in METADATA_COLUMNS if column.kind in ("float", "int")}
        problem = invalid_text(path, COLUMNS, numbers) or str(error)
    if problem:
        raise ValueError(
            f"{str(path)!r} is not as `python -m generate` wrote it: {problem}. Fix it, or delete it and run "
            "`python -m generate` again (or with --overwrite)."
        )
    return table


def _contains_nul(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(1 << 20), b""))


def parse_metadata(source: Path | TextIO) -> pd.DataFrame:
    """Parse the rows of `metadata.csv`, or of a journal with a header; values are not validated."""
    table = pd.read_csv(
        source,
        dtype={column.name: column.dtype for column in METADATA_COLUMNS if column.dtype in (object, "int64")},
        keep_default_na=False,
        na_values={column.name: [""] for column in METADATA_COLUMNS if column.nullable},
        float_precision="round_trip",
    )[list(COLUMNS)]
    return table.astype({column.name: column.dtype for column in METADATA_COLUMNS if column.kind != "flag"})


def read_rejected(path: Path) -> pd.DataFrame:
    """Read a `rejected.csv`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    pandas.DataFrame
        Columns `REJECTED_COLUMNS`, all text.

    Raises
    ------
    ValueError
        If it is not as this program wrote it; the line is named.
    """
    try:
        table = pd.read_csv(path, dtype=object, keep_default_na=False)[list(REJECTED_COLUMNS)]
        problem = invalid_text(path, REJECTED_COLUMNS, {})
    except (KeyError, ValueError) as error:
        problem = invalid_text(path, REJECTED_COLUMNS, {}) or str(error)
    if problem:
        raise ValueError(f"{str(path)!r} is not as `python -m generate` wrote it: {problem}. Delete it.")
    return table
