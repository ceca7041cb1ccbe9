"""Clips that were rejected, and what becomes of a file of which one clip cannot be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from generate.audio import FileReason
from generate.runtime.wording import count


class RejectedClip(NamedTuple):
    """One clip, and why it was rejected; the first four as in `rejected.csv`."""

    sound: str
    clip_id: str
    label: str
    reason: str
    start_s: float = 0.0


def faulty_from_s(rejected: Sequence[RejectedClip]) -> dict[str, float]:
    """Where each file that is at fault itself can no longer be read, in seconds: at the first clip that shows it."""
    found: dict[str, float] = {}
    for clip in rejected:
        if isinstance(clip.reason, FileReason):
            found[clip.sound] = min(clip.start_s, found.get(clip.sound, clip.start_s))
    return found


def behind_a_fault(clips: Sequence[RejectedClip], rejected: Sequence[RejectedClip]) -> list[RejectedClip]:
    """Of clips that were drawn, those behind the first of their file that could not be: they are given up, too.

    Which of them were drawn before the fault was known hangs on the number of workers.

    Parameters
    ----------
    clips : sequence of RejectedClip
        That were drawn; their reasons do not matter.
    rejected : sequence of RejectedClip
    """
    from_s = faulty_from_s(rejected)
    reasons = {clip.sound: clip.reason for clip in rejected if clip.start_s == from_s.get(clip.sound)}
    return [
        clip._replace(reason=reasons[clip.sound]) for clip in clips if clip.start_s > from_s.get(clip.sound, math.inf)
    ]


def one_line_a_file(rejected: Sequence[RejectedClip]) -> list[RejectedClip]:
    """Put the clips of a file that is at fault together, in the line of the first: its reason says how many they are.

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
        if clip.start_s >= from_s.get(clip.sound, math.inf):
            of_file.setdefault(clip.sound, []).append(clip)
        else:
            lines.append(clip)
    for first, *others in of_file.values():
        more = f"; with it {count(len(others), 'more clip')} of this file, from {first.start_s:g} s on"
        lines.append(first._replace(reason=first.reason + more) if others else first)
    return sorted(lines)


def table_of(rejected: Sequence[RejectedClip], columns: Sequence[str]) -> pd.DataFrame:
    """The table `rejected.csv`."""
    return pd.DataFrame([clip[: len(columns)] for clip in rejected], columns=list(columns), dtype=object)
