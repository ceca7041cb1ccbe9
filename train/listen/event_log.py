"""A table of events that grows while they end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from generate.runtime.output_file import check_output_file
from train.predict.event_files import COLUMNS, event_table
from train.predict.events import DetectedEvent

HEADER = ",".join(COLUMNS) + "\n"


class EventLog:
    """Appends a row to a CSV for each event, on the disk before the next one: nothing is lost when the program ends.

    Parameters
    ----------
    path : Path
        New, or a table of events, to which rows are appended; columns as in `train.predict.event_files.event_table`.

    Raises
    ------
    ValueError, OSError
        If it holds something else, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        check_output_file(path, "--csv", begins=HEADER)
        self._path = path
        content = path.read_bytes()[-1:] if path.exists() else b""
        # A row that a power cut left unfinished gets its end.
        self._append(HEADER if not content else "" if content == b"\n" else "\n")

    def add(self, event: DetectedEvent, times: Mapping[str, datetime]) -> None:
        """Append an event; `times` are when recordings begin, by their names.

        Raises
        ------
        OSError
            If it cannot be written.
        """
        self._append(event_table([event], times).to_csv(index=False, header=False, lineterminator="\n"))

    def _append(self, text: str) -> None:
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
