"""From samples to the levels of a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

from generate.features import FEATURES
from generate.settings import Settings

SILENCE = 1e-4
"""A sound that never leaves its mean by more than this (-80 dB of full scale, three steps of 16 bits) is silent."""


def levels(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Draw one sound as a picture; nothing in it depends on any other sound.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`, of any length above 0; padded or cut to `settings.seconds` first, so that
        the time axis is the same for all pictures and a stretched sound looks stretched.

    Returns
    -------
    np.ndarray, shape=(height, width), uint8
        Level 0 is the floor (for `mfcc`: the lowest coefficient); low frequencies are at the bottom.
    """
    y = y[: settings.n_samples]
    if is_silent(y):
        y = np.zeros_like(y)
    unit_range = FEATURES[settings.feature](fit_length(y, settings.n_samples, pad=settings.pad), settings)
    picture = np.rint(unit_range[::-1] * np.float32(255)).astype(np.uint8)
    if settings.image_size is None:
        return picture
    # Bilinear in Pillow widens its triangle when it shrinks, so that no frame is skipped.
    return np.asarray(Image.fromarray(picture).resize(settings.image_size, Image.Resampling.BILINEAR))


def fit_length(y: np.ndarray, n_samples: int, *, pad: str) -> np.ndarray:
    """Cut to a length, or fill up with silence or by repeating the sound.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), n > 0
    n_samples : int
    pad : {"silence", "repeat"}

    Returns
    -------
    np.ndarray, shape=(n_samples,)
    """
    if len(y) >= n_samples:
        return y[:n_samples]
    if pad == "repeat":
        return np.resize(y, n_samples)
    return np.pad(y, (0, n_samples - len(y)))


def is_silent(y: np.ndarray) -> bool:
    """Whether there is nothing to hear: no sample leaves the mean by more than `SILENCE`."""
    highest, lowest = float(y.max()), float(y.min())
    if highest - lowest > 2 * SILENCE:  # then one of them is far from any mean
        return False
    mean = float(y.mean(dtype=np.float64))
    return max(highest - mean, mean - lowest) <= SILENCE
