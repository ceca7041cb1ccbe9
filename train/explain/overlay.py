"""An attribution as an image: its strength, and the spectrogram with the attribution overlaid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from generate.runtime.atomic_write import atomic_write
from train.data.decode import colour

SMOOTHING = 0.012
"""Standard deviation as a fraction of the image's longer side (1.3 of 112 pixels): single pixels mean little, and are
too small to see."""
STRONGEST = 99.0
"""Percentile of the positive values that is full strength, so that a few outliers do not hide all others."""
DIMMED = 0.6
"""Brightness of the image where nothing is overlaid, as a fraction of its own."""
MARK = (0, 255, 160)
"""A green that is not in the usual colour maps; red, green, blue."""
CONTRAST = 3
"""Exponent of the strength: with less, the wide regions of Grad-CAM cover everything."""
LONGER_SIDE_PX = 448
"""Images are enlarged to about so many pixels, since models' inputs are small."""
UNLIT = 0.5
"""Brightness of the green on black; on white it is 1."""


def strength(attribution: np.ndarray) -> np.ndarray:
    """Turn an attribution into a smoothed strength from 0 to 1.

    Parameters
    ----------
    attribution : np.ndarray, shape=(height, width)
        As `train.explain.attribution` gives it; negative values, which are evidence against the class, are left out.

    Returns
    -------
    np.ndarray, shape=(height, width), float32, 0 to 1
        The square root of the positive part, since its values span decades as loudness does.
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(np.asarray(attribution, np.float32), SMOOTHING * max(attribution.shape), mode="nearest")
    above = smooth[smooth > 0]
    if len(above) == 0:
        return np.zeros(attribution.shape, np.float32)
    return np.sqrt(np.clip(smooth / np.percentile(above, STRONGEST), 0, 1), dtype=np.float32)


def overlay(pixels: np.ndarray, attribution: np.ndarray, palette: np.ndarray | None) -> np.ndarray:
    """Render an image dimmed and in grey, with the evidence for the class in green over it.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width), or (height, width, 3) without a palette, uint8
        The image.
    attribution : np.ndarray, shape=(height, width)
        Of it.
    palette : np.ndarray or None, shape=(256, 3), uint8

    Returns
    -------
    np.ndarray, shape=(height, width, 3), uint8
        Red, green and blue.
    """
    # Luma of a colour (ITU-R BT.601).
    grey = (colour(pixels, palette) @ np.array([0.299, 0.587, 0.114]))[..., np.newaxis]
    # The green is lighter where the image is, so that the image stays visible.
    light = (UNLIT + (1 - UNLIT) * grey / 255) * np.array(MARK)
    opacity = strength(attribution)[..., np.newaxis] ** CONTRAST
    return np.rint((1 - opacity) * DIMMED * grey + opacity * light).astype(np.uint8)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a PNG atomically, enlarged by a whole factor.

    Parameters
    ----------
    path : Path
    image : np.ndarray, shape=(height, width, 3), uint8
    """
    enlarged = Image.fromarray(image)
    times = max(1, round(LONGER_SIDE_PX / max(enlarged.size)))
    enlarged = enlarged.resize((times * enlarged.width, times * enlarged.height), Image.Resampling.BICUBIC)
    with atomic_write(path, to_disk=False) as temporary:
        enlarged.save(temporary, "PNG")
