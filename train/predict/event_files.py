"""Events as files: a table, and a file a recording as Raven and Audacity open them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd

from generate.dataset.folder import REVIEW
from generate.readers.annotations import audacity, raven
from generate.readers.annotations.event_tables import (
    MANIFEST,
    EventTable,
    is_corrected,
    manifest_entries,
    names_no_tables,
    read_event_tables,
    sha256_of,
)
from generate.readers.annotations.events import Event
from generate.runtime.atomic_write import write_json, write_text_atomically
from generate.runtime.output_folder import check_nothing_lost, files_listed
from generate.runtime.safe_names import safe_name, unique_ids
from generate.runtime.wording import listed
from train.predict.events import DetectedEvent
from train.predict.recording_page.listening import STRIPS

TABLE = "events.csv"
ENDINGS = {"raven": ".Table.1.selections.txt", "audacity": ".audacity.txt"}
"""Raven proposes the first for its own selection tables."""
PAGE = ".html"
"""Ending of a recording's page; beside it is the folder of its strips, see `train.predict.recording_page`."""
COLUMNS = ("file", "start_s", "end_s", "label", "peak_probability", "mean_probability", "begins_at", "ends_at")


def event_table(events: Sequence[DetectedEvent], times: Mapping[str, datetime]) -> pd.DataFrame:
    """One row an event.

    Parameters
    ----------
    events : sequence of DetectedEvent
    times : Mapping of str to datetime
        When recordings begin, by their files, where that is known.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `label`, `peak_probability`, `mean_probability`, and `begins_at` and `ends_at` in
        ISO 8601, empty where it is not known when the recording was made.
    """

    def at(event: DetectedEvent, seconds: float) -> str:
        begins = times.get(event.file)
        return (begins + timedelta(seconds=seconds)).isoformat(timespec="milliseconds") if begins else ""

    rows = [asdict(e) | {"begins_at": at(e, e.start_s), "ends_at": at(e, e.end_s)} for e in events]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def check_events_folder(folder: Path, recordings: Sequence[str], formats: Sequence[str]) -> dict[str, str]:
    """Check, before any work, that only files of earlier events would be replaced, as they were written.

    Parameters
    ----------
    folder : Path
    recordings : sequence of str
    formats : sequence of str
        Of `train.defaults.EVENT_FORMATS`.

    Returns
    -------
    dict of str to str
        The name of each recording's files, as `names_of` gives it for all: some may turn out to be unreadable.

    Raises
    ------
    ValueError
        If the folder is a file, or holds other files of these names: annotations made by hand are called so too; or
        events of other recordings; or if one of the tables was corrected since.
    """
    names = names_of(recordings)
    planned = _planned(names.values(), formats)
    check_nothing_lost(folder, "--events", [*planned, MANIFEST], manifest=MANIFEST)
    if names_no_tables(folder) and (there := [name for name in planned if (folder / name).is_file()]):
        raise ValueError(
            f"--events must be a new folder, or one whose {MANIFEST} says how tables were written. Got "
            f"{str(folder)!r}, where it is not known whether somebody corrected {there[0]!r}. Give another folder."
        )
    earlier = read_event_tables(folder)
    if others := sorted({file for table in earlier.values() for file in table.recordings} - set(recordings)):
        raise ValueError(
            f"--events must be a new folder, or one with events of the same recordings. Got {str(folder)!r}, whose "
            f"tables hold events of {listed(others, most=2)} too, which would be lost. Give another folder, or all "
            "recordings at once."
        )
    corrected = [name for name in planned if name in earlier and is_corrected(folder, name, earlier[name])]
    if corrected:
        raise ValueError(
            f"--events must be a folder whose tables are as they were written. Got {str(folder)!r}, whose "
            f"{corrected[0]!r} was corrected since; the corrections would be lost. Give another folder."
        )
    return names


def write_events(
    folder: Path,
    events: Mapping[str, Sequence[DetectedEvent]],
    *,
    names: Mapping[str, str],
    formats: Sequence[str],
    times: Mapping[str, datetime],
    high_hz: float,
    made_by: Mapping[str, object],
) -> list[Path]:
    """Write `events.csv`, and for each recording a file of each other format, those without an event too.

    Pages are named in `events.json` as own files, and written by `train.predict.predict_events.write_pages`.

    Parameters
    ----------
    folder : Path
        Made where it is not there; see `check_events_folder`.
    events : Mapping of str to sequence of DetectedEvent
        By recording.
    names : Mapping of str to str
        As `check_events_folder` gives them.
    formats : sequence of str
        Of `train.defaults.EVENT_FORMATS`.
    times : Mapping of str to datetime
        See `event_table`.
    high_hz : float
        Upper end of the selections for Raven.
    made_by : Mapping
        For `events.json`: the run, the thresholds.

    Returns
    -------
    list of Path
        The files, without pages and `events.json`, which names them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planned = _planned([names[file] for file in events], formats)
    texts, tables = {}, {}
    if "csv" in formats:
        texts[TABLE] = event_table([event for own in events.values() for event in own], times).to_csv(
            index=False, lineterminator="\n"
        )
        tables[TABLE] = EventTable("csv", tuple(events), "")
    for file, own in events.items():
        plain = [(Event("", event.start_s, event.end_s, event.label), event.peak_probability) for event in own]
        if "raven" in formats:
            name = names[file] + ENDINGS["raven"]
            texts[name], tables[name] = raven.write(plain, high_hz=high_hz), EventTable("raven", (file,), "")
        if "audacity" in formats:
            name = names[file] + ENDINGS["audacity"]
            texts[name] = audacity.write(event for event, _ in plain)
            tables[name] = EventTable("audacity", (file,), "")
    earlier = {name: table for name, table in read_event_tables(folder).items() if name not in tables}
    content = {"format": 1, **made_by, "files": sorted(files_listed(folder / MANIFEST) | {MANIFEST, *planned})}
    # First, so that after an interruption the next run knows its own files; without the sums of those that change.
    write_json(folder / MANIFEST, content | {"tables": manifest_entries(earlier)})
    for name, text in texts.items():
        write_text_atomically(folder / name, text)
    written = {name: replace(table, sha256=sha256_of(texts[name])) for name, table in tables.items()}
    write_json(folder / MANIFEST, content | {"tables": manifest_entries(earlier | written)})
    return [folder / name for name in planned if not name.endswith((PAGE, STRIPS))]


def _planned(names: Collection[str], formats: Sequence[str]) -> list[str]:
    """Names of the files and folders that will be written for recordings with these names."""
    endings = {kind: [ending] for kind, ending in ENDINGS.items()} | {"html": [PAGE, STRIPS]}
    return [
        *([TABLE] if "csv" in formats else []),
        *([REVIEW] if "html" in formats else []),
        *(name + ending for kind in formats for ending in endings.get(kind, []) for name in names),
    ]


def names_of(files: Sequence[str]) -> dict[str, str]:
    """A name for the files of each recording: its own without the suffix; where two are alike, its whole path.

    Paths that are alike as names (`a/b.wav`, `a-b.wav`) have digits of their SHA-1 too.
    """
    alike = Counter([Path(REVIEW).stem, *(Path(file).stem.casefold() for file in files)])  # of no recording
    names = {file: Path(file).stem if alike[Path(file).stem.casefold()] == 1 else file for file in files}
    names = {file: safe_name(name, max_bytes=100) for file, name in names.items()}
    return dict(zip(files, unique_ids(list(names.values()), files), strict=True))
