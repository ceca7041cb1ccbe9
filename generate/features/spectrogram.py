"""From samples to the levels of an image."""

from __future__ import annotations

import numpy as np
from PIL import Image

from generate.audio.noise_floor import SILENCE, is_silent
from generate.dataset.settings import Settings
from generate.features import FEATURES


def spectrogram_image(y: np.ndarray, settings: Settings, *, noise: float = SILENCE) -> np.ndarray:
    """Draw one sound as an image; nothing in it depends on any other sound.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`, of any length above 0; padded or cut to `settings.seconds` first, so that
        the time axis is the same for all images and a stretched sound looks stretched.
    settings : Settings
    noise : float
        How far the noise of its format takes a sample, as `generate.audio.noise_floor` gives it; default: of 16 bits. A
        sound that goes no further is drawn as silence, and the brightest level never stands for less.

    Returns
    -------
    np.ndarray, shape=(height, width), uint8
        Level 0 is the floor (for `mfcc`: the lowest coefficient); low frequencies are at the bottom.
    """
    y = y[: settings.n_samples]
    if is_silent(y, noise):
        y = np.zeros_like(y)
    elif noise < SILENCE and settings.reference == "peak":
        # The features' least reference (`QUIETEST_DBFS`) is that of 16 bits. An image that is scaled to its own peak
        # does not depend on the level, and for a format of n bits this is a power of two, which loses nothing.
        y = y * np.float32(SILENCE / noise)
    unit_range = FEATURES[settings.feature](fit_length(y, settings.n_samples, pad=settings.pad), settings)
    image = np.rint(unit_range[::-1] * np.float32(255)).astype(np.uint8)
    if settings.image_size is None:
        return image
    # Bilinear in Pillow widens its triangle when it shrinks, so that no frame is skipped.
    return np.asarray(Image.fromarray(image).resize(settings.image_size, Image.Resampling.BILINEAR))


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
