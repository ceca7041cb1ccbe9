"""Reading an image folder: its tables, checked, and its images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import AUDIO_SUFFIXES
from generate.dataset import settings_file, tables
from generate.dataset.settings import Settings
from generate.dataset.settings_file import SettingsFile
from generate.runtime.wording import count, listed
from train.data.decode import Images, image_palette, load_images, pixel_shape
from train.data.disk_cache import fits_in_memory, pixels_on_disk
from train.data.table_digest import table_sha256


def read_images(images: Path) -> tuple[SettingsFile, pd.DataFrame]:
    """Read `settings.json` and `metadata.csv` of an image folder.

    Parameters
    ----------
    images : Path
        The image folder.

    Returns
    -------
    settings : dict
        `settings.json`.
    table : pandas.DataFrame
        `metadata.csv`, as `generate.dataset.tables.read_metadata` gives it.

    Raises
    ------
    FileNotFoundError, ValueError
        If they are missing, or list no image.
    """
    for name in (settings_file.SETTINGS, tables.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(_no_images(images, name))
    table = tables.read_metadata(images / tables.METADATA)
    if not len(table):
        raise ValueError(f"There are no images in {str(images)!r}; see its {tables.REJECTED} for the reasons.")
    without_original = table[~table["clip_id"].isin(table.loc[table["variant"] == ORIGINAL, "clip_id"])]
    if len(without_original):
        clips = sorted(set(without_original["clip_id"]))
        raise ValueError(
            f"{str(images / tables.METADATA)!r} has no row for the original of {count(len(clips), 'clip')} "
            f"({listed(clips)}). Run `python -m generate` again, which fixes it."
        )
    return settings_file.read_settings(images / settings_file.SETTINGS), table


def read_unchanged_images(
    images: Path, *, fingerprint: object, sha256: str | None = None
) -> tuple[SettingsFile, pd.DataFrame]:
    """Read the settings and the table of the images of a run.

    Parameters
    ----------
    images : Path
    fingerprint : str
        Of their settings when the run began.
    sha256 : str, optional
        Of their table then; see `train.data.table_digest.table_sha256`. Not given: the table may have changed.

    Returns
    -------
    settings, table
        As `read_images` gives them.

    Raises
    ------
    FileNotFoundError, ValueError
        If they are not there, or no longer those that the run began with.
    """
    settings, table = read_images(images)
    if settings["fingerprint"] != fingerprint:
        raise ValueError(
            f"The images in {str(images)!r} were rendered with other settings since the run began ({fingerprint} then, "
            f"{settings['fingerprint']} now). Render them as they were, or start a new run."
        )
    if sha256 not in (None, table_sha256(table)):
        raise ValueError(
            f"The images in {str(images)!r} are no longer those that the run began with: some were added or removed, "
            "or have another class, recording or fold. Training images could be tested. Start a new run."
        )
    return settings, table


def _no_images(images: Path, name: str) -> str:
    """Message for a folder without a table."""
    if not images.is_dir():
        return f"There is no folder {str(images)!r}. Make images first: python -m generate AUDIO_FOLDER {images}"
    inside = sorted(path.parent.name for path in images.glob(f"*/{settings_file.SETTINGS}"))
    if inside:
        return f"{str(images)!r} has image folders in it ({listed(inside)}). Give one of them."
    if next(_audio_in(images), None):
        return f"{str(images)!r} has audio files, not images. Make images first: python -m generate {images}"
    return f"The folder {str(images)!r} has no {name}. Make images first: python -m generate AUDIO_FOLDER"


def _audio_in(folder: Path) -> Iterator[Path]:
    """Audio files in a folder and its subfolders."""
    return (path for depth in ("*", "*/*") for path in folder.glob(depth) if path.suffix.lower() in AUDIO_SUFFIXES)


def open_images(
    images: Path,
    settings: SettingsFile,
    table: pd.DataFrame,
    *,
    size: tuple[int, int],
    cache: str = "auto",
) -> Images:
    """Decode the images of a table, in memory or, where they do not fit, in a file on disk.

    Parameters
    ----------
    images : Path
        The image folder.
    settings : dict
        Its `settings.json`, which names the colormap or the planes.
    table : pandas.DataFrame
        One row per wanted image, with `file_name`.
    size : tuple of (int, int)
        See `train.data.decode.load_images`.
    cache : {"auto", "memory", "disk"}
        Where to keep the decoded images; see `train.data.disk_cache`.

    Returns
    -------
    Images
        In the order of the table.

    Raises
    ------
    ValueError
        If images are missing or broken.
    """
    palette = image_palette(Settings.from_json(settings["settings"]))
    shape = pixel_shape(size, palette)
    names, fingerprint = list(table["file_name"]), settings["fingerprint"]
    if fits_in_memory(len(names) * math.prod(shape), cache):
        return load_images(images, names, palette=palette, size=size, fingerprint=fingerprint)
    whole = tables.read_metadata(images / tables.METADATA)
    pixels = pixels_on_disk(images, whole, names, shape=shape, fingerprint=fingerprint)
    return Images(pixels, palette)
