"""The journal of a run: rows of finished images, so that a run that was killed resumes where it stopped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import pandas as pd

from generate.dataset.tables.csv_files import parse_metadata, write_table
from generate.dataset.tables.schema import COLUMNS, METADATA_COLUMNS

JOURNAL = "journal.csv"
"""Appended to during a run, and merged into `metadata.csv` at its end."""


class Journal:
    """Records each finished clip at once.

    Parameters
    ----------
    path : Path
        Opened for appending; damaged rows of an existing journal are removed first.
    """

    def __init__(self, path: Path) -> None:
        # After an unclosed quotation mark, the rows that are appended would not be read.
        write_table(path, read_journal(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS)))
        self._file = path.open("ab", buffering=0)

    def append(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Append the rows of one clip's images in one write.

        Parameters
        ----------
        rows : iterable of Mapping
            One an image, with the keys `COLUMNS`.
        """
        text = io.StringIO()
        csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(rows)
        remaining = memoryview(text.getvalue().encode())
        try:
            while remaining:  # on a disk that is nearly full, one write may take only a part of it
                remaining = remaining[self._file.write(remaining) :]
        except OSError as error:
            error.filename = str(self._file.name)  # the system does not name it
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_journal(path: Path) -> pd.DataFrame:
    """Read the rows of a journal; damaged ones are skipped, and their images are rendered again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1].decode("utf-8", "replace").replace("\0", "\ufffd")
    rows: list[list[str]] = []
    with suppress(csv.Error):  # a field of a hundred thousand characters: an unclosed quotation mark
        rows += filter(_is_valid, csv.reader(io.StringIO(whole, newline="")))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    text.seek(0)
    return parse_metadata(text)


def _is_valid(row: list[str]) -> bool:
    """Whether every field can be parsed; the header cannot."""
    try:
        for column, field in zip(METADATA_COLUMNS, row, strict=True):
            column.parse(field)
    except ValueError:
        return False
    return True
