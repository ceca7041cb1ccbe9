"""Selection tables of Raven: columns with tabs between them, one row a selection.

Source: the Raven Pro User's Manual, chapter "Selections"; each table that was seen has `Selection`, `View`, `Channel`,
`Begin Time (s)`, `End Time (s)`, `Low Freq (Hz)` and `High Freq (Hz)`, then measurements and the user's own columns.
A selection in two views (waveform and spectrogram) has two rows with one number. Cells hold what was typed, without
quoting.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import pandas as pd

from generate.readers.annotations.columns import LABELS, label_column, unused_notes
from generate.readers.annotations.events import AnnotationFile, Columns, Event, event
from generate.readers.csv_tables.csv_text import named
from generate.runtime.wording import count

BEGIN, END, LOW, HIGH = "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"
OFFSET = "File Offset (s)"
"""Where a selection begins in its own file, when several files are open in sequence."""
FILES = ("Begin Path", "Begin File")
ITS_OWN = frozenset({"Selection", "View", "Channel", "Delta Time (s)", BEGIN, END, LOW, HIGH, OFFSET, *FILES})
"""Columns of each table, of which a label is made or which tell nothing of it."""
SPECIES, PROBABILITY = "Species", "Probability"
"""Columns of the tables that `write` makes. Where others are added, such as `Annotation`, the label is in the first."""


def recognises(columns: Sequence[str]) -> bool:
    """Whether a table has these columns."""
    return BEGIN in columns and END in columns


def read(table: pd.DataFrame, chosen: Columns) -> AnnotationFile:
    """Read a selection table.

    Parameters
    ----------
    table : pandas.DataFrame
        All text; the index is the line.
    chosen : Columns

    Raises
    ------
    ValueError
        If the column of the label is not certain, or a row cannot be read.
    """
    first = ("species",) if SPECIES in table and PROBABILITY in table else ()
    label, notes = label_column(table, chosen, usual=(*first, *LABELS))
    file = chosen.file or next((name for name in FILES if name in table and (table[name].str.strip() != "").any()), "")
    if file and file not in table:
        raise ValueError(f"it has no column {file!r}. It has {named(list(table.columns))}.")
    notes += unused_notes(list(table.columns), {*ITS_OWN, label, file})
    names = table[file].str.strip() if file else pd.Series("", index=table.index, dtype=object)
    if OFFSET not in table and names.nunique() > 1:
        raise ValueError(
            f"its selections are of {names.nunique()} files, and without {OFFSET!r} it is not known where in them. Add "
            f"the measurement {OFFSET!r} in Raven and save it again."
        )
    n_rows = len(table)
    if "Selection" in table and "View" in table and table["View"].nunique() > 1:
        kept = ~table.assign(file=names).duplicated(["Selection", "file", BEGIN, END])
        table, names = table[kept], names[kept]
        if len(table) < n_rows:
            notes.append(f"{count(n_rows - len(table), 'row')} of other views of the same selections")
    events = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        hz = (row.get(LOW, ""), row.get(HIGH, ""))
        found = event(names[line], row[BEGIN], row[END], row[label] if label else "", line=line, hz=hz)
        if OFFSET in row:
            start = event("", row[OFFSET], row[OFFSET], "", line=line).start_s
            found = found._replace(start_s=start, end_s=round(start + found.end_s - found.start_s, 6))
        events.append(found)
    return AnnotationFile("raven", tuple(events), tuple(dict.fromkeys(names)) if file else (), tuple(notes))


def write(events: Iterable[tuple[Event, float]], *, high_hz: float) -> str:
    """The text of a selection table with the columns that Raven itself writes, `Species` and `Probability`.

    Parameters
    ----------
    events : iterable of (Event, float)
        Of one recording, with their probabilities.
    high_hz : float
        Upper end of a selection whose frequencies are not known; its lower end is 0.
    """
    lines = ["\t".join(["Selection", "View", "Channel", BEGIN, END, LOW, HIGH, SPECIES, PROBABILITY])]
    for number, (found, probability) in enumerate(events, start=1):
        known = not math.isnan(found.low_hz) and not math.isnan(found.high_hz)
        low, high = (found.low_hz, found.high_hz) if known else (0.0, high_hz)
        times = f"{found.start_s:.6f}\t{found.end_s:.6f}\t{low:.1f}\t{high:.1f}"
        lines.append(f"{number}\tSpectrogram 1\t1\t{times}\t{found.label}\t{probability:.4f}")
    return "\n".join(lines) + "\n"
