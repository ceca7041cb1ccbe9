"""Whether the images fit on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image

BYTES_PER_PIXEL, BYTES_PER_PIXEL_OF_PLANES = 0.47, 1.25
"""Of a palette PNG of a mel-spectrogram: 23 KB at 224 x 224, measured on ESC-10; and of an image with three planes."""
SPARE_BYTES = 100_000_000
"""Disk space that a run leaves free."""


def bytes_needed(n_images: int, settings: Settings) -> int:
    """Estimate the disk space of some images."""
    # The image of one sample has the size of all; matplotlib or PIL need not be imported to know it.
    plane = settings.of_first_plane
    width, height = settings.image_size or spectrogram_image(np.zeros(1, dtype=np.float32), plane).shape[::-1]
    return int(n_images * width * height * (BYTES_PER_PIXEL_OF_PLANES if settings.planes else BYTES_PER_PIXEL))


def free_bytes(path: Path) -> int:
    """Free disk space at a path, which need not exist."""
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free


def check_disk_space(n_images: int, settings: Settings, image_folder: Path) -> None:
    """Check that some images fit on the disk of their folder.

    Raises
    ------
    ValueError
        If they do not.
    """
    needed, free = bytes_needed(n_images, settings), free_bytes(image_folder)
    if needed + SPARE_BYTES > free:
        raise ValueError(
            f"The images need about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free on the disk of "
            f"{str(image_folder)!r}. Free some, give an OUTPUT on another disk, or choose a smaller --image-size."
        )
