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
from generate.gallery.review.items import COLUMNS, FOUND_BY, ReviewItem
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.os_compat import relative_posix

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
    sounds: str = "",
    note: str = "",
) -> None:
    """Write a page on which a person reviews items by keyboard, atomically; it opens by a double click.

    Decisions stay in the browser, under a key that is the same for a page that is written again with the same items,
    and are saved as `review.csv`, with the columns `COLUMNS`.

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
    sounds : str
        The collection's audio folder, relative to the page, for the command to run afterwards; empty: it is not known.
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
        "id": page_id(items, found_by=found_by, run=run),
        "title": title,
        "found_by": found_by,
        "run": run,
        "classes": list(classes),
        "columns": COLUMNS,
        "sounds": sounds,
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
    named = described.get("collection", {}).get("audio_folder", "")
    place = relative_posix(Path(os.path.normpath(images.absolute() / named)), page.parent.resolve()) if named else ""
    return "" if Path(place).is_absolute() else place  # on another drive of Windows


def page_id(items: Sequence[ReviewItem], *, found_by: str, run: str) -> str:
    """A name for the decisions of a page: the same where it asks the same.

    Parameters
    ----------
    items, found_by, run
        See `write_review_page`.
    """
    asked = [[item.clip_id, item.file, item.start_s, item.end_s, item.label] for item in items]
    return hashlib.sha256(json.dumps([found_by, run, asked]).encode()).hexdigest()[:16]
