"""Detect annotations: tables that label parts of recordings (start and end), and the columns of these.

One class for such a recording would be a wrong label, and skipping the table would lose its labels; so without
`--annotations` the table is named and the folder is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from generate.audio.formats import AUDIO_SUFFIXES
from generate.readers.annotations import audacity
from generate.readers.audio_folder.walk import SYSTEM_FOLDERS
from generate.readers.csv_tables.csv_text import named
from generate.readers.csv_tables.encoding import first_text

STARTS = frozenset(
    ("start", "begin", "onset", "from", "t0", "t_start", "tmin", "xmin", "start_time", "begin_time", "time_start")
    + ("onset_time", "time_begin", "start_timestamp", "segment_start", "event_start", "clip_start", "start_offset")
)
ENDS = frozenset(
    ("end", "stop", "offset", "to", "t1", "t_end", "tmax", "xmax", "end_time", "stop_time", "time_end", "offset_time")
    + ("time_stop", "end_timestamp", "segment_end", "event_end", "clip_end", "end_offset", "duration", "length")
    + ("event_duration", "segment_length", "delta_time", "dur")
)
"""Such columns of Raven, Audacity, Sonic Visualiser, BirdNET, DCASE, Kaleidoscope and others, without their unit and in
lower case. Without an end, only `SURE_STARTS` are a start."""
SURE_STARTS = frozenset(("onset", "begin_time", "start_time", "t0", "onset_time", "segment_start", "event_start"))
UNITS = r"(?:_?(?:s|sec|secs|second|seconds|ms|msec|milliseconds|samples?|frames?))"
POSITION = re.compile(r"\d+(?:[.,:]\d+)*\s*(?:s|sec|ms)?")
"""A position in a recording: seconds, samples, or minutes and seconds."""
DATE = re.compile(r"\d{4}[-/.]?\d\d[-/.]?\d\d(?!\d)|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?!\d)")
"""When a recording was made, not a position in it."""

TABLE_SUFFIXES = frozenset((".txt", ".csv", ".tsv", ".lab"))
KNOWN_SUFFIXES = {".textgrid": "Praat", ".eaf": "ELAN"}
MAX_OPENED = 200
"""Text files of a folder that are opened, evenly over all of them."""

WHAT_TO_DO = "With --annotations PATH, the file or the folder of them, windows of the recordings are labelled by them"


def time_columns(columns: Sequence[str]) -> list[str]:
    """The columns with the start and end of a label in a recording.

    Parameters
    ----------
    columns : sequence of str

    Returns
    -------
    list of str
        A start and an end (or duration), or a name that can only be a start; empty where the table has none.
    """
    plain = {column: without_unit(column) for column in columns}
    possible_ends = {column for column, name in plain.items() if name in ENDS}
    starts = [column for column, name in plain.items() if name in STARTS]
    if not starts and len(possible_ends) > 1:  # an offset and a duration, as in Kaleidoscope
        starts = [column for column, name in plain.items() if name == "offset"]
    ends = [column for column in columns if column in possible_ends and column not in starts]
    if starts and ends:
        return [*starts, *ends]
    return [column for column in starts if plain[column] in SURE_STARTS]


def plain_name(column: str) -> str:
    """In lower case with `_` between words: `Begin Time (s)` is `begin_time_s`, `eventLabel` is `event_label`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.strip())
    return re.sub(r"\W+", "_", words.lower()).strip("_")


def without_unit(column: str) -> str:
    """The plain name without a unit of time: `Begin Time (s)` and `beginTime` are `begin_time`."""
    name = plain_name(column)
    return re.sub(UNITS + r"$", "", name) or name


def are_positions(values: Sequence[str]) -> bool:
    """Whether the values of such a column are positions in a recording, by the first that is not empty."""
    first = next((value.strip() for value in values if value.strip()), "")
    return bool(POSITION.fullmatch(first)) and not DATE.match(first)


def refuse_times(table_name: str, columns: Sequence[str]) -> None:
    """Raise `ValueError` for a table of annotations, with what to do.

    Parameters
    ----------
    table_name : str
    columns : sequence of str
        As `time_columns` returns them.
    """
    raise ValueError(
        f"{table_name} has the columns {named(columns)}, so each row labels a part of a recording. {WHAT_TO_DO}. (If "
        "the files are cut at these times already, so that a row stands for a whole file, give a copy of the table "
        "without these columns.)"
    )


def find_annotations(folder: Path) -> tuple[list[str], int]:
    """Find files that label parts of recordings: Raven selection tables, Audacity label tracks, TextGrids and others.

    At most `MAX_OPENED` files are opened, and of each the first 64 KB are read.

    Parameters
    ----------
    folder : Path
        The audio folder.

    Returns
    -------
    files : list of str
        Relative to the folder, with `/`, sorted.
    n_texts : int
        Number of text files, of which not all may have been opened.
    """
    texts = sorted(_text_files(folder))
    known = [path for path in texts if os.path.splitext(path)[1].lower() in KNOWN_SUFFIXES]
    tables = [path for path in texts if os.path.splitext(path)[1].lower() in TABLE_SUFFIXES]
    step = max(1, -(-len(tables) // MAX_OPENED))
    return sorted(known + [path for path in tables[::step] if labels_parts(folder / path)]), len(texts)


def labels_parts(path: Path) -> bool:
    """Whether a text file labels parts of a recording, by its first lines."""
    try:
        text = first_text(path)
    except OSError:
        return False
    lines = [line for line in re.split(r"\r\n|\r|\n", text)[: audacity.FIRST_LINES] if line.strip()]
    is_lab = path.suffix.lower() == ".lab"
    return audacity.recognises(lines, with_spaces=is_lab) or any(
        _is_header(lines, k) for k in range(min(5, len(lines)))
    )


def _is_header(lines: Sequence[str], k: int) -> bool:
    """Whether a line names the columns of such a table, and the next one has positions in them."""
    for separator in "\t;,":
        columns = [name.strip(" \"'") for name in lines[k].lstrip("# ").split(separator)]
        if len(columns) > 2 and (times := time_columns(columns)):
            if k + 1 == len(lines):
                return True
            row = lines[k + 1].split(separator)
            place = columns.index(times[0])
            return place < len(row) and are_positions([row[place].strip(" \"'")])
    return False


def _text_files(folder: Path) -> Iterator[str]:
    """Files that may hold such labels, at any depth, without hidden ones."""
    waiting, seen = [(os.fspath(folder), "")], set()
    while waiting:
        place, prefix = waiting.pop()
        target = os.path.realpath(place)
        if target in seen:
            continue
        seen.add(target)
        for entry in os.scandir(place):
            if entry.name.startswith(".") or entry.name in SYSTEM_FOLDERS:
                continue
            suffix = os.path.splitext(entry.name)[1].lower()
            if suffix in TABLE_SUFFIXES or suffix in KNOWN_SUFFIXES:
                if os.path.isfile(entry.path):
                    yield prefix + entry.name
            elif suffix not in AUDIO_SUFFIXES and os.path.isdir(entry.path):
                waiting.append((entry.path, f"{prefix}{entry.name}/"))


def note_annotations(folder: Path, *, is_settled: bool) -> list[str]:
    """Refuse a folder with annotations, or return a note where the user told where the classes come from.

    Parameters
    ----------
    folder : Path
        The audio folder.
    is_settled : bool
        Whether the user told it.

    Returns
    -------
    list of str
        Notes for the plan.

    Raises
    ------
    ValueError
        If there are annotations, and `is_settled` is false.
    """
    files, n_texts = find_annotations(folder)
    if not files:
        return []
    some = ", ".join(repr(path) for path in files[:3]) + (" ..." if len(files) > 3 else "")
    among = f" (of {n_texts:,} text files, {MAX_OPENED} at most were opened)" if n_texts > MAX_OPENED else ""
    many = f"{len(files):,} {'file labels' if len(files) == 1 else 'files label'} parts of recordings{among}: {some}"
    if is_settled:
        return [f"{many}; they are not read, each recording has one class"]
    raise ValueError(
        f"In {str(folder)!r} {many}. {WHAT_TO_DO}. (If the class folders are right for whole files whatever these "
        "files say, settle it with --layout folders.)"
    )
