"""The segments of AudioSet's tables, and their files."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from generate.readers.annotations.events import event
from generate.readers.csv_tables.csv_text import read_columns, read_table
from generate.runtime.wording import listed

WEAK = ("YTID", "start_seconds", "end_seconds", "positive_labels")
STRONG = ("segment_id", "start_time_seconds", "end_time_seconds", "label")
ID = r"(?P<id>[\w-]{11})"
FILE_NAMES = (
    # PANNs put a Y before the id, DCASE both times after it, others the start alone or milliseconds.
    re.compile(rf"Y?{ID}(?:_(?P<start>\d+(?:\.\d+)?)(?:_(?P<end>\d+(?:\.\d+)?))?)?"),
    re.compile(rf"\[{ID}\]-\[(?P<start>\d+)-(?P<end>\d+)\]"),
)
"""Of the files that usual downloaders write, without their suffix."""


class Segment(NamedTuple):
    """A part of a video.

    Parameters
    ----------
    video : str
        The id of YouTube.
    start_ms : int
        Where it begins in the video.
    """

    video: str
    start_ms: int

    def __str__(self) -> str:
        """As the strong labels write it."""
        return f"{self.video}_{self.start_ms}"


class Label(NamedTuple):
    """A label of a segment.

    Parameters
    ----------
    label : str
        Its id, such as `/m/0k4j`.
    start_s, end_s : float
        From the beginning of the segment.
    """

    label: str
    start_s: float
    end_s: float


def columns_of(path: Path) -> tuple[str, ...]:
    """`WEAK` or `STRONG`, by the first lines of a table; empty: it is neither."""
    names = read_columns(path, in_comment=True)
    return next((columns for columns in (WEAK, STRONG) if list(columns) == names), ())


def read_segments(path: Path) -> dict[Segment, list[Label]]:
    """Read a table of weak or strong labels.

    Parameters
    ----------
    path : Path
        With the columns `WEAK` or `STRONG`.

    Raises
    ------
    ValueError
        If a row cannot be read, or a segment of weak labels has two; with the line.
    """
    table = read_table(path, in_comment=True)
    is_strong = list(table.columns) == list(STRONG)
    segments: dict[Segment, list[Label]] = {}
    for line, (name, start, end, text) in zip(table.index, table.itertuples(index=False, name=None), strict=True):
        try:
            found = event(name.strip(), start, end, text, line=line)
            if not found.label:
                raise ValueError(f"line {line}: a segment must have a label. Got none for {found.recording!r}. Add it.")
            if is_strong:
                video, _, start_ms = found.recording.rpartition("_")
                if not video or not start_ms.isdecimal():
                    raise ValueError(
                        f"line {line}: a segment must be the video and its beginning in milliseconds, such as "
                        f"s9d-2nhuJCQ_30000. Got {found.recording!r}. Correct the line."
                    )
                of_segment = segments.setdefault(Segment(video, int(start_ms)), [])
                of_segment.append(Label(found.label, found.start_s, found.end_s))
                continue
            segment = Segment(found.recording, round(1000 * found.start_s))
            if segment in segments:
                raise ValueError(f"line {line}: the segment {segment} has two rows. Delete one.")
            length_s = found.end_s - found.start_s
            ids = filter(None, map(str.strip, found.label.split(",")))
            segments[segment] = [Label(label, 0.0, length_s) for label in ids]
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from None
    return segments


def find_files(
    segments: Iterable[Segment], audio_files: Sequence[str]
) -> tuple[dict[Segment, str], dict[Segment, str]]:
    """Find the file of each segment by the video, and the beginning where it is in the name.

    Parameters
    ----------
    segments : iterable of Segment
    audio_files : sequence of str
        Relative to the audio folder.

    Returns
    -------
    found : dict of Segment to str
    unclear : dict of Segment to str
        Segments that several files may be of, or whose file may be of several; and why.

    Examples
    --------
    >>> find_files([Segment("s9d-2nhuJCQ", 30000)], ["eval/Ys9d-2nhuJCQ_30.000_40.000.wav"])[0]
    {Segment(video='s9d-2nhuJCQ', start_ms=30000): 'eval/Ys9d-2nhuJCQ_30.000_40.000.wav'}
    """
    of_video: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        of_video[segment.video].append(segment)
    files_of: dict[Segment, list[str]] = defaultdict(list)
    unclear: dict[Segment, str] = {}
    for file in audio_files:
        stem = os.path.splitext(file.rpartition("/")[2])[0]
        named = next((match for pattern in FILE_NAMES if (match := pattern.fullmatch(stem))), None)
        if named is None:
            continue
        candidates = of_video.get(named["id"], [])
        if start := named["start"]:
            starts_ms = {round(1000 * float(start)), *([int(start)] if start.isdecimal() else [])}
            candidates = [segment for segment in candidates if segment.start_ms in starts_ms]
        if len(candidates) > 1:
            unclear |= dict.fromkeys(candidates, f"{file!r} does not say which of {len(candidates)} segments it is")
        elif candidates:
            files_of[candidates[0]].append(file)
    found = {segment: files[0] for segment, files in files_of.items() if len(files) == 1}
    unclear |= {
        segment: f"{len(files)} files have its name: {listed(map(repr, files), most=2)}"
        for segment, files in files_of.items()
        if len(files) > 1
    }
    return found, {segment: reason for segment, reason in unclear.items() if segment not in found}
