"""Reviewed labels: the table `review.csv`, which the page `review.html` saves."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generate.dataset.tables.schema import LEADS_OUT
from generate.readers.csv_tables.csv_text import line_numbers, read_table, require_columns
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable

CONFIRMED, CHANGED, DROPPED = "confirmed", "changed", "dropped"
DECISIONS = (CONFIRMED, CHANGED, DROPPED)
REVIEW_COLUMNS = (
    *("clip_id", "file", "start_s", "end_s", "label", "decision", "new_label", "found_by", "run", "reviewed_at"),
)
"""`clip_id` and `file` as in `metadata.csv`, or no `clip_id` and the path of a new recording; `label` before, and
`new_label` from now on, which is empty where the clip is dropped."""


SAME_START_S = 0.005
"""Windows that begin within this time of each other are one."""


_WINDOW_ID = re.compile(r".*-at\d{5,}\.\d{3}s.*", re.DOTALL)


def added_id(source: str, start_s: float) -> str:
    """The `clip_id` of a window of a recording that a review adds."""
    return f"{source}-at{start_s:09.3f}s"


def read_reviews(paths: Sequence[Path], audio_folder: Path) -> pd.DataFrame:
    """Read reviews; where two are of one clip, or of one event, the later file is valid.

    A window of a recording may have a row for each class that was predicted there.

    Parameters
    ----------
    paths : sequence of Path
        Such as `review.csv`.
    audio_folder : Path
        Of the collection.

    Returns
    -------
    pandas.DataFrame
        Columns `REVIEW_COLUMNS`, in the order of the files, all text but `start_s`, in seconds; and `path`, the
        absolute path of the recording of a window, which is empty where the row is of the clip `clip_id`.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or a row is not understood; the lines are named.
    """
    valid: dict[tuple[str, ...], dict] = {}
    of_window: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for path in paths:
        for row in _read(path, audio_folder).to_dict("records"):
            key = _key(row)
            earlier = of_window.setdefault(key[:2], set())
            # A page that was made after a review asks for the class that the review gave.
            for other in [other for other in earlier if row["label"] == valid[other]["new_label"] != ""]:
                earlier.remove(other)
                del valid[other]
            valid[key] = row
            earlier.add(key)
    return pd.DataFrame(list(valid.values()), columns=[*REVIEW_COLUMNS, "path"])


def _key(row: dict) -> tuple[str, ...]:
    """What tells clips and events apart."""
    return (row["path"], f"{row['start_s']:.2f}", row["label"]) if row["path"] else (row["clip_id"],)


def _read(path: Path, audio_folder: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(f"There is no review {str(path)!r}. Save one with the page review.html.")
    table = read_table(path)
    require_columns(table, REVIEW_COLUMNS, path)
    text = table[list(REVIEW_COLUMNS)].astype(object)
    table = text.copy()
    for name in ("label", "new_label"):
        table[name] = [nfc(printable(value.strip())) for value in text[name]]
    table["start_s"] = [_seconds(value) for value in text["start_s"]]
    table["path"] = [
        _window_path(clip_id, file, audio_folder) for clip_id, file in zip(table["clip_id"], table["file"], strict=True)
    ]
    keys = pd.Series([str(_key(row)) for row in table.to_dict("records")], index=table.index, dtype=object)
    decision, new, before = table["decision"], table["new_label"], table["label"]
    for wrong, what in (
        (~decision.isin(DECISIONS), f"decision must be one of {', '.join(DECISIONS)}"),
        (table["start_s"].isna(), "start_s must be seconds from the beginning of the file, such as 12.5"),
        (table["file"] == "", "file must name the recording"),
        ((decision == DROPPED) & (new != ""), "new_label must be empty where a clip is dropped"),
        ((decision == CHANGED) & ((new == "") | (new == before)), "new_label must be another class than label"),
        ((decision == CONFIRMED) & ((new == "") | (new != before)), "new_label must be label where it is confirmed"),
        (keys.duplicated(keep=False), "a clip must have one row, and an event too"),
    ):
        if wrong.any():
            lines = list(table.index[wrong])
            got = " | ".join(text.loc[lines[0]])
            raise ValueError(
                f"In {str(path)!r} {what}. Got {got!r} in {line_numbers(lines)}. Correct it, or save the review again."
            )
    return table


def _window_path(clip_id: str, file: str, audio_folder: Path) -> str:
    """The recording of a window, absolute; empty where the row is of a clip.

    A window that an earlier review added has a name by now, as windows of annotated recordings have from the start.
    """
    if not clip_id:
        return os.path.abspath(file) if file else ""
    if _WINDOW_ID.fullmatch(clip_id) or LEADS_OUT.match(file):
        return os.path.abspath(audio_folder / file)
    return ""


def _seconds(text: str) -> float:
    try:
        value = float(text.replace(",", "."))  # as some spreadsheets write it
    except ValueError:
        return math.nan
    return value if 0 <= value < math.inf else math.nan
