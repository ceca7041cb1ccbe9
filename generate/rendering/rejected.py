"""Rejected clips, and the other clips of a file of which one cannot be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from generate.audio import FileReason
from generate.runtime.wording import count


class RejectedClip(NamedTuple):
    """One clip, and why it was rejected; the first four fields are those of `rejected.csv`."""

    audio_file: str
    clip_id: str
    label: str
    reason: str
    start_s: float = 0.0


def faulty_from_s(rejected: Sequence[RejectedClip]) -> dict[str, float]:
    """From where on each damaged file cannot be read, in seconds: the start of its first clip that failed."""
    found: dict[str, float] = {}
    for clip in rejected:
        if isinstance(clip.reason, FileReason):
            found[clip.audio_file] = min(clip.start_s, found.get(clip.audio_file, clip.start_s))
    return found


def after_damage(clips: Sequence[RejectedClip], rejected: Sequence[RejectedClip]) -> list[RejectedClip]:
    """Reject clips that were rendered although they follow the first unreadable clip of their file.

    Otherwise the result would depend on the number of workers, some of which were ahead when the damage was found.

    Parameters
    ----------
    clips : sequence of RejectedClip
        Rendered clips; their reasons are ignored.
    rejected : sequence of RejectedClip

    Returns
    -------
    list of RejectedClip
        Those of `clips` that are rejected, with the reason of the first unreadable one.
    """
    from_s = faulty_from_s(rejected)
    reasons = {clip.audio_file: clip.reason for clip in rejected if clip.start_s == from_s.get(clip.audio_file)}
    return [
        clip._replace(reason=reasons[clip.audio_file])
        for clip in clips
        if clip.start_s > from_s.get(clip.audio_file, math.inf)
    ]


def one_line_a_file(rejected: Sequence[RejectedClip]) -> list[RejectedClip]:
    """Merge the clips of a damaged file into the line of the first; its reason says how many there are.

    Parameters
    ----------
    rejected : sequence of RejectedClip

    Returns
    -------
    list of RejectedClip
        Sorted.
    """
    from_s = faulty_from_s(rejected)
    lines: list[RejectedClip] = []
    of_file: dict[str, list[RejectedClip]] = {}
    for clip in sorted(rejected, key=lambda clip: (clip.start_s, clip.clip_id)):
        if clip.start_s >= from_s.get(clip.audio_file, math.inf):
            of_file.setdefault(clip.audio_file, []).append(clip)
        else:
            lines.append(clip)
    for first, *others in of_file.values():
        more = f"; and {count(len(others), 'more clip')} of this file, from {first.start_s:g} s on"
        lines.append(first._replace(reason=first.reason + more) if others else first)
    return sorted(lines)


def table_of(rejected: Sequence[RejectedClip], columns: Sequence[str]) -> pd.DataFrame:
    """The table `rejected.csv`."""
    return pd.DataFrame([clip[: len(columns)] for clip in rejected], columns=list(columns), dtype=object)
