"""Recordings with annotations: each clip is a window that an event labels; see `generate.rendering.windows`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from generate.readers.annotations.events import AnnotationFile, Columns
from generate.readers.annotations.read import FORMATS, read_annotations
from generate.readers.annotations.recordings import find_recordings
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable
from generate.runtime.wording import count, listed

UNLABELLED = ""
"""Label of an event that somebody marked without saying what it is."""
WHOLE = "(annotated)"
"""In place of a class, until windows are labelled."""
EVENT_COLUMNS = ("path", "start_s", "end_s", "label", "low_hz", "high_hz")


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the annotations that `options.annotations` names, and find their recordings.

    Returns
    -------
    Collection
        One row a recording that was annotated, and its events.

    Raises
    ------
    FileNotFoundError, ValueError
        If an annotation file cannot be read, or its recording is not certain.
    """
    if options.annotations is None:
        raise ValueError("--layout annotations must be combined with --annotations PATH. Give both, or leave it out.")
    chosen = Columns(file=options.file_column, label=options.label_column)
    files, skipped = read_annotations(options.annotations, chosen)
    audio_files, others = find_audio_files(folder)
    recording_of, missing, moved = find_recordings(
        files, audio_files, folder=Path(os.path.abspath(folder)).as_posix(), place=_place(options.annotations, folder)
    )
    if not recording_of:
        name, reason = next(iter(missing.items()))
        raise ValueError(
            f"--annotations must be of recordings in {str(folder)!r}. Got {count(len(missing), 'recording')}, none of "
            f"which is there: {name!r} is {reason}. Give their folder, or correct the names."
        )
    events = _events(files, recording_of)
    paths = sorted(set(recording_of.values()))
    n_without = len(audio_files) - len(paths)
    if n_without:
        rest = sorted(set(audio_files) - set(paths))
        others[f"audio files without annotations, such as {printable(rest[0])}"] += n_without
    return Collection(
        clips_table(paths=paths, labels=[WHOLE] * len(paths)),
        skipped=_without_annotations(others, files, options.annotations, folder),
        missing=[(name, "", reason) for name, reason in missing.items()],
        notes=[*_notes(files, skipped, events, n_without), *moved],
        events=events,
    )


def _place(annotations: Path, folder: Path) -> str:
    """The folder of the annotations relative to the audio folder; empty where they are elsewhere."""
    place, recordings = (annotations if annotations.is_dir() else annotations.parent).resolve(), folder.resolve()
    return "/".join(place.relative_to(recordings).parts) if place.is_relative_to(recordings) else ""


def _events(files: Mapping[str, AnnotationFile], recording_of: Mapping[tuple[str, str], str]) -> pd.DataFrame:
    """All events of recordings that are there, once each, in the order of recording and time."""
    rows = [
        (recording_of[path, found.recording], found.start_s, found.end_s, nfc(printable(found.label)), *found[4:])
        for path, content in files.items()
        for found in content.events
        if (path, found.recording) in recording_of
    ]
    table = pd.DataFrame(rows, columns=list(EVENT_COLUMNS)).astype({"path": object, "label": object})
    table = table.drop_duplicates(["path", "start_s", "end_s", "label"])
    order = sorted(
        range(len(table)), key=list(zip(table["path"], table["start_s"], table["end_s"], strict=True)).__getitem__
    )
    return table.iloc[order].reset_index(drop=True)


def _without_annotations(
    skipped: Counter, files: Mapping[str, AnnotationFile], annotations: Path, folder: Path
) -> Counter:
    """The files that were not read; annotations may lie among the recordings."""
    place, recordings = (annotations if annotations.is_dir() else annotations.parent).resolve(), folder.resolve()
    for path in files:
        if not (place / path).is_relative_to(recordings):
            continue
        suffix = "." + path.rpartition(".")[2].lower()
        if skipped.get(suffix, 0):
            skipped[suffix] -= 1
    return +skipped


def _notes(files: Mapping[str, AnnotationFile], skipped: Counter, events: pd.DataFrame, n_without: int) -> list[str]:
    kinds = Counter(content.format for content in files.values())
    notes = [f"annotations: {', '.join(count(n, FORMATS[kind]) for kind, n in kinds.most_common())}"]
    said = Counter(note for content in files.values() for note in content.notes)
    notes += [note if n == len(files) else f"{note} (in {count(n, 'file')})" for note, n in said.most_common()]
    n_events = sum(len(content.events) for content in files.values())
    if n_events > len(events):
        notes.append(f"{count(n_events - len(events), 'event')} given twice, or of recordings that are not there")
    unlabelled = events["label"] == UNLABELLED
    if unlabelled.any():
        notes.append(f"{count(int(unlabelled.sum()), 'event')} without a label: windows with them are left out")
    if skipped:
        notes.append(f"no annotations: {listed([f'{n} {kind}' for kind, n in sorted(skipped.items())], most=5)}")
    if n_without:
        notes.append(
            "recordings without annotations are left out, since anything may be heard in them; for one that was "
            "listened to and holds nothing, give an empty file of its name, such as monday.txt"
        )
    return notes


READER = Reader(
    title="recordings with annotations",
    recognises=lambda folder: False,  # by --annotations alone
    read=read,
    options=frozenset({"annotations", "file_column", "label_column"}),
    defaults={"long": "split"},
    class_from="the annotations",
    recording_from="the file",
)
