"""From PNG files to model inputs: decoded once, kept as pixel values of one byte, coloured a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from generate.dataset import png
from generate.dataset.settings import Settings

MOST_NAMED = 5
CHUNK = 4096
"""Images that are submitted to the threads at a time."""


class PixelArray(Protocol):
    """Pixel values of images, indexed like an array, such as `train.data.disk_cache.PixelsOnDisk`."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, which: int | slice | np.ndarray, /) -> np.ndarray:
        """Some images."""

    def __len__(self) -> int:
        """Number of images."""


@dataclass(frozen=True)
class Images:
    """All images of a folder that a run uses.

    Parameters
    ----------
    pixels : np.ndarray or PixelArray, shape=(n, height, width) or (n, height, width, 3), uint8
        Read some at a time: all together may not fit in memory.
    palette : np.ndarray or None, shape=(256, 3), uint8
        Red, green and blue of each pixel value; None: the pixels have three planes.
    """

    pixels: np.ndarray | PixelArray
    palette: np.ndarray | None


def load_images(
    images: Path,
    file_names: Sequence[str],
    *,
    palette: np.ndarray | None,
    size: tuple[int, int],
    fingerprint: str = "",
) -> Images:
    """Decode all images into memory, so that broken ones are found before the first epoch.

    Parameters
    ----------
    images : Path
        The image folder.
    file_names : sequence of str
        Relative to the image folder.
    palette : np.ndarray or None, shape=(256, 3), uint8
        See `Images`.
    size : tuple of (int, int)
        Height and width of the result, in pixels.
    fingerprint : str
        Of the settings with which they must have been rendered, where an image states it; empty: any.

    Returns
    -------
    Images
        In the order of `file_names`.

    Raises
    ------
    ValueError
        If images are missing or broken; the message names the first of them.
    """
    shape = pixel_shape(size, palette)
    pixels = np.empty((len(file_names), *shape), dtype=np.uint8)
    decode(images, file_names, pixels.__setitem__, shape=shape, fingerprint=fingerprint)
    return Images(pixels, palette)


def pixel_shape(size: tuple[int, int], palette: np.ndarray | None) -> tuple[int, ...]:
    """Shape of the pixels of one image: `size`, and its planes where it has no palette."""
    return size if palette is not None else (*size, 3)


def decode(
    images: Path,
    file_names: Sequence[str],
    put: Callable[[int, np.ndarray], None],
    *,
    shape: tuple[int, ...],
    fingerprint: str,
) -> None:
    """Decode all images, and call a function with the pixels of each.

    Parameters
    ----------
    images : Path
    file_names : sequence of str
    put : callable
        Called with the index of the image and its pixels, uint8, by several threads at once.
    shape : tuple of int
        Of the pixels of an image; see `pixel_shape`.
    fingerprint : str
        See `load_images`.

    Raises
    ------
    ValueError
        If images are missing or broken; the message names the first of them.
    OSError
        If `put` fails.
    """
    broken: dict[str, str] = {}

    def load(k: int) -> None:
        try:
            image = _read_pixels(images / file_names[k], fingerprint)
            if image.ndim != len(shape):
                raise ValueError(f"it has {'three planes' if image.ndim == 3 else 'one plane'}, unlike its folder")
            pixels = prepare_pixels(image, size=(shape[0], shape[1]))
        except (OSError, ValueError, SyntaxError) as error:
            broken[file_names[k]] = str(getattr(error, "strerror", None) or error)
        else:
            put(k, pixels)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(file_names), CHUNK):  # a long queue takes memory too
            list(pool.map(load, range(start, min(start + CHUNK, len(file_names)))))
    if broken:
        named = "\n".join(f"  {name}: {broken[name]}" for name in sorted(broken)[:MOST_NAMED])
        more = f"\n  and {len(broken) - MOST_NAMED:,} more" if len(broken) > MOST_NAMED else ""
        raise ValueError(
            f"{len(broken):,} of {len(file_names):,} images in {str(images)!r} cannot be used:\n{named}{more}\n"
            "Delete them and run `python -m generate` again, which renders missing images."
        )


def prepare_pixels(pixels: np.ndarray, *, size: tuple[int, int]) -> np.ndarray:
    """Resize one image to the size of the model's input.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width) or (height, width, 3), uint8
    size : tuple of (int, int)
        Height and width of the result, in pixels.

    Returns
    -------
    np.ndarray, shape=size or (*size, 3), uint8
    """
    if pixels.shape[:2] == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR))


def colour(pixels: np.ndarray, palette: np.ndarray | None) -> np.ndarray:
    """Convert pixel values to colours; three planes are red, green and blue as they are.

    Parameters
    ----------
    pixels : np.ndarray, shape=(..., height, width), or (..., height, width, 3) without a palette, uint8
    palette : np.ndarray or None, shape=(256, 3), uint8

    Returns
    -------
    np.ndarray, shape=(..., height, width, 3), uint8
    """
    return pixels if palette is None else palette[pixels]


def palette_of(colormap: str) -> np.ndarray:
    """The colours of a matplotlib colour map, shape=(256, 3), uint8."""
    return np.frombuffer(png.palette(colormap), dtype=np.uint8).reshape(256, 3)


def image_palette(settings: Settings) -> np.ndarray | None:
    """The colours of images, shape=(256, 3), uint8; None where they have three planes."""
    return None if settings.planes else palette_of(settings.colormap)


def _read_pixels(path: Path, fingerprint: str) -> np.ndarray:
    """Read one image, and check that it was rendered with the settings of its folder."""
    pixels, text = png.read(path)
    rendered_with = text.get("settings", fingerprint)
    if fingerprint and rendered_with != fingerprint:
        raise ValueError(f"rendered with other settings ({rendered_with}; the folder has {fingerprint})")
    return pixels
