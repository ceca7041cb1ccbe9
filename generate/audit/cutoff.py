"""The cut-off frequency of a clip: where its spectrum ends in an edge, as a codec or a low sample rate leaves it."""

from __future__ import annotations

import numpy as np

from generate.dataset.settings import Settings
from generate.features.axes import row_hz

NOTHING_DB = 2.0
"""Above the floor; a cut-off spectrum stays below this."""
EDGE_DB = 10.0
"""A cut-off is a fall by at least so much within `EDGE_BANDS`. Measured on ESC-10 (400 clips): resampled to 16 kHz
and back, 391 have one, at 7.7 kHz in the median; the others are nearly empty there. Of the originals 200 have one, most
at 16 kHz: they were published as Ogg Vorbis."""
LOWEST_HZ = 2500.0
"""No codec or sample rate in use ends below: telephones reach 3.4 kHz. What ends there is a tone."""
EDGE_BANDS = 3.0
"""Rows of the feature that an edge may take: one that holds it, and one on either side that it leaks into."""
SHARP = frozenset(("mel", "log"))
"""Features whose rows end where they end. The skirts of a gammatone filter fall by 80 dB over some 30 rows, as audio
does that fades by itself; and the rows of `mfcc` are no frequencies."""


def cutoff_hz(pixels: np.ndarray, settings: Settings) -> float:
    """Find the frequency above which the spectrum is empty, if it ends in an edge.

    A codec's low-pass filter, or a sample rate that was raised, leaves nothing above one frequency and audio right
    below it; a spectrum that ends by itself fades over many bands, unless it is of clean tones. What counts is the
    level that each row reaches in all but its loudest columns: where audio starts or ends within the image, the
    analysis window spreads it over all frequencies, and so as many columns as that may take are skipped.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width), uint8
        As `generate.features.spectrogram.spectrogram_image` gives them: row 0 is the highest frequency, 0 the floor.
    settings : Settings

    Returns
    -------
    float
        In hertz, a few per cent below the edge; NaN where there is none or it is below `LOWEST_HZ`, where audio reaches
        the top of the image, and for a feature that is not `SHARP`.
    """
    bands_hz = row_hz(settings)
    if settings.feature not in SHARP or bands_hz is None:
        return float("nan")
    height, n_bands = len(pixels), len(bands_hz)
    profile = _loudest(pixels, settings)[::-1] * (settings.range_db / 255)
    audible = np.flatnonzero(profile > NOTHING_DB)
    n_rows = max(2, round(EDGE_BANDS * height / n_bands))
    if not len(audible) or audible[-1] + n_rows >= height:
        return float("nan")
    last = int(audible[-1])
    below = profile[max(0, last - n_rows) : last + 1].max()
    if below < EDGE_DB:
        return float("nan")
    row = int(np.flatnonzero(profile[: last + 1] >= below / 2)[-1])
    hz = float(image_hz(height, settings)[row])
    return hz if hz >= LOWEST_HZ else float("nan")


def _loudest(pixels: np.ndarray, settings: Settings) -> np.ndarray:
    """The level of each row, apart from as many of its loudest columns as an onset and an end may spread over."""
    width = pixels.shape[1]
    n_spread = int(np.ceil(2 * settings.n_fft / settings.n_samples * width)) + 2
    place = width - 1 - min(n_spread, width // 2)
    return np.partition(pixels, place, axis=1)[:, place].astype(np.float32)


def image_hz(height: int, settings: Settings) -> np.ndarray:
    """Centre frequencies of an image's rows.

    Parameters
    ----------
    height : int
        Of the image, whatever the number of bands that it was rendered from.
    settings : Settings
        Of any feature that has a frequency axis.

    Returns
    -------
    np.ndarray, shape=(height,), float64
        In hertz, low first.
    """
    bands_hz = row_hz(settings)
    if bands_hz is None:
        raise ValueError(f"feature must have a frequency axis. Got {settings.feature!r}.")
    place = (np.arange(height) + 0.5) * len(bands_hz) / height - 0.5
    return np.interp(place, np.arange(len(bands_hz)), bands_hz)
