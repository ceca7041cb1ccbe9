"""The folder that stage one made: its tables, checked, and its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import AUDIO_SUFFIXES
from generate.dataset import tables
from generate.dataset.settings import Settings
from generate.runtime.wording import count
from train.data.decode import Pictures, load_pictures, palette_of
from train.data.disk_cache import fits_in_memory, levels_on_disk
from train.wording import listed


def read_images(images: Path) -> tuple[dict[str, object], pd.DataFrame]:
    """Read `settings.json` and `metadata.csv` of a picture folder.

    Parameters
    ----------
    images : Path
        The picture folder.

    Returns
    -------
    settings : dict
        `settings.json`.
    table : pandas.DataFrame
        `metadata.csv`, as `generate.dataset.tables.read_metadata` gives it.

    Raises
    ------
    FileNotFoundError, ValueError
        If they are not there, or hold no picture.
    """
    for name in (tables.SETTINGS, tables.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(_no_pictures(images, name))
    table = tables.read_metadata(images / tables.METADATA)
    if not len(table):
        raise ValueError(f"There are no pictures in {str(images)!r}; see its {tables.REJECTED} for the reasons.")
    lonely = table[~table["clip_id"].isin(table.loc[table["variant"] == ORIGINAL, "clip_id"])]
    if len(lonely):
        clips = sorted(set(lonely["clip_id"]))
        raise ValueError(
            f"{str(images / tables.METADATA)!r} has no row for the original of {count(len(clips), 'clip')} "
            f"({listed(clips)}). Run `python -m generate` again, which mends it."
        )
    settings = tables.read_settings(images / tables.SETTINGS)
    if "name" not in (settings.get("collection") or {}):
        raise ValueError(f"{str(images / tables.SETTINGS)!r} does not name the collection; put it right.")
    return settings, table


def _no_pictures(images: Path, name: str) -> str:
    """What is wrong with a folder that lacks a table, and how to mend it."""
    if not images.is_dir():
        return f"The folder {str(images)!r} is not there. Make pictures first: python -m generate SOUNDS {images}"
    inside = sorted(path.parent.name for path in images.glob(f"*/{tables.SETTINGS}"))
    if inside:
        return f"{str(images)!r} holds folders of pictures ({listed(inside)}); give one of them."
    if next(_sounds_in(images), None):
        return f"{str(images)!r} holds sounds, not pictures. Make pictures of them first: python -m generate {images}"
    return f"The folder {str(images)!r} holds no {name}. Make pictures first: python -m generate SOUNDS"


def _sounds_in(folder: Path) -> Iterator[Path]:
    """Sounds in a folder and in the folders of it."""
    return (path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix.lower() in AUDIO_SUFFIXES)


def open_pictures(
    images: Path,
    settings: dict[str, object],
    table: pd.DataFrame,
    *,
    size: tuple[int, int],
    silent_ends: str,
    levels: str = "auto",
) -> Pictures:
    """Open the pictures of a table, in memory or, where they do not fit there, by way of a file on the disk.

    Parameters
    ----------
    images : Path
        The picture folder.
    settings : dict
        Its `settings.json`, which names the colour map.
    table : pandas.DataFrame
        One row a picture that is wanted, with `file_name`.
    size, silent_ends
        See `train.data.decode.load_pictures`.
    levels : {"auto", "memory", "disk"}
        Where they are to be held; see `train.data.disk_cache`.

    Returns
    -------
    Pictures
        In the order of the table.
    """
    palette = palette_of(Settings.from_json(settings["settings"]).colormap)
    names = list(table["file_name"])
    how = {"size": size, "silent_ends": silent_ends, "fingerprint": str(settings["fingerprint"])}
    if fits_in_memory(len(names) * size[0] * size[1], levels):
        return load_pictures(images, names, palette=palette, **how)
    whole = tables.read_metadata(images / tables.METADATA)
    return Pictures(levels_on_disk(images, whole, names, **how), palette)
