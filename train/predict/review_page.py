"""Review pages of windows of new recordings: their images and audio are in the page, which can be sent to somebody."""

from __future__ import annotations

import base64
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from PIL import Image

from generate.dataset import mp3
from generate.gallery.review.items import ReviewItem
from generate.gallery.review.write_page import audio_folder_beside, write_review_page
from generate.runtime.progress import Progress
from generate.runtime.safe_names import path_on_disk, printable
from generate.runtime.wording import count
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.predict.recordings import MAX_READERS
from train.predict.windows import FrontEnd, read_window
from train.runs.run_folder import Run

MOST_BYTES = 40_000_000
"""Of images and audio in a page: some 500 windows of 5 s, which a browser opens in seconds."""


def absolute(file: str) -> str:
    """The absolute path of a recording, as a table holds it.

    Parameters
    ----------
    file : str
        As `generate.runtime.safe_names.printable` gave it.
    """
    return printable(os.path.abspath(path_on_disk(file, Path())))


def write_windows_page(
    page: Path, items: Sequence[ReviewItem], run: Run, front: FrontEnd, *, title: str, found_by: str, note: str = ""
) -> str:
    """Read the windows again, one at a time, and write the page with as many as fit into `MOST_BYTES`.

    Parameters
    ----------
    page : Path
    items : sequence of ReviewItem
        Without images and audio; the first are the most important.
    run : Run
    front : FrontEnd
        Of the run.
    title, found_by
        See `generate.gallery.review.write_page.write_review_page`.
    note : str
        What is not among the items.

    Returns
    -------
    str
        What is not on the page, in sentences; empty: all is.
    """
    shown: list[ReviewItem] = []
    n_bytes = n_unread = 0
    for item in _with_media(items, front):
        if not item.image:
            n_unread += 1
            continue
        n_bytes += len(item.image) + len(item.audio)
        if n_bytes > MOST_BYTES:
            break
        shown.append(item)
    n_left = len(items) - len(shown) - n_unread
    notes = [
        note,
        f"{count(n_left, 'window')} more would make the page larger than {MOST_BYTES / 1e6:.0f} MB." if n_left else "",
        f"{count(n_unread, 'window')} could not be read again." if n_unread else "",
    ]
    what_is_not = " ".join(filter(None, notes))
    write_review_page(
        page,
        shown,
        classes=run.classes,
        title=title,
        found_by=found_by,
        run=run.folder.resolve().name,
        settings=front.settings,
        images=run.images,
        sounds=audio_folder_beside(page, run.images, run.image_settings()),
        note=what_is_not,
    )
    return what_is_not


def _with_media(items: Sequence[ReviewItem], front: FrontEnd) -> Iterator[ReviewItem]:
    """Each item with its image and audio; without them where the recording can no longer be read."""
    # Numbered, so that a window that cannot be read does not cost the others of its recording.
    parts = ((k, Path(path_on_disk(item.file, Path())), item.start_s) for k, item in enumerate(items))
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        Progress(len(items), noun="window") as progress,
        closing(
            map_ordered(
                partial(encoded_window, front=front),
                parts,
                workers=min(MAX_READERS, usable_cores()),
                temporary_folder=Path(temporary),
            )
        ) as outcomes,
    ):
        for item, (_, outcome) in zip(items, outcomes, strict=True):
            yield item if isinstance(outcome, str) else replace(item, image=outcome[0], audio=outcome[1])
            progress.step(n_rejected=0)


def encoded_window(number: int, path: Path, start_s: float, *, front: FrontEnd) -> tuple[str, str]:
    """The image that a model sees of a window, as PNG, and its audio, as MP3, both as addresses with the data in them.

    Parameters
    ----------
    number : int
        Of the item; not used.
    path : Path
    start_s : float
    front : FrontEnd

    Raises
    ------
    BadAudio
        If it cannot be read.
    """
    window = read_window(path, start_s, front, with_audio=True)
    assert window.y is not None, "it was asked for"
    image = Image.fromarray(window.pixels)
    if front.palette is not None:
        image.putpalette(front.palette.tobytes())
    encoded = io.BytesIO()
    image.save(encoded, "PNG", optimize=True)
    audio = mp3.encode(mp3.audible(window.y), front.settings.sr)
    return _data_address("image/png", encoded.getvalue()), _data_address("audio/mpeg", audio)


def _data_address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
