"""The main function of the page of a recording: its strips, what it plays, its events."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from generate.dataset import mp3, png
from generate.dataset.settings import Settings
from generate.features.axes import frequency_marks
from generate.gallery.page import fill
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.safe_names import printable
from train.predict.events import DetectedEvent
from train.predict.recording_page.listening import COPY, address_of, is_played
from train.predict.recording_page.strips import STRIP_PX, Block, draw_strips, drawing_settings, strip_name

TEMPLATE = Path(__file__).resolve().parent / "pages" / "recording.html"
LONGEST_S = 12 * 3600.0
"""A longer recording has no page: a browser holds a thousand strips, and a night is eight to twelve hours."""
TOO_LONG = (
    "it is {hours:.1f} h long, and a page shows up to {most:g} h. Cut it into files of an hour, such as by `ffmpeg -i "
    "{name} -f segment -segment_time 3600 -c copy part-%03d{suffix}`, or look at its events in Raven or Audacity"
)
STRIP = re.compile(r"\d-\d{4,}\.png")


@dataclass(frozen=True)
class Found:
    """What was found in a recording.

    Parameters
    ----------
    events : sequence of DetectedEvent
    thresholds : Mapping of str to float
        Of the classes that may have events.
    begins_at : datetime, optional
        When the recording begins, where that is known.
    made_by : str
        A sentence: by which run.
    """

    events: Sequence[DetectedEvent]
    thresholds: Mapping[str, float]
    begins_at: datetime | None = None
    made_by: str = ""


def write_page(
    recording: Path,
    length_s: float,
    found: Found,
    settings: Settings,
    page: Path,
    *,
    strips: Path,
    workers: int,
    on_block: Callable[[], None] = lambda: None,
) -> str:
    """Write the page of a recording, and the strips and the audio that it needs into a folder of their own.

    The recording is read once more, block by block; its length does not count for memory.

    Parameters
    ----------
    recording : Path
    length_s : float
        Of the recording.
    found : Found
    settings : Settings
        Of the images that the run was trained on; the strips have their frequency axis and colours.
    page : Path
        The HTML file.
    strips : Path
        The folder, beside it; strips of an earlier page in it are replaced.
    workers : int
        Processes that read.
    on_block : callable
        Called after each part of a recording that is drawn.

    Returns
    -------
    str
        Why there is no page, or not of the whole recording; empty: there is.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    if length_s > LONGEST_S:
        return TOO_LONG.format(
            hours=length_s / 3600, most=LONGEST_S / 3600, name=recording.name, suffix=recording.suffix
        )
    strips.mkdir(exist_ok=True)
    drawn = drawing_settings(settings)
    with_copy = not is_played(recording)
    with ExitStack() as stack:
        add_audio = stack.enter_context(mp3.long_writer(strips / COPY, drawn.sr)) if with_copy else None

        def take(block: Block) -> None:
            if add_audio is not None and block.y is not None:
                add_audio(block.y)
            on_block()

        levels, why_not = draw_strips(
            recording,
            length_s,
            drawn,
            strips,
            workers=workers,
            palette=png.palette(settings.colormap),
            on_block=take,
            with_audio=with_copy,
        )
    _remove_others(
        strips, {strip_name(k, n) for k, level in enumerate(levels) for n in range(-(-level.n_px // STRIP_PX))}
    )
    if not with_copy:
        (strips / COPY).unlink(missing_ok=True)
    shown_s = min(length_s, levels[0].n_px * levels[0].pixel_s)
    if not shown_s:
        return why_not
    notes = [f"From {shown_s:.0f} s on, the recording could not be read: {why_not}"] if why_not else []
    classes = [name for name in found.thresholds]
    number = {name: k for k, name in enumerate(classes)}
    zone = found.begins_at.tzname() if found.begins_at and found.begins_at.tzinfo else None
    data = {
        "name": printable(recording.stem),
        "file": printable(recording.name),
        "made_by": found.made_by,
        "seconds": shown_s,
        "begins_at": found.begins_at.replace(tzinfo=None).isoformat(timespec="seconds") if found.begins_at else "",
        "zone": zone or "",
        "classes": classes,
        "thresholds": [found.thresholds[name] for name in classes],
        "events": [[event.start_s, event.end_s, number[event.label], event.peak_probability] for event in found.events],
        "levels": [{"pixel_s": level.pixel_s, "n_px": level.n_px} for level in levels],
        "strip_px": STRIP_PX,
        "strips_folder": strips.name,
        "frequency_marks": frequency_marks(settings),
        "audio": address_of(strips / COPY if with_copy else recording, page.parent),
        "notes": notes,
    }
    write_text_atomically(page, fill(TEMPLATE, data))
    return why_not


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove strips of an earlier, longer recording of the name."""
    for name in os.listdir(folder):
        if STRIP.fullmatch(name) and name not in names:
            (folder / name).unlink()
