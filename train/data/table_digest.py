"""A digest of the table of an image folder, by which a run knows whether its images are still the same."""

from __future__ import annotations

import hashlib

import pandas as pd

from train.data.reviewed import is_added


def table_sha256(table: pd.DataFrame) -> str:
    """A digest that changes with any image, class, recording, fold or audio of a table, and not with its order."""
    columns = ["file_name", "label", "clip_id", "source_id", "fold", "variant", "duplicate", "audio_sha256"]
    if (table["background_source_id"] != "").any():
        columns.append("background_source_id")
    if (added := is_added(table)).any():  # these are in no test
        table, columns = table.assign(added=added), [*columns, "added"]
    text = table[columns].sort_values("file_name").to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
