"""Tables of Wildlife Acoustics' Kaleidoscope (`cluster.csv`, `meta.csv`, `id.csv`).

Times are `OFFSET` and `DURATION` in seconds, the recording is `FOLDER` and `IN FILE`, and the label is what a person
wrote, `MANUAL ID`; what the program itself proposed (`AUTO ID`, `TOP1MATCH`) is read with `--label-column` alone.
Source: the Kaleidoscope Pro documentation, "Cluster output"; `*` after a name marks columns that may be edited.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from generate.readers.annotations.columns import label_column, unused_notes
from generate.readers.annotations.events import AnnotationFile, Columns, event
from generate.readers.csv_tables.csv_text import named

FILE, OFFSET, DURATION = "IN FILE", "OFFSET", "DURATION"


def recognises(columns: Sequence[str]) -> bool:
    """Whether a table has these columns."""
    return {FILE, OFFSET, DURATION} <= set(_plain(columns))


def read(table: pd.DataFrame, chosen: Columns) -> AnnotationFile:
    """Read a table.

    Parameters
    ----------
    table : pandas.DataFrame
        All text; the index is the line.
    chosen : Columns

    Raises
    ------
    ValueError
        If it has no `MANUAL ID` and no other column was chosen, or a row cannot be read.
    """
    table = table.set_axis(pd.Index(_plain(list(table.columns)), dtype=object), axis=1)
    chosen = Columns(file=chosen.file.rstrip("*"), label=chosen.label.rstrip("*"))
    if not chosen.label and "MANUAL ID" not in table:
        raise ValueError(
            f"it has no column 'MANUAL ID', so nobody confirmed these labels. It has {named(list(table.columns))}. "
            "Give --label-column to use another one."
        )
    label, notes = label_column(table, chosen, usual=("manual_id",))
    notes += unused_notes(list(table.columns), {FILE, OFFSET, DURATION, "FOLDER", label})
    events = []
    names = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        folder, name = row.get("FOLDER", "").strip().replace("\\", "/").strip("/"), row[FILE].strip()
        names.append(f"{folder}/{name}" if folder else name)
        begin = event(names[-1], row[OFFSET], row[OFFSET], row[label], line=line)
        length_s = event("", "0", row[DURATION], "", line=line).end_s
        events.append(begin._replace(end_s=round(begin.start_s + length_s, 6)))
    return AnnotationFile("kaleidoscope", tuple(events), tuple(dict.fromkeys(names)), tuple(notes))


def _plain(columns: Sequence[str]) -> list[str]:
    return [column.rstrip("*").strip() for column in columns]
