"""An attribution as something to look at: how strong it is where, and the image with it laid over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from generate.runtime.atomic_write import atomic_write

SMOOTHING = 0.012
"""Standard deviation as a part of the image's longer side (1.3 of 112 pixels): single pixels mean little, and nobody
could see them."""
STRONGEST = 99.0
"""Percentile of what is above 0 that is full strength, so that a few pixels do not put all others in the dark."""
DIMMED = 0.6
"""Brightness that is left of the image where nothing is laid over it."""
MARK = (0, 255, 160)
"""A green that no part of the usual colour maps has; red, green, blue."""
CONTRAST = 3
"""Power of the strength that the light is made with: with less, Grad-CAM's few wide places cover all."""
LONGER_SIDE_PX = 448
"""Images are enlarged until the longer side has about so many pixels: those of models are small to look at."""
UNLIT = 0.5
"""Brightness of that green on a part of the image that is black; on white it is 1."""


def strength(attribution: np.ndarray) -> np.ndarray:
    """How strongly each place speaks for the class, smoothed, from 0 to 1.

    Parameters
    ----------
    attribution : np.ndarray, shape=(height, width)
        As `train.explain.attribution` gives it; what is below 0 speaks against the class and is left out.

    Returns
    -------
    np.ndarray, shape=(height, width), float32, 0 to 1
        The square root of the part above 0, whose largest values span decades as loudness does.
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(np.asarray(attribution, np.float32), SMOOTHING * max(attribution.shape), mode="nearest")
    above = smooth[smooth > 0]
    if len(above) == 0:
        return np.zeros(attribution.shape, np.float32)
    return np.sqrt(np.clip(smooth / np.percentile(above, STRONGEST), 0, 1), dtype=np.float32)


def overlay(pixels: np.ndarray, attribution: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """An image, dimmed and without its colours, with what speaks for the class in green over it.

    Parameters
    ----------
    pixels, attribution : np.ndarray, shape=(height, width)
        The image (uint8), and what `train.explain.attribution` found in it.
    palette : np.ndarray, shape=(256, 3), uint8

    Returns
    -------
    np.ndarray, shape=(height, width, 3), uint8
        Red, green and blue.
    """
    # How bright a colour looks (ITU-R BT.601).
    grey = (palette @ np.array([0.299, 0.587, 0.114]))[pixels][..., np.newaxis]
    # Green light rather than green paint: the image is still to be seen in it.
    light = (UNLIT + (1 - UNLIT) * grey / 255) * np.array(MARK)
    opacity = strength(attribution)[..., np.newaxis] ** CONTRAST
    return np.rint((1 - opacity) * DIMMED * grey + opacity * light).astype(np.uint8)


def write_image(path: Path, image: np.ndarray) -> None:
    """Write a PNG, whole or not at all, enlarged by a whole number.

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
