"""Reviewed labels: the table `review.csv`, which the page `review.html` saves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

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


def read_reviews(paths: Sequence[Path]) -> pd.DataFrame:
    """Read reviews; where two are of one clip or event, the later file is valid.

    A window of a recording may have a row for each class that was predicted there.

    Parameters
    ----------
    paths : sequence of Path
        Such as `review.csv`.

    Returns
    -------
    pandas.DataFrame
        Columns `REVIEW_COLUMNS`, in the order of the files; all text but `start_s`, in seconds.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is not there or a row is not understood; the lines are named.
    """
    tables = [_read(path) for path in paths]
    table = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(REVIEW_COLUMNS))
    return table[~_keys(table).duplicated(keep="last")].reset_index(drop=True)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise FileNotFoundError(f"There is no review {str(path)!r}. Save one with the page review.html.")
    table = read_table(path)
    require_columns(table, REVIEW_COLUMNS, path)
    table = table[list(REVIEW_COLUMNS)].astype(object)
    for name in ("label", "new_label"):
        table[name] = [nfc(printable(text.strip())) for text in table[name]]
    table["start_s"] = [_seconds(text) for text in table["start_s"]]
    decision, new, before = table["decision"], table["new_label"], table["label"]
    for wrong, what in (
        (~decision.isin(DECISIONS), f"decision must be one of {', '.join(DECISIONS)}"),
        (table["start_s"].isna(), "start_s must be seconds from the beginning of the file, such as 12.5"),
        (table["file"] == "", "file must name the recording"),
        ((decision == DROPPED) & (new != ""), "new_label must be empty where a clip is dropped"),
        ((decision == CHANGED) & ((new == "") | (new == before)), "new_label must be another class than label"),
        ((decision == CONFIRMED) & ((new == "") | (new != before)), "new_label must be label where it is confirmed"),
        (_keys(table).duplicated(keep=False), "a clip must have one row, and an event too"),
    ):
        if wrong.any():
            lines = list(table.index[wrong])
            raise ValueError(
                f"In {str(path)!r} {what}. Got {','.join(map(str, table.loc[lines[0]]))!r} in {line_numbers(lines)}. "
                "Correct it, or save the review again."
            )
    return table


def _keys(table: pd.DataFrame) -> pd.Series:
    """What tells clips and events apart."""
    rows = zip(table["clip_id"], table["file"], table["start_s"], table["label"], strict=True)
    return pd.Series([clip_id or event for clip_id, *event in rows], index=table.index, dtype=object).map(str)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if 0 <= value < math.inf else math.nan
