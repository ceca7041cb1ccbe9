"""AudioSet, and tables in its formats: 10 s of a video a file, weak or strong labels.

The formats are stated on https://research.google.com/audioset/download.html and `download_strong.html`:

- weak labels, such as `balanced_train_segments.csv`: three lines with `#`, the third of which names the columns, then
  `-0RWZT-miFs, 420.000, 430.000, "/m/03v3yw,/m/0k4j"`;
- strong labels, such as `audioset_train_strong.tsv`: `s9d-2nhuJCQ_30000`, start, end and label with tabs between them.
  The clip begins at 30000 ms of the video, and times are from its beginning.

`class_labels_indices.csv` and `mid_to_display_name.tsv` beside a table, or in the folder, give the names of the labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from generate.dataset.label_sets import join_labels
from generate.readers.annotated import EVENT_COLUMNS, WHOLE
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.audioset_segments import STRONG, WEAK, Label, Segment, columns_of, find_files, read_segments
from generate.readers.collection.clips import Collection, clips_table
from generate.readers.collection.reader import Reader, ReaderOptions
from generate.readers.csv_tables.csv_text import read_table, require_columns
from generate.readers.csv_tables.encoding import decoded
from generate.runtime.os_compat import nfc
from generate.runtime.safe_names import printable
from generate.runtime.wording import count, listed

NAMES, STRONG_NAMES = "class_labels_indices.csv", "mid_to_display_name.tsv"
"""Tables of display names. The first has the columns index, mid and display_name, the second no names of columns."""
SPLITS = {"train": "train", "eval": "test"}
"""Of the segments of a table, by a part of its name."""
VIDEO = "its table (the video)"


def tables_in(folder: Path) -> list[Path]:
    """The tables of segments in a folder."""
    return sorted(
        child
        for child in folder.iterdir()
        if child.suffix.lower() in (".csv", ".tsv") and not child.name.startswith(".") and reads_table(child)
    )


def reads_table(path: Path) -> bool:
    """Whether a file is a table of segments."""
    return path.is_file() and bool(columns_of(path))


def recognises(folder: Path) -> bool:
    """Whether a table of segments is in the folder."""
    return bool(tables_in(folder))


def read(folder: Path, options: ReaderOptions) -> Collection:
    """Read the table that `options.labels` names, or all in the folder, and find the files of its segments.

    With weak labels each file is a clip with its labels. With strong ones, windows are labelled by the events in them.

    Raises
    ------
    FileNotFoundError
        If there is no table.
    ValueError
        If a table cannot be read, or there are weak and strong ones.
    """
    paths = [options.labels] if options.labels else tables_in(folder)
    if not paths or not paths[0].is_file():
        raise FileNotFoundError(f"There is no table of segments {str(paths[0] if paths else folder)!r} (--labels).")
    kinds = {columns_of(path) for path in paths}
    if len(kinds) > 1 or not all(kinds):
        raise ValueError(
            f"A table of segments must have the columns {', '.join(WEAK)}, or {', '.join(STRONG)}, and all in a folder "
            f"the same. Got {listed([path.name for path in paths], most=6)}. Choose one with --labels."
        )
    segments: dict[Segment, list[Label]] = {}
    split_of: dict[Segment, str] = {}
    for path in paths:
        found = read_segments(path)
        if twice := next((segment for segment in found if segment in segments), None):
            raise ValueError(f"{path.name}: the segment {twice} is in another table too. Choose one with --labels.")
        segments |= found
        split_of |= dict.fromkeys(found, next((split for part, split in SPLITS.items() if part in path.name), ""))
    names = _display_names([*(path.parent for path in paths), folder])
    audio_files = find_audio_files(folder)[0]
    file_of, unclear = find_files(segments, audio_files)
    if not file_of:
        raise ValueError(
            f"Audio files must be named after segments of {listed([path.name for path in paths])}, such as "
            f"{next(iter(segments), 'YTID')}.wav. Got {count(len(audio_files), 'audio file')} in {str(folder)!r}, none "
            "of them certain. Rename them; if the classes are those of its folders, give --layout folders."
        )
    there = {segment: labels for segment, labels in segments.items() if segment in file_of}
    is_strong = kinds == {STRONG}
    collection = (_strong if is_strong else _weak)(there, file_of, split_of, names)
    if n_unnamed := len(audio_files) - len(file_of):
        collection.skipped["audio files that are not certain to be of a segment"] += n_unnamed
    where = listed([path.name for path in paths])
    collection.missing = [  # of strong labels a file has no label of its own, but events
        (
            str(segment),
            "" if is_strong else _joined(segments[segment], names),
            f"named in {where}, but not certain: {reason}",
        )
        for segment, reason in unclear.items()
    ]
    collection.notes[:0] = _notes(where, segments, there, names)
    return collection


def _notes(
    where: str, segments: Mapping[Segment, object], there: Mapping[Segment, Sequence[Label]], names: Mapping[str, str]
) -> list[str]:
    """How many segments there are, which are absent, and labels without a name."""
    absent = [str(segment) for segment in segments if segment not in there]
    nameless = sorted({label.label for labels in there.values() for label in labels} - set(names))
    notes = [f"{where}: each file is taken as its segment, not as the whole video"]
    if absent:
        few = f"{where}: no file of {len(absent):,} of the {count(len(segments), 'segment')}: {listed(absent)}"
        notes.append(few)
    if nameless:
        notes.append(
            f"{count(len(nameless), 'label')} without a display name: {listed(nameless)}; {NAMES} or {STRONG_NAMES} "
            "beside the table have them"
        )
    return notes


def _weak(
    there: Mapping[Segment, Sequence[Label]],
    file_of: Mapping[Segment, str],
    split_of: Mapping[Segment, str],
    names: Mapping[str, str],
) -> Collection:
    """One clip a file, with all its labels."""
    clips = clips_table(
        paths=[file_of[segment] for segment in there],
        labels=[_joined(labels, names) for labels in there.values()],
        sources=[segment.video for segment in there],
        splits=[split_of[segment] for segment in there],
    )
    return Collection(clips, recordings_from=VIDEO, multilabel=True)


def _strong(
    there: Mapping[Segment, Sequence[Label]],
    file_of: Mapping[Segment, str],
    split_of: Mapping[Segment, str],
    names: Mapping[str, str],
) -> Collection:
    """Whole files, and the events in them, for `generate.rendering.windows`."""
    clips = clips_table(
        paths=[file_of[segment] for segment in there],
        labels=[WHOLE] * len(there),
        sources=[segment.video for segment in there],
        splits=[split_of[segment] for segment in there],
    )
    rows = sorted(
        {
            (file_of[segment], label.start_s, label.end_s, _named(label.label, names))
            for segment, labels in there.items()
            for label in labels
        }
    )
    events = pd.DataFrame([(*row, math.nan, math.nan) for row in rows], columns=list(EVENT_COLUMNS))
    note = "a window with several classes is left out; --layout audioset --overlapping multi gives it all of them"
    return Collection(
        clips, notes=[note], recordings_from=VIDEO, events=events.astype({"path": object, "label": object})
    )


def _joined(labels: Iterable[Label], names: Mapping[str, str]) -> str:
    return join_labels(_named(label.label, names) for label in labels)


def _named(label: str, names: Mapping[str, str]) -> str:
    """The display name of a label, or its id where there is none."""
    return nfc(printable(names.get(label, label)))


def _display_names(folders: Iterable[Path]) -> dict[str, str]:
    """The name of each label, from the tables in these folders."""
    names: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        if (path := folder / STRONG_NAMES).is_file():
            lines = (line.partition("\t") for line in decoded(path.read_bytes()).splitlines())
            names |= {label.strip(): name.strip() for label, _, name in lines if name.strip()}
        if (path := folder / NAMES).is_file():
            table = read_table(path)
            require_columns(table, ("mid", "display_name"), path)
            names |= dict(zip(table["mid"].str.strip(), table["display_name"].str.strip(), strict=True))
    return names


READER = Reader(
    title="AudioSet",
    recognises=recognises,
    read=read,
    reads_table=reads_table,
    options=frozenset({"labels"}),
    defaults={"seconds": 10.0, "long": "split"},
    citation=(
        'J. F. Gemmeke et al. "Audio Set: An ontology and human-labeled dataset for audio events". IEEE ICASSP, 2017. '
        "https://doi.org/10.1109/ICASSP.2017.7952261"
    ),
    licence="labels CC BY 4.0; the audio is that of the videos",
    class_from="its table",
    recording_from=VIDEO,
)
