"""A folder of event tables that this program wrote, of which somebody may have corrected some.

The same events are in several tables there: one of all recordings, and one a recording and format. `events.json` names
each with its SHA-256, so that a corrected one is known, and counts in place of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from generate.readers.annotations.events import AnnotationFile
from generate.readers.csv_tables.encoding import decoded
from generate.runtime.json_check import read_json
from generate.runtime.wording import count

MANIFEST = "events.json"


@dataclass(frozen=True)
class EventTable:
    """A table of events as it was written.

    Parameters
    ----------
    format : str
        `csv`, `raven` or `audacity`.
    recordings : tuple of str
    sha256 : str
        Of the file.
    """

    format: str
    recordings: tuple[str, ...]
    sha256: str


@dataclass(frozen=True)
class Chosen:
    """Which tables of a folder are read.

    Parameters
    ----------
    recordings : dict of str to tuple of str
        The recordings that each of them is read for, by its file name.
    corrected : frozenset of str
        File names of those that somebody changed: recordings that were added there count too.
    skipped : frozenset of str
        File names of the others.
    note : str
    """

    recordings: dict[str, tuple[str, ...]]
    corrected: frozenset[str]
    skipped: frozenset[str]
    note: str


def manifest_entries(tables: Mapping[str, EventTable]) -> dict[str, dict[str, object]]:
    """Tables by their file names, for the manifest under `tables`."""
    return {name: asdict(table) for name, table in tables.items()}


def read_event_tables(folder: Path) -> dict[str, EventTable]:
    """The tables that the manifest of a folder names, by their file names; none without a manifest.

    Parameters
    ----------
    folder : Path
    """
    try:
        content = read_json(folder / MANIFEST)
    except (OSError, ValueError):
        return {}
    entries = content.get("tables") if isinstance(content, dict) else None
    found = {}
    for name, entry in entries.items() if isinstance(entries, dict) else ():
        recordings = entry.get("recordings") if isinstance(entry, dict) else None
        if isinstance(recordings, list):
            found[name] = EventTable(str(entry.get("format")), tuple(map(str, recordings)), str(entry.get("sha256")))
    return found


def sha256_of(text: str) -> str:
    """The SHA-256 of a text, whatever its line ends and a byte order mark, which programs and copies change."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    return hashlib.sha256(lines.encode()).hexdigest()


def names_no_tables(folder: Path) -> bool:
    """Whether there is a manifest that does not say how tables were written."""
    try:
        content = read_json(folder / MANIFEST)
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "tables" not in content


def is_corrected(folder: Path, name: str, table: EventTable) -> bool:
    """Whether a table is there and is not as it was written."""
    path = folder / name
    try:
        return path.is_file() and sha256_of(decoded(path.read_bytes())) != table.sha256
    except ValueError:
        return True


def choose_tables(folder: Path, names: Collection[str]) -> Chosen | None:
    """Choose one table for each recording: the corrected one, else the one that was written last.

    A recording whose table was deleted, while others of that format are there, is left out, unless a table of another
    format was corrected.

    Parameters
    ----------
    folder : Path
    names : collection of str
        The text files in it.

    Returns
    -------
    Chosen or None
        None without a manifest.

    Raises
    ------
    ValueError
        If two tables of a recording were corrected.
    """
    tables = read_event_tables(folder)
    if not tables:
        return None
    corrected = {name for name, table in tables.items() if name in names and is_corrected(folder, name, table)}
    formats = {tables[name].format for name in tables if name in names}
    of_recording: dict[str, list[str]] = {}
    for name, table in tables.items():  # as they were written
        for recording in table.recordings if table.format in formats else ():
            of_recording.setdefault(recording, []).append(name)
    chosen: dict[str, list[str]] = {}
    n_deleted = 0
    for recording, own in of_recording.items():
        best = [name for name in own if name in corrected]
        if len(best) > 1:
            raise ValueError(
                f"--annotations must hold corrections of a recording in one table. Got {best[0]!r} and {best[1]!r}, "
                "both changed since they were written. Make the corrections in one of them, and delete the other."
            )
        is_deleted = any(name not in names for name in own)
        n_deleted += is_deleted and not best
        for name in best or ([] if is_deleted else own[-1:]):
            chosen.setdefault(name, []).append(recording)
    changed = count(len(corrected), "table") + (" was" if len(corrected) == 1 else " were") if corrected else "none was"
    deleted = f"; {count(n_deleted, 'recording')} left out, whose table was deleted" if n_deleted else ""
    note = f"of the tables of events that {MANIFEST} names, one a recording; {changed} corrected{deleted}"
    recordings = {name: tuple(own) for name, own in chosen.items()}
    return Chosen(recordings, frozenset(corrected), frozenset(tables) - frozenset(recordings), note)


def of_recordings(content: AnnotationFile, name: str, chosen: Chosen) -> AnnotationFile:
    """What a table says of the recordings that it was chosen for; of one that it does not name, that nothing is heard.

    Parameters
    ----------
    content : AnnotationFile
    name : str
        Of its file.
    chosen : Chosen
    """
    recordings, notes = chosen.recordings[name], (*content.notes, chosen.note)
    if content.format != "table" and len(content.recordings) <= 1:  # of one, which Raven may name otherwise
        events = tuple(event._replace(recording=recordings[0]) for event in content.events)
        return replace(content, events=events, recordings=recordings, notes=notes)
    own = tuple(dict.fromkeys(recording.strip() for recording in recordings))
    others = tuple(recording for recording in content.recordings if name in chosen.corrected and recording not in own)
    kept = {*own, *others}
    events = tuple(event for event in content.events if event.recording in kept)
    return replace(content, events=events, recordings=(*own, *others), notes=notes)
