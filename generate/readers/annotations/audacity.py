r"""Label tracks of Audacity: a start, an end and a label a line, with tabs between them; no header.

A label with a range of frequencies has a second line, `\`, lowest and highest. Source: the manual of Audacity, page
"Importing and Exporting Labels" (https://manual.audacityteam.org/man/importing_and_exporting_labels.html). Lists of
events of DCASE and `.lab` files of phonetics look the same, the latter with spaces. BirdNET-Analyzer adds a confidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from generate.readers.annotations.events import AnnotationFile, Event, as_number, confidence_note, event, frequency

FIRST_LINES = 20
_LABEL = re.compile(r"(-?\d+(?:[.,]\d+)?)\t(-?\d+(?:[.,]\d+)?)(?:\t([^\t]*)(?:\t(.*))?)?")
_FREQUENCIES = re.compile(r"\\\t([^\t]*)\t([^\t]*)\t?")


def recognises(lines: Sequence[str], *, with_spaces: bool = False) -> bool:
    """Whether each of the first lines is one of a label track.

    Parameters
    ----------
    lines : sequence of str
        Without empty ones.
    with_spaces : bool
        Whether spaces separate the fields, as in `.lab` files.
    """
    rows = [_LABEL.fullmatch(_with_tabs(line, with_spaces)) for line in lines if not line.startswith("\\\t")]
    return bool(rows) and all(row and as_number(row[1]) <= as_number(row[2]) for row in rows)


def read(lines: Iterable[str]) -> AnnotationFile:
    """Read a label track; labels at a point have an end that equals their start.

    Parameters
    ----------
    lines : iterable of str

    Raises
    ------
    ValueError
        If a line is not one of a label track, or has more than a confidence after its label; with its number.
    """
    events: list[Event] = []
    confidences = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if frequencies := _FREQUENCIES.fullmatch(line):
            if not events:
                raise ValueError(f"line {number}: frequencies must follow a label. Got {line[:80]!r}. Delete the line.")
            low_hz, high_hz = (as_number(text) for text in frequencies.groups())  # -1: none, as Audacity writes it
            events[-1] = events[-1]._replace(low_hz=frequency(low_hz), high_hz=frequency(high_hz))
        elif label := _LABEL.fullmatch(line):
            events.append(event("", label[1], label[2], label[3] or "", line=number))
            confidences.append((label[4] or "").strip())
            if confidences[-1] and math.isnan(as_number(confidences[-1])):
                raise ValueError(
                    f"line {number}: a label must end its line, or be followed by a tab and a confidence. Got "
                    f"{line[:80]!r}. Leave out what follows the label."
                )
        else:
            raise ValueError(
                f"line {number}: a line of a label track must be a start, an end and a label, with tabs between them. "
                f"Got {line[:80]!r}. Correct the line."
            )
    notes = (confidence_note("a confidence"),) if any(confidences) else ()
    return AnnotationFile("audacity", tuple(events), notes=notes)


def write(events: Iterable[Event]) -> str:
    """The text of a label track, with frequencies where they are known.

    Parameters
    ----------
    events : iterable of Event
        Of one recording.
    """
    lines = []
    for found in events:
        lines.append(f"{found.start_s:.6f}\t{found.end_s:.6f}\t{found.label}\n")
        if not math.isnan(found.low_hz) and not math.isnan(found.high_hz):
            lines.append(f"\\\t{found.low_hz:.6f}\t{found.high_hz:.6f}\n")
    return "".join(lines)


def _with_tabs(line: str, with_spaces: bool) -> str:
    return re.sub(r"[ \t]+", "\t", line.strip(), count=2) if with_spaces else line
