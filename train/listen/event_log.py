"""A table of events that grows while they end."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from generate.runtime.output_file import check_output_file
from train.predict.event_files import COLUMNS, event_table
from train.predict.events import DetectedEvent

HEADER = ",".join(COLUMNS) + "\n"


class EventLog:
    """Appends a row to a CSV for each event, on the disk before the next one: nothing is lost when the program ends.

    Events that cannot be written wait for the next one.

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
        self._path, self._waiting = path, list[str]()
        content = path.read_bytes()[-1:] if path.exists() else b""
        # A row that a power cut left unfinished gets its end.
        self._append(HEADER if not content else "" if content == b"\n" else "\n")

    @property
    def n_waiting(self) -> int:
        """How many events could not be written yet."""
        return len(self._waiting)

    def add(self, event: DetectedEvent, times: Mapping[str, datetime]) -> str:
        """Append an event; `times` are when recordings begin, by their names. Returns what `write` does."""
        self._waiting.append(event_table([event], times).to_csv(index=False, header=False, lineterminator="\n"))
        return self.write()

    def write(self) -> str:
        """Append the events that wait; returns why they could not be written, or nothing: a full disk may get space."""
        if not self._waiting:
            return ""
        try:
            self._append("".join(self._waiting))
        except OSError as error:
            return error.strerror or str(error)
        self._waiting.clear()
        return ""

    def _append(self, text: str) -> None:
        n_bytes = self._path.stat().st_size if self._path.exists() else 0
        try:
            with self._path.open("a", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):  # a part of a row, which will be written again
                os.truncate(self._path, n_bytes)
            raise
