"""Which columns of an annotation table hold the file, the times and the label."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import pandas as pd

from generate.readers.annotations.detect import plain_name, time_columns, without_unit
from generate.readers.annotations.events import Columns, confidence_note
from generate.readers.csv_tables.csv_text import named

LABELS = (
    *("label", "annotation", "species", "class", "category", "event_label", "event", "common_name", "scientific_name"),
    *("species_code", "call_type", "call", "sound_type", "tag", "tags", "primary_label", "target", "code"),
)
"""Usual names of the label, in this order: those of OpenSoundscape, Raven's users, DCASE and BirdNET."""
FILES = (
    *("file", "filename", "file_name", "path", "filepath", "audio", "audio_file", "sound", "fname", "recording"),
    *("source_file", "notated_path", "begin_path", "begin_file", "audio_path", "audio_filename", "itemid", "wav"),
)
"""Usual names of the recording."""
CONFIDENCES = frozenset({"confidence", "conf", "score", "probability", "likelihood", "certainty"})
MOST_NAMED = 6
_LENGTHS = frozenset({"duration", "length", "event_duration", "segment_length", "delta_time", "dur"})
_IN_SAMPLES = re.compile(r"(?:samples?|frames?)$")
_IN_MILLISECONDS = re.compile(r"(?:ms|msec|milliseconds)$")


def label_column(table: pd.DataFrame, chosen: Columns, *, usual: Sequence[str] = LABELS) -> tuple[str, list[str]]:
    """The column of the label, and a note of it where others might be meant; empty where a table without rows has none.

    It is the first with a usual name in which something is written.

    Raises
    ------
    ValueError
        If there is none with a usual name.
    """
    columns = list(table.columns)
    if chosen.label:
        if chosen.label not in columns:
            raise ValueError(f"it has no column {chosen.label!r} (--label-column). It has {named(columns)}.")
        return chosen.label, []
    candidates = list(dict.fromkeys(column for name in usual for column in columns if plain_name(column) == name))
    if not candidates:
        if table.empty:
            return "", []
        raise ValueError(
            f"it has no column for the label with a usual name. It has {named(columns)}. Choose one with "
            "--label-column."
        )
    label = next((column for column in candidates if (table[column].str.strip() != "").any()), candidates[0])
    return label, [f"label from {label!r}"] if len(candidates) > 1 else []


def unused_notes(columns: Sequence[str], used: Collection[str]) -> list[str]:
    """Notes of the columns of a table that are not used, and that events count whatever their confidence is.

    Parameters
    ----------
    columns : sequence of str
    used : collection of str
        Those that are, or that tell nothing of the label.
    """
    unused = [column for column in columns if column and column not in used]
    confidences = [column for column in unused if plain_name(column) in CONFIDENCES]
    others = [column for column in unused if column not in confidences]
    more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
    notes = [f"columns not used: {named(others[:MOST_NAMED])}{more}"] if others else []
    if confidences:
        notes.append(confidence_note(named(confidences)))
    return notes


def file_column(columns: Sequence[str], chosen: Columns) -> str:
    """The column of the recording; empty: the table is named after its recording.

    Raises
    ------
    ValueError
        If the column that was chosen is not there.
    """
    if chosen.file:
        if chosen.file not in columns:
            raise ValueError(f"it has no column {chosen.file!r} (--file-column). It has {named(columns)}.")
        return chosen.file
    return next((column for name in FILES for column in columns if plain_name(column) == name), "")


def times_of(columns: Sequence[str]) -> tuple[str, str, bool, float]:
    """The columns of start and end, whether the latter is a duration, and the seconds that 1 stands for in both.

    Raises
    ------
    ValueError
        If one is missing or there are several, or they count samples.
    """
    found = time_columns(columns)
    lengths = [column for column in found if without_unit(column) in _LENGTHS]
    if len(found) == 3 and len(lengths) == 1:  # start, end and duration
        found = [column for column in found if column not in lengths]
        lengths = []
    if len(found) != 2:
        raise ValueError(
            f"it must have one column for the start and one for the end. Got {named(found) or 'none'} of "
            f"{named(columns)}. Rename them to start_s and end_s, or remove those that are not meant."
        )
    start, end = found
    words = [plain_name(column) for column in found]
    if any(_IN_SAMPLES.search(word) for word in words):
        raise ValueError(f"its times must be in seconds. Got {named(found)}. Divide them by the sample rate.")
    in_ms = [bool(_IN_MILLISECONDS.search(word)) for word in words]
    if in_ms[0] != in_ms[1]:
        raise ValueError(f"start and end must be in one unit. Got {named(found)}. Convert one of them.")
    return start, end, bool(lengths), 0.001 if in_ms[0] else 1.0
