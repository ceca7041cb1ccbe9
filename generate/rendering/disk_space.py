"""Whether the images, and the audio beside them, fit on the disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image
from generate.rendering.clip import Job

BYTES_PER_PIXEL, BYTES_PER_PIXEL_OF_PLANES = 0.47, 1.25
"""Of a palette PNG of a mel-spectrogram: 23 KB at 224 x 224, measured on ESC-10; and of an image with three planes."""
BYTES_PER_SAMPLE = 1.3
"""Of FLAC with 16 bits: 0.9 measured on the sounds of ESC-10, 1.3 on those of the demo."""
SPARE_BYTES = 100_000_000
"""Disk space that a run leaves free."""


def bytes_needed(jobs: Sequence[Job], settings: Settings) -> int:
    """Estimate the disk space of the images of some clips, and of the audio that is written beside them."""
    n_images, n_sounds = (sum(len(job.requests) for job in some) for some in (jobs, [j for j in jobs if j.with_audio]))
    # The image of one sample has the size of all; matplotlib or PIL need not be imported to know it.
    plane = settings.of_first_plane
    width, height = settings.image_size or spectrogram_image(np.zeros(1, dtype=np.float32), plane).shape[::-1]
    image = width * height * (BYTES_PER_PIXEL_OF_PLANES if settings.planes else BYTES_PER_PIXEL)
    return int(n_images * image + n_sounds * settings.n_samples * BYTES_PER_SAMPLE)


def free_bytes(path: Path) -> int:
    """Free disk space at a path, which need not exist."""
    existing = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    return shutil.disk_usage(existing).free


def check_disk_space(jobs: Sequence[Job], settings: Settings, image_folder: Path) -> None:
    """Check that the images of some clips, and the audio beside them, fit on the disk of their folder.

    Raises
    ------
    ValueError
        If they do not.
    """
    needed, free = bytes_needed(jobs, settings), free_bytes(image_folder)
    if needed + SPARE_BYTES > free:
        raise ValueError(
            f"The images and the audio beside them need about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free "
            f"on the disk of {str(image_folder)!r}. Free some, give an OUTPUT on another disk, or choose a smaller "
            "--image-size or --listen 0."
        )
