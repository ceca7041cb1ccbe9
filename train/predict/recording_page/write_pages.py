"""The main function of the pages of recordings: their strips, what they play, their events."""

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
from generate.gallery.fill_page import fill
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.os_compat import quoted
from generate.runtime.safe_names import printable
from train.predict.events import DetectedEvent
from train.predict.recording_page.blocks import Block, BlocksOf, drawing_settings, read_blocks
from train.predict.recording_page.listening import COPY, address_of, is_played
from train.predict.recording_page.strips import STRIP_PX, Level, draw_strips, strip_name

TEMPLATE = Path(__file__).resolve().parent / "pages" / "recording.html"
LONGEST_S = 12 * 3600.0
"""A longer recording has no page: a browser holds a thousand strips, and a night is eight to twelve hours."""
TOO_LONG = (
    "it is {hours:.1f} h long, and a page shows up to {most:g} h. Cut it into files of an hour, such as by `ffmpeg -i "
    "{recording} -f segment -segment_time 3600 -c copy {part}`, or look at its events in Raven or Audacity"
)
STRIP = re.compile(r"\d-\d{4,}\.png")


@dataclass(frozen=True)
class RecordingPage:
    """A recording, what was found in it, and where its page will be.

    Parameters
    ----------
    recording : Path
    length_s : float
    events : sequence of DetectedEvent
    thresholds : Mapping of str to float
        Of the classes that may have events.
    page, strips : Path
        The HTML file, and the folder beside it for its strips and for the audio that it plays.
    begins_at : datetime, optional
        When the recording begins, where that is known.
    made_by : str
        A sentence: by which run.
    """

    recording: Path
    length_s: float
    events: Sequence[DetectedEvent]
    thresholds: Mapping[str, float]
    page: Path
    strips: Path
    begins_at: datetime | None = None
    made_by: str = ""


def write_pages(
    pages: Sequence[RecordingPage], settings: Settings, *, workers: int, on_block: Callable[[], None] = lambda: None
) -> list[str]:
    """Write the pages of recordings, and the strips and the audio that they need.

    The recordings are read once more, block by block; their length does not count for memory.

    Parameters
    ----------
    pages : sequence of RecordingPage
        Strips of an earlier page in their folders are replaced.
    settings : Settings
        Of the images that the run was trained on; the strips have their frequency axis and colours.
    workers : int
        Processes that read.
    on_block : callable
        Called after each block that is drawn.

    Returns
    -------
    list of str
        Why there is no page, or not of the whole recording; empty: there is.

    Raises
    ------
    OSError
        If a file cannot be written.
    """
    drawn, palette = drawing_settings(settings), png.palette(settings.colormap)
    short = [page for page in pages if page.length_s <= LONGEST_S]
    with_copy = [not is_played(page.recording) for page in short]
    wanted = [(page.recording, page.length_s, copies) for page, copies in zip(short, with_copy, strict=True)]
    with read_blocks(wanted, drawn, workers=workers) as all_blocks:
        reasons = {
            page.page: _write_page(page, blocks, drawn, palette, with_copy=copies, on_block=on_block)
            for page, copies, blocks in zip(short, with_copy, all_blocks, strict=False)
        }
    return [reasons.get(page.page) or ("" if page in short else _too_long(page)) for page in pages]


def _too_long(page: RecordingPage) -> str:
    recording, part = quoted(page.recording), quoted(f"part-%03d{page.recording.suffix}")
    return TOO_LONG.format(hours=page.length_s / 3600, most=LONGEST_S / 3600, recording=recording, part=part)


def _write_page(
    page: RecordingPage,
    blocks: BlocksOf,
    drawn: Settings,
    palette: bytes,
    *,
    with_copy: bool,
    on_block: Callable[[], None],
) -> str:
    """Draw one recording, and write its page; the reason why the rest of it could not be read."""
    page.strips.mkdir(exist_ok=True)
    with ExitStack() as stack:
        add_audio = stack.enter_context(mp3.long_writer(page.strips / COPY, drawn.sr)) if with_copy else None

        def take(block: Block) -> None:
            if add_audio is not None and block.y is not None:
                add_audio(block.y)
            on_block()

        levels, why_not = draw_strips(blocks, drawn, page.strips, palette=palette, on_block=take)
    if not with_copy:
        (page.strips / COPY).unlink(missing_ok=True)
    _remove_others(page.strips, levels)
    shown_s = min(page.length_s, levels[0].n_px * levels[0].pixel_s)
    if shown_s:
        audio = page.strips / COPY if with_copy else page.recording
        data = _data(page, levels, drawn, shown_s=shown_s, audio=audio, why_not=why_not)
        write_text_atomically(page.page, fill(TEMPLATE, data))
    return why_not


def _data(
    page: RecordingPage, levels: Sequence[Level], drawn: Settings, *, shown_s: float, audio: Path, why_not: str
) -> dict[str, object]:
    """What the page shows."""
    classes = list(page.thresholds)
    begins_at = page.begins_at
    return {
        "name": printable(page.recording.stem),
        "file": printable(str(page.recording)),  # another one may have its name
        "made_by": page.made_by,
        "seconds": shown_s,
        "begins_at": begins_at.replace(tzinfo=None).isoformat(timespec="seconds") if begins_at else "",
        "zone": (begins_at.tzname() or "") if begins_at else "",
        "classes": classes,
        "thresholds": [page.thresholds[name] for name in classes],
        "events": [
            [event.start_s, event.end_s, classes.index(event.label), event.peak_probability] for event in page.events
        ],
        "levels": [{"pixel_s": level.pixel_s, "n_px": level.n_px} for level in levels],
        "strip_px": STRIP_PX,
        "strips_folder": page.strips.name,
        "frequency_marks": frequency_marks(drawn),
        "audio": address_of(audio, page.page.parent),
        "notes": [f"From {shown_s:.0f} s on, the recording could not be read: {why_not}"] if why_not else [],
    }


def _remove_others(folder: Path, levels: Sequence[Level]) -> None:
    """Remove strips of an earlier, longer recording of the name."""
    own = {strip_name(k, n) for k, level in enumerate(levels) for n in range(-(-level.n_px // STRIP_PX))}
    for name in os.listdir(folder):
        if STRIP.fullmatch(name) and name not in own:
            (folder / name).unlink()
