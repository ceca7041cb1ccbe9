"""Write the page for a list of items."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from generate.dataset.settings import Settings
from generate.dataset.settings_file import SettingsFile
from generate.features.axes import frequency_marks, time_marks
from generate.gallery.fill_page import fill
from generate.gallery.review.items import FOUND_BY, ReviewItem
from generate.readers.review import REVIEW_COLUMNS
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.os_compat import relative_to_page

TEMPLATE = Path(__file__).resolve().parent / "pages" / "review.html"
BEGINS = '<!doctype html>\n<html lang="en" data-page="review">'
"""First characters of every page that is written here; see `generate.runtime.output_file.check_output_file`."""


def write_review_page(
    path: Path,
    items: Sequence[ReviewItem],
    *,
    classes: Sequence[str],
    title: str,
    found_by: str,
    run: str = "",
    settings: Settings,
    images: Path,
    sounds: str = "",
    note: str = "",
) -> None:
    """Write a page on which a person reviews items by keyboard, atomically; it opens by a double click.

    Decisions stay in the browser, by clip, so that those of a page that is written again with other items are still
    there, and are saved as `review.csv`, with the columns `REVIEW_COLUMNS`.

    Parameters
    ----------
    path : Path
    items : sequence of ReviewItem
        In the order of the page.
    classes : sequence of str
        To choose from; the first nine have number keys.
    title : str
    found_by : {"gallery", "suspects", "suggestions", "events"}
        Where the items come from.
    run : str
        Name of the run that found them, or empty.
    settings : Settings
        Of the images, for their axes.
    images : Path
        The image folder, for the command to run afterwards.
    sounds : str
        The collection's audio folder, relative to the page, for that command; empty: it is not known.
    note : str
        What is not on the page.

    Raises
    ------
    ValueError
        If `found_by` is none of these.
    """
    if found_by not in FOUND_BY:
        raise ValueError(f"found_by must be one of {', '.join(FOUND_BY)}. Got {found_by!r}.")
    data = {
        "id": page_id(title, found_by=found_by, run=run),
        "title": title,
        "found_by": found_by,
        "run": run,
        "classes": list(classes),
        "columns": REVIEW_COLUMNS,
        "sounds": sounds,
        "images": _beside(path, images),
        "note": note,
        "seconds": settings.seconds,
        "frequency_marks": frequency_marks(settings),
        "time_marks": time_marks(settings),
        "items": [_shown(item) for item in items],
    }
    write_text_atomically(path, fill(TEMPLATE, data))


def _shown(item: ReviewItem) -> dict[str, object]:
    """The parameters of an item that are not empty."""
    required = {name: getattr(item, name) for name in ("clip_id", "file", "start_s", "end_s", "label", "image")}
    optional = {name: getattr(item, name) for name in ("audio", "before_s", "why", "suggested", "kinds", "boxes")}
    return required | {name: value for name, value in optional.items() if value}


def audio_folder_beside(page: Path, images: Path, described: SettingsFile) -> str:
    """The collection's audio folder relative to a page, for the command that applies a review; empty: it is not known.

    Parameters
    ----------
    page : Path
    images : Path
        The image folder.
    described : Mapping
        Its `settings.json`.
    """
    named = described["collection"]["audio_folder"]
    return _beside(page, Path(os.path.normpath(images.resolve() / named))) if named else ""


def _beside(page: Path, folder: Path) -> str:
    """A folder relative to a page; empty where it is on another drive of Windows."""
    place = relative_to_page(folder, page.parent)
    return "" if Path(place).is_absolute() else place


def page_id(title: str, *, found_by: str, run: str) -> str:
    """A name for the decisions of a page in the browser, which keeps those of all pages together.

    The page adds the folder that it is in, since another project may have clips and runs of the same names; it is not
    written into the page, whose bytes would differ from place to place.

    Parameters
    ----------
    title, found_by, run
        See `write_review_page`.
    """
    return hashlib.sha256(json.dumps([title, found_by, run]).encode()).hexdigest()[:16]
