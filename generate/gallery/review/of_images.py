"""The review page of an image folder: every original that its gallery shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from augment_audio import ORIGINAL
from generate.audit.flag_words import flag_in_words, kind_in_words
from generate.dataset import folder
from generate.dataset.clip_audio import audio_beside
from generate.dataset.file_names import image_name
from generate.dataset.settings import Settings
from generate.dataset.settings_file import SettingsFile
from generate.gallery.fill_page import address
from generate.gallery.review.items import ReviewItem
from generate.gallery.review.write_page import audio_folder_beside, write_review_page


def write_gallery_review(images: Path, described: SettingsFile, data: Mapping[str, object]) -> None:
    """Write `review.html` beside the gallery, of images with one label each.

    Parameters
    ----------
    images : Path
        The image folder.
    described : Mapping
        The content of `settings.json`.
    data : Mapping
        What the gallery shows, as `generate.gallery.page_data.page_data` gives it.
    """
    settings = Settings.from_json(described["settings"])
    items = _items(settings, data)
    page = images / folder.REVIEW
    write_review_page(
        page,
        sorted(items, key=lambda item: item.label),
        classes=cast("list[str]", data["classes"]),
        title=f"Review of {data['name']}",
        found_by="gallery",
        settings=settings,
        images=images,
        sounds=audio_folder_beside(page, images, described),
        note=f"{data['n_left_out']:,} more clips are not on this page." if data["n_left_out"] else "",
    )


def _items(settings: Settings, data: Mapping[str, object]) -> Iterator[ReviewItem]:
    clips, classes, folders, variants = (cast(Any, data[name]) for name in ("clips", "classes", "folders", "variants"))
    for k, clip_id in enumerate(clips["id"]):
        original = next((shown for shown in clips["images"][k] if variants[shown[0]] == ORIGINAL), None)
        if original is None:
            continue
        _, seconds, _, has_audio = original
        image = image_name(folders[clips["folder"][k]], clip_id, ORIGINAL)
        start_s = float(clips["start_s"][k])
        flags = clips["flags"][k].split()
        kinds = dict.fromkeys(kind_in_words(flag.partition(":")[0]) for flag in flags)
        yield ReviewItem(
            clip_id=clip_id,
            file=clips["audio_file"][k],
            start_s=start_s,
            end_s=round(start_s + float(seconds), 6),
            label=classes[clips["label"][k]],
            image=address(image),
            audio=address(audio_beside(image)) if has_audio else clips["audio_address"][k],
            before_s=round(clips["pad_before"][k] * max(0.0, settings.seconds - float(seconds)), 4),
            why="Flagged: " + ", ".join(map(flag_in_words, flags)) if flags else "",
            boxes=tuple(clips["events"][k]),
            kinds=("flagged", *kinds) if flags else (),
        )
