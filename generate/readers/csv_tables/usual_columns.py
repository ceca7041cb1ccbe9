"""Usual names of the columns of a table of labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from generate.readers.csv_tables.csv_text import named

USUAL_NAMES = {
    "file": ("file", "filename", "file_name", "path", "filepath", "audio", "audio_file", "sound", "fname"),
    "label": ("label", "class", "category", "species", "target", "primary_label"),
    "fold": ("fold", "folds"),
    "source": ("recording", "source", "source_id", "src_file", "recording_id"),
}
"""Columns that are used without an option, in this order, in upper or lower case."""


def usual_column(columns: Sequence[str], role: str, path: Path) -> str:
    """The first column with a usual name of a role, else empty."""
    for name in USUAL_NAMES[role]:
        found = [column for column in columns if column.strip().lower() == name]
        if len(set(found)) > 1:
            raise ValueError(
                f"{str(path)!r} must have one column for the {role}. Got {named(found)}. Choose with --{role}-column."
            )
        if found:
            return found[0]
    return ""
