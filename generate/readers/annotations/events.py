"""Events in recordings, as annotation files name them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d*)?)")
"""Minutes and seconds, or hours, minutes and seconds."""
HIGHEST_HZ = 1e8
"""Higher than any sample rate."""


class Event(NamedTuple):
    """What is heard in a part of a recording.

    Parameters
    ----------
    recording : str
        As the file names it; empty where the file itself is named after the recording.
    start_s, end_s : float
        In seconds from the beginning of the recording, 0 <= start_s <= end_s.
    label : str
        Empty where somebody marked a part and did not say what it is.
    low_hz, high_hz : float
        Lowest and highest frequency; NaN where they are not given.
    """

    recording: str
    start_s: float
    end_s: float
    label: str
    low_hz: float = math.nan
    high_hz: float = math.nan


@dataclass(frozen=True)
class AnnotationFile:
    """The content of an annotation file.

    Parameters
    ----------
    format : str
        A key of `generate.readers.annotations.read.FORMATS`.
    events : tuple of Event
    recordings : tuple of str
        All that the file names, those without an event too; empty where the file is named after its recording.
    notes : tuple of str
        What was chosen, and what was not used.
    """

    format: str
    events: tuple[Event, ...]
    recordings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Columns:
    """Columns that the user named; empty: by their usual names.

    Parameters
    ----------
    file, label : str
    """

    file: str = ""
    label: str = ""


def event(
    recording: str, start: str, end: str, label: str, *, line: int, unit_s: float = 1.0, hz: Sequence[str] = ()
) -> Event:
    """Read the fields of a row.

    Parameters
    ----------
    recording, label : str
    start, end : str
        Numbers, with a decimal point or comma, or such as `1:02:03.5`.
    line : int
        For messages.
    unit_s : float
        Seconds that 1 stands for.
    hz : sequence of str
        Lowest and highest frequency, if they are known.

    Raises
    ------
    ValueError
        If a field is no time, or the end is before the start; with the line.
    """
    start_s, end_s = seconds(start, line=line) * unit_s, seconds(end, line=line) * unit_s
    if end_s < start_s:
        raise ValueError(f"line {line}: the end must not be before the start. Got {start} and {end}. Correct the line.")
    low_hz, high_hz = (frequency(as_number(text)) for text in hz) if len(hz) == 2 else (math.nan, math.nan)
    return Event(recording, round(start_s, 6), round(end_s, 6), " ".join(label.split()), low_hz, high_hz)


def confidence_note(what: str) -> str:
    """A note that events count whatever their confidence is.

    Parameters
    ----------
    what : str
        The confidence, or names of columns of it.
    """
    return f"{what} not used: each row is a label, however uncertain it is; take out those that nobody confirmed"


def seconds(text: str, *, line: int) -> float:
    """Seconds, from a number or from hours, minutes and seconds.

    Raises
    ------
    ValueError
        If it is neither, or negative; with the line.
    """
    if clock := _CLOCK.fullmatch(text.strip()):
        return 3600 * int(clock[1] or 0) + 60 * int(clock[2]) + float(clock[3].replace(",", "."))
    value = as_number(text)
    if not 0 <= value < math.inf:
        raise ValueError(
            f"line {line}: a time must be a number of seconds, such as 12.5, or such as 0:12.5. Got {text.strip()!r}. "
            "Correct the line."
        )
    return value


def frequency(hz: float) -> float:
    """A frequency; NaN, for not given, where no sound has it: programs write -1 or infinity for the whole spectrum."""
    return hz if 0 <= hz <= HIGHEST_HZ else math.nan


def as_number(text: str) -> float:
    """A number with a decimal point or comma; NaN where it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return math.nan
