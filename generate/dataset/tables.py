"""The tables beside the images: `metadata.csv`, `rejected.csv`, `settings.json`, and the journal of a run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import pandas as pd

from generate.dataset.settings import Settings
from generate.dataset.table_validation import EARLIER_NAMES, twice_named, wrong_rows, wrong_text
from generate.runtime import json_check
from generate.runtime.atomic_write import atomic_write, write_text_atomically

COLUMNS = (
    "file_name",
    "label",
    "clip_id",
    "source_id",
    "recording",
    "fold",
    "split",
    "variant",
    "duplicate",
    "silent",
    "seconds",
    "peak_dbfs",
    "dc_offset",
    "channel",
    "sample_rate_hz",
    "audio_file",
    "start_s",
    "audio_bytes",
    "audio_mtime_ns",
    "audio_sha256",
)
"""Of `metadata.csv`, one row an image. `file_name` is relative to the folder; `recording` is what the collection calls
the original recording, and `source_id` is one name for all recordings that share equal audio: split by this one;
`split` is the part that the collection's own folders say (`train`, `validation`, `test`), kept and not used;
`duplicate` marks a variant whose image equals its original's; `silent` a clip with nothing to hear; `seconds` is the
variant's length before it was padded or cut; `peak_dbfs` is of the file as it was decoded, all its channels;
`dc_offset` (1 is full scale) was taken away; `channel` is `mono`, `mean`, or the number of the channel that was taken;
`sample_rate_hz` is the file's own; `sound` is relative to the sound folder."""
LATER = {"split": "", "dc_offset": float("nan"), "channel": "", "sample_rate_hz": pd.NA}
"""Columns that a table of an earlier release lacks, and what is read there instead."""

TEXT = (
    "file_name",
    "label",
    "clip_id",
    "source_id",
    "recording",
    "fold",
    "split",
    "variant",
    "channel",
    "audio_file",
) + ("audio_sha256",)
NUMBERS = {"seconds": float, "start_s": float, "audio_bytes": int, "audio_mtime_ns": int}
"""Columns that are text whatever they look like, and those that are numbers and never empty."""

REJECTED_COLUMNS = ("audio_file", "clip_id", "label", "reason")

METADATA = "metadata.csv"
REJECTED = "rejected.csv"
SETTINGS = "settings.json"
JOURNAL = "journal.csv"
"""Rows of images that are done, appended as the run goes; folded into `metadata.csv` at its end."""


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all."""
    with atomic_write(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", encoding="utf-8")


def read_metadata(path: Path) -> pd.DataFrame:
    """Read a `metadata.csv`; ids, folds and labels stay text, whatever they look like.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; those in `LATER` are filled in where the table has none.

    Raises
    ------
    ValueError
        If a column is absent, or a row is none that stage one writes (see `generate.dataset.table_validation`); the
        lines are named.
    """
    try:
        table = _read_rows(path)
        if _holds_nul(path):
            raise ValueError("it holds bytes that are no text")
        why = twice_named(path, COLUMNS) or wrong_rows(table)
    except (KeyError, ValueError, OverflowError, pd.errors.ParserError) as error:
        why = wrong_text(path, [name for name in COLUMNS if name not in LATER], NUMBERS) or str(error)
    if why:
        raise ValueError(
            f"{str(path)!r} is not as `python -m generate` wrote it: {why}. Put it right, or delete it and run "
            "`python -m generate` again (or with --overwrite)."
        )
    return table


def _holds_nul(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b"\0" in block for block in iter(lambda: file.read(1 << 20), b""))


def _read_rows(source: Path | TextIO) -> pd.DataFrame:
    """The rows of a table or a journal, as they are."""
    dtypes = dict.fromkeys(TEXT, object) | {"audio_bytes": "int64", "audio_mtime_ns": "int64"}
    table = pd.read_csv(
        source,
        dtype=dtypes | {before: dtypes[name] for before, name in EARLIER_NAMES.items()},
        keep_default_na=False,
        na_values=dict.fromkeys(("peak_dbfs", "dc_offset", "sample_rate_hz"), [""]),
        float_precision="round_trip",
    ).rename(columns=EARLIER_NAMES)
    table = table.assign(**{name: value for name, value in LATER.items() if name not in table})[list(COLUMNS)]
    numbers = dict.fromkeys(("seconds", "peak_dbfs", "start_s", "dc_offset"), "float64")
    return table.astype(numbers | {"channel": object, "sample_rate_hz": "Int64"})


def read_rejected(path: Path) -> pd.DataFrame:
    """Read a `rejected.csv`.

    Returns
    -------
    pandas.DataFrame
        Columns `REJECTED_COLUMNS`, all text.

    Raises
    ------
    ValueError
        If it is not as this program wrote it; the line is named.
    """
    try:
        table = pd.read_csv(path, dtype=object, keep_default_na=False).rename(columns=EARLIER_NAMES)[
            list(REJECTED_COLUMNS)
        ]
        why = wrong_text(path, REJECTED_COLUMNS, {})
    except (KeyError, ValueError) as error:
        why = wrong_text(path, REJECTED_COLUMNS, {}) or str(error)
    if why:
        raise ValueError(f"{str(path)!r} is not as `python -m generate` wrote it: {why}. Delete it.")
    return table


class Journal:
    """Notes each finished clip at once, so that a run that is killed goes on where it stopped.

    Parameters
    ----------
    path : Path
        Opened for appending; if there is one already, its damaged rows are taken out first.
    """

    def __init__(self, path: Path) -> None:
        # Whole rows alone: after a quotation mark that nothing closes, rows that follow would not be seen.
        write_table(path, read_journal(path) if path.exists() else pd.DataFrame(columns=list(COLUMNS)))
        self._file = path.open("ab", buffering=0)

    def note(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Append the rows of one clip's images in one write.

        Parameters
        ----------
        rows : iterable of Mapping
            One an image, with the keys `COLUMNS`.
        """
        self._append(rows)

    def _append(self, rows: Iterable[Mapping[str, object]]) -> None:
        text = io.StringIO()
        csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(rows)
        left = memoryview(text.getvalue().encode())
        try:
            while left:  # on a disk that is nearly full only a part of it may be written at once
                left = left[self._file.write(left) :]
        except OSError as error:
            error.filename = str(self._file.name)  # the system does not say it
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_journal(path: Path) -> pd.DataFrame:
    """Read the whole rows of a journal; damaged ones are skipped, since their images are soon drawn again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1].decode("utf-8", "replace").replace("\0", "\ufffd")
    rows = []
    with suppress(csv.Error):  # a field of a hundred thousand letters: a quotation mark that nothing closes
        rows += (row for row in csv.reader(io.StringIO(whole, newline="")) if len(row) == len(COLUMNS) and _is_row(row))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    text.seek(0)
    return _read_rows(text)


def _is_row(row: list[str]) -> bool:
    """Whether the fields that are no text can be read."""
    values = dict(zip(COLUMNS, row, strict=True))
    try:
        numbers = [float(values[name]) for name in ("seconds", "peak_dbfs", "start_s", "dc_offset")]
        counts = [int(values[name]) for name in ("sample_rate_hz", "audio_bytes", "audio_mtime_ns")]
    except ValueError:
        return False
    flags = {values["duplicate"], values["silent"]}
    return len(numbers) == 4 and len(counts) == 3 and flags <= {"True", "False"}


def unite_equal_audio(metadata: pd.DataFrame) -> pd.DataFrame:
    """Give recordings that share equal audio one `source_id`, so that no split separates them.

    Where a clip of recording B sounds exactly as one of A, all clips of both get the name that sorts first, and so
    on through chains of such recordings.

    Parameters
    ----------
    metadata : pandas.DataFrame
        With the columns `recording`, `audio_sha256`, `silent`. Silent clips unite nothing: all silence is equal.

    Returns
    -------
    pandas.DataFrame
        The same with the column `source_id` filled in.
    """
    leader = {source: source for source in metadata["recording"].unique()}

    def find(source: str) -> str:
        while leader[source] != source:
            leader[source] = leader[leader[source]]
            source = leader[source]
        return source

    audible = metadata.loc[~metadata["silent"].astype(bool), ["recording", "audio_sha256"]].drop_duplicates()
    shared = audible[audible["audio_sha256"].duplicated(keep=False)]
    for _, sources in shared.groupby("audio_sha256")["recording"]:
        first, *others = sorted({find(source) for source in sources})
        leader.update(dict.fromkeys(others, first))
    return metadata.assign(source_id=metadata["recording"].map(find))


_REQUIRED = {"settings": json_check.TABLE, "fingerprint": json_check.TEXT}
_OPTIONAL = {
    "format": json_check.number(1, 1, whole=True),
    "fan_out": json_check.SWITCH,
    "engine": json_check.TEXT,
    "collection": json_check.TABLE,
    "versions": json_check.table_of(json_check.TEXT),
}
"""Of `settings.json`: what must stand there, and what may."""
_COLLECTION = ("name", "audio_folder", "layout", "subset", "labels", "source_pattern", "name_pattern", "source_column")
_COLLECTION += ("citation", "licence")


def write_settings(path: Path, values: Mapping[str, object]) -> None:
    """Write `settings.json`."""
    write_text_atomically(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def _with_names_of_today(values: object) -> object:
    """The same with `audio_folder`, which earlier releases called `sounds`."""
    collection = values.get("collection") if isinstance(values, dict) else None
    if not isinstance(collection, dict) or "sounds" not in collection:
        return values
    collection = {"audio_folder" if name == "sounds" else name: value for name, value in collection.items()}
    return {**values, "collection": collection}


def read_settings(path: Path) -> dict[str, object]:
    """Read `settings.json`.

    Raises
    ------
    ValueError
        If it is not the JSON object that this program wrote.
    """
    try:
        values = _with_names_of_today(json_check.read_json(path))
        json_check.check(values, _REQUIRED, optional=_OPTIONAL)
        json_check.check(values.get("collection", {}), {}, optional=dict.fromkeys(_COLLECTION, json_check.TEXT))
        Settings.from_json(values["settings"])
    except ValueError as error:
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it ({error}). Put it right, or give another OUTPUT."
        ) from None
    return values
