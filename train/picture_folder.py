"""The folder that stage one made: its tables, checked, and its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from generate import manifest
from generate.audio import AUDIO_SUFFIXES
from generate.settings import Settings
from train.images import Pictures, load_pictures, palette_of
from train.wording import listed


def read_images(images: Path) -> tuple[dict[str, object], pd.DataFrame]:
    """Read `settings.json` and `metadata.csv` of a picture folder.

    Raises
    ------
    FileNotFoundError, ValueError
        If they are not there, or hold no picture.
    """
    for name in (manifest.SETTINGS, manifest.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(_no_pictures(images, name))
    table = manifest.read_metadata(images / manifest.METADATA)
    if not len(table):
        raise ValueError(f"There are no pictures in {str(images)!r}; see its {manifest.REJECTED} for the reasons.")
    if wrong := _wrong_rows(table):
        raise ValueError(
            f"{str(images / manifest.METADATA)!r} is not as `python -m generate` wrote it: {wrong}. Put it right, or "
            "delete it and run `python -m generate` again."
        )
    settings = manifest.read_settings(images / manifest.SETTINGS)
    if "name" not in (settings.get("collection") or {}):
        raise ValueError(f"{str(images / manifest.SETTINGS)!r} does not name the collection; put it right.")
    return settings, table


def _no_pictures(images: Path, name: str) -> str:
    """What is wrong with a folder that lacks a table, and how to mend it."""
    if not images.is_dir():
        return f"The folder {str(images)!r} is not there. Make pictures first: python -m generate SOUNDS {images}"
    inside = sorted(path.parent.name for path in images.glob(f"*/{manifest.SETTINGS}"))
    if inside:
        return f"{str(images)!r} holds folders of pictures ({listed(inside)}); give one of them."
    if next(find_sounds_in(images), None):
        return f"{str(images)!r} holds sounds, not pictures. Make pictures of them first: python -m generate {images}"
    return f"The folder {str(images)!r} holds no {name}. Make pictures first: python -m generate SOUNDS"


def find_sounds_in(folder: Path) -> Iterator[Path]:
    """Sounds in a folder and in the folders of it."""
    return (path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix.lower() in AUDIO_SUFFIXES)


def _wrong_rows(table: pd.DataFrame) -> str:
    """What no run of stage one writes, such as a clip of two classes; empty where all is well."""
    if table["duplicate"].dtype != bool:
        return "its column `duplicate` holds something else than True and False"
    for column in ("file_name", "label", "clip_id", "source_id"):
        if (empty := table.index[table[column] == ""]).size:
            return f"line {empty[0] + 2} has no {column}"
    twice = table[table.duplicated(["clip_id", "variant"])]
    if len(twice):
        return f"the picture {twice['variant'].iloc[0]!r} of the clip {twice['clip_id'].iloc[0]!r} stands in it twice"
    for column in ("label", "source_id", "fold"):
        of_clip = table.groupby("clip_id")[column].nunique()
        if (of_clip > 1).any():
            return f"the clip {of_clip.index[of_clip > 1][0]!r} has more than one {column}"
    return ""


def open_pictures(
    images: Path, settings: dict[str, object], table: pd.DataFrame, *, size: tuple[int, int], silent_ends: str
) -> Pictures:
    """Open the pictures of a table; see `train.images.load_pictures`."""
    palette = palette_of(Settings.from_json(settings["settings"]).colormap)
    return load_pictures(images, list(table["file_name"]), palette=palette, size=size, silent_ends=silent_ends)
