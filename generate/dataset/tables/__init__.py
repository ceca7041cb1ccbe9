"""The tables of an image folder: `metadata.csv`, `rejected.csv` and the journal of an unfinished run."""

from __future__ import annotations

from generate.dataset.tables.csv_files import METADATA, REJECTED, REVIEWED, read_metadata, read_rejected, write_table
from generate.dataset.tables.journal import JOURNAL, Journal, read_journal
from generate.dataset.tables.schema import COLUMNS, REJECTED_COLUMNS

__all__ = [
    "COLUMNS",
    "JOURNAL",
    "METADATA",
    "REJECTED",
    "REJECTED_COLUMNS",
    "REVIEWED",
    "Journal",
    "read_journal",
    "read_metadata",
    "read_rejected",
    "write_table",
]
