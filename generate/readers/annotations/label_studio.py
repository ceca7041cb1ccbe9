"""Exports of Label Studio as CSV or TSV: a row a recording, its regions as JSON in one field.

A region is `{"start": 0.5, "end": 2.1, "labels": ["dog"]}`. Source: Label Studio's documentation, "Export annotations",
CSV, and the tag `Labels` with `Audio`.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd

from generate.readers.annotations.columns import FILES, unused_notes
from generate.readers.annotations.detect import plain_name
from generate.readers.annotations.events import AnnotationFile, Columns, Event, event
from generate.readers.csv_tables.csv_text import named

LABELS = ("labels", "timeserieslabels", "choices")
_UPLOADED = re.compile(r"^[0-9a-f]{8}-")
"""What Label Studio writes before the names of uploaded files."""


def recognises(first_row: dict[str, str]) -> bool:
    """Whether a field of the first row holds regions."""
    return any(_regions(field) for field in first_row.values())


def read(table: pd.DataFrame, chosen: Columns) -> AnnotationFile:
    """Read an export.

    Parameters
    ----------
    table : pandas.DataFrame
        All text; the index is the line.
    chosen : Columns

    Raises
    ------
    ValueError
        If the column of the recording is not certain, or a region cannot be read.
    """
    regions = [column for column in table if any(_regions(field) for field in table[column])]
    others = [column for column in table if column not in regions]
    file = chosen.file or next((column for name in FILES for column in others if plain_name(column) == name), "")
    if not file or file not in table or len(regions) != 1:
        raise ValueError(
            f"it must have one column for the recording and one with regions. Got {named(list(table.columns))}. Choose "
            "the recording with --file-column."
        )
    events: list[Event] = []
    names = []
    for line, row in zip(table.index, table.to_dict("records"), strict=True):
        names.append(_name(row[file].strip()))
        for region in _regions(row[regions[0]]) or []:
            labels = next((region[key] for key in LABELS if isinstance(region.get(key), list)), [""])
            events += [
                event(names[-1], str(region["start"]), str(region["end"]), str(label), line=line) for label in labels
            ]
    notes = unused_notes(list(table.columns), {file, regions[0]})
    return AnnotationFile("label-studio", tuple(events), tuple(dict.fromkeys(names)), tuple(notes))


def _regions(field: str) -> list[dict[str, Any]] | None:
    """The regions in a field; None where it holds none."""
    if not field.lstrip().startswith("[{"):
        return None
    try:
        regions = json.loads(field)
    except ValueError:
        return None
    is_region = [isinstance(region, dict) and "start" in region and "end" in region for region in regions]
    return regions if all(is_region) else None


def _name(address: str) -> str:
    """The file that an address of Label Studio stands for."""
    parts = urlsplit(address)
    local = parse_qs(parts.query).get("d")
    path = local[0] if local else unquote(parts.path)
    if parts.scheme or path.startswith("/data/"):
        folder, slash, name = path.rpartition("/")
        path = _UPLOADED.sub("", name) if "/upload/" in f"{folder}/" else f"{folder}{slash}{name}"
    return path
