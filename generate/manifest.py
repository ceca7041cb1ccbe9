"""The tables beside the pictures: `metadata.csv`, `rejected.csv`, `settings.json`, and the journal of a run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

import pandas as pd

from generate.whole_file import whole_file

COLUMNS = (
    "file_name",
    "label",
    "clip_id",
    "source_id",
    "recording",
    "fold",
    "variant",
    "duplicate",
    "silent",
    "seconds",
    "peak_dbfs",
    "sound",
    "start_s",
    "sound_bytes",
    "sound_mtime_ns",
    "audio_sha256",
)
"""Of `metadata.csv`, one row a picture. `file_name` is relative to the folder; `recording` is what the collection calls
the original recording, and `source_id` is one name for all recordings that share equal audio: split by this one;
`duplicate` marks a variant whose picture equals its original's; `silent` a clip with nothing to hear; `seconds` is the
variant's length before it was padded or cut; `sound` is relative to the sound folder."""

REJECTED_COLUMNS = ("sound", "clip_id", "label", "reason")

METADATA = "metadata.csv"
REJECTED = "rejected.csv"
SETTINGS = "settings.json"
JOURNAL = "journal.csv"
"""Rows of pictures that are done, appended as the run goes; folded into `metadata.csv` at its end."""


def write_whole(path: Path, text: str) -> None:
    """Write a file to a temporary name, put it on the disk, and move it to its own."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, whole or not at all."""
    write_whole(path, table.to_csv(index=False, lineterminator="\n"))


def read_metadata(path: Path | TextIO) -> pd.DataFrame:
    """Read a `metadata.csv` or a journal; ids, folds and labels stay text, whatever they look like.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`.

    Raises
    ------
    ValueError
        If a column is absent, or a row does not fit.
    """
    text = ("file_name", "label", "clip_id", "source_id", "recording", "fold", "variant", "sound", "audio_sha256")
    try:
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(text, object) | {"sound_bytes": "int64", "sound_mtime_ns": "int64"},
            keep_default_na=False,
            na_values={"peak_dbfs": [""]},
            float_precision="round_trip",
        )
        return table[list(COLUMNS)]
    except (KeyError, ValueError, pd.errors.ParserError) as error:
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it ({error}). Put it right, or run with --overwrite."
        ) from None


class Journal:
    """Notes each finished clip at once, so that a run that is killed goes on where it stopped.

    Parameters
    ----------
    path : Path
        Opened for appending; a last line that was cut short is cut off first.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b", buffering=0)
        self._file.seek(0)
        content = self._file.read()
        self._file.truncate(content.rfind(b"\n") + 1)
        if b"\n" not in content:
            self._append([dict(zip(COLUMNS, COLUMNS, strict=True))])

    def note(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Append the rows of one clip's pictures in one write.

        Parameters
        ----------
        rows : iterable of Mapping
            One a picture, with the keys `COLUMNS`.
        """
        self._append(rows)

    def _append(self, rows: Iterable[Mapping[str, object]]) -> None:
        text = io.StringIO()
        csv.DictWriter(text, COLUMNS, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_journal(path: Path) -> pd.DataFrame:
    """Read the whole rows of a journal; damaged ones are passed over, since their pictures are soon drawn again."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1].decode("utf-8", "replace")
    rows = [row for row in csv.reader(io.StringIO(whole)) if len(row) == len(COLUMNS) and _is_row(row)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    text.seek(0)
    return read_metadata(text)


def _is_row(row: list[str]) -> bool:
    """Whether the fields that are no text can be read."""
    values = dict(zip(COLUMNS, row, strict=True))
    try:
        numbers = [float(values[name]) for name in ("seconds", "peak_dbfs", "start_s")]
        counts = [int(values[name]) for name in ("sound_bytes", "sound_mtime_ns")]
    except ValueError:
        return False
    flags = {values["duplicate"], values["silent"]}
    return len(numbers) == 3 and len(counts) == 2 and flags <= {"True", "False"}


def unite_equal_sounds(metadata: pd.DataFrame) -> pd.DataFrame:
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


def write_settings(path: Path, values: Mapping[str, object]) -> None:
    """Write `settings.json`."""
    write_whole(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_settings(path: Path) -> dict[str, object]:
    """Read `settings.json`.

    Raises
    ------
    ValueError
        If it is not the JSON object that this program wrote.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not {"settings", "fingerprint"} <= set(values):
            raise ValueError("it lacks the settings")
        if not isinstance(values["settings"], dict):
            raise ValueError("its settings are no table")
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it ({error}). Put it right, or give another OUTPUT."
        ) from None
    return values
