"""Any table with a start, an end and a label, and with the recording unless it is named after it.

So are the lists of DCASE, AudioSet, BirdNET and OpenSoundscape. A row with a recording alone states that nothing is
heard in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from generate.readers.annotations.columns import file_column, label_column, times_of, unused_notes
from generate.readers.annotations.detect import plain_name, time_columns
from generate.readers.annotations.events import AnnotationFile, Columns, event

LOW = frozenset({"low_freq_hz", "low_freq", "low_f", "low_hz", "fmin_hz", "freq_min_hz", "min_frequency_hz"})
HIGH = frozenset({"high_freq_hz", "high_freq", "high_f", "high_hz", "fmax_hz", "freq_max_hz", "max_frequency_hz"})


def recognises(columns: Sequence[str]) -> bool:
    """Whether a table has times."""
    return bool(time_columns(columns))


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
        If a column is not certain, or a row cannot be read.
    """
    columns = list(table.columns)
    start, end, is_length, unit_s = times_of(columns)
    file = file_column(columns, chosen)
    if file and table.empty:
        raise ValueError(f"it must have a row for each recording, in its column {file!r}. Got none. Add them.")
    label, notes = label_column(table.drop(columns=[start, end, *([file] if file else [])]), chosen)
    frequencies = [next((name for name in columns if plain_name(name) in names), "") for names in (LOW, HIGH)]
    notes += unused_notes(columns, {start, end, file, label, *frequencies})
    events, recordings = [], []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        name = row[file].strip() if file else ""
        if file and not name:
            raise ValueError(f"line {line}: a row must have a recording. Got none. Fill in the column {file!r}.")
        recordings.append(name)
        if file and not (row[start].strip() or row[end].strip() or (label and row[label].strip())):
            continue
        hz = [row[name] for name in frequencies if name]
        found = event(
            name, row[start], row[start] if is_length else row[end], row[label], line=line, unit_s=unit_s, hz=hz
        )
        if is_length:
            length_s = event("", "0", row[end], "", line=line, unit_s=unit_s).end_s
            found = found._replace(end_s=round(found.start_s + length_s, 6))
        events.append(found)
    return AnnotationFile("table", tuple(events), tuple(dict.fromkeys(recordings)) if file else (), tuple(notes))
