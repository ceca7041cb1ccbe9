"""Mel-spectrogram, with a frequency axis spaced by perceived pitch."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from generate.dataset.settings import Settings
from generate.features.decibels import band_power, sine_power, to_decibels, to_unit_range

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def mel(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Mel-spectrogram in decibels.

    Slaney's mel scale and area normalisation, as `librosa.feature.melspectrogram` with its defaults.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_bands, frames), float32, 0 to 1
    """
    return to_unit_range(mel_decibels(y, settings), settings)


def mel_decibels(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Mel-spectrogram in decibels relative to the reference, shape=(n_bands, frames)."""
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    filters, full_scale = mel_filters(*options)
    return to_decibels(band_power(y, settings, filters), settings, full_scale=full_scale)


@lru_cache(maxsize=4)
def mel_filters(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> tuple[csr_array, float]:
    """Triangular filters, equal to those of `librosa.filters.mel`, which takes long to import.

    Returns
    -------
    filters : scipy.sparse.csr_array, shape=(n_bands, n_fft / 2 + 1), float32
        Sparse, since each bin is in two filters at most.
    full_scale : float
        The highest power of a sine at full scale in any band.

    References
    ----------
    Slaney, M. "Auditory Toolbox", Interval Research Technical Report 1998-010.
    """
    from scipy.sparse import csr_array

    corners = corner_hz(n_bands, fmin_hz, fmax_hz)
    bin_hz = np.fft.rfftfreq(n_fft, 1 / sr)
    rising, falling = (
        (bin_hz - corners[:-2, np.newaxis]) / np.diff(corners)[:-1, np.newaxis],
        (corners[2:, np.newaxis] - bin_hz) / np.diff(corners)[1:, np.newaxis],
    )
    triangles = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    # Each has the same area, so that white noise has equal power in all bands.
    triangles *= (2 / (corners[2:] - corners[:-2]))[:, np.newaxis]
    return csr_array(triangles), sine_power(n_fft, triangles)


def n_empty_bands(settings: Settings) -> int:
    """Number of bands without any bin of the Fourier transform, which are always dark.

    Parameters
    ----------
    settings : Settings

    Examples
    --------
    >>> n_empty_bands(Settings(sr=44100, n_fft=512)), n_empty_bands(Settings(sr=44100, n_fft=2048))
    (11, 0)
    """
    corners = corner_hz(settings.n_bands, settings.fmin_hz, settings.highest_hz)
    bin_hz = np.fft.rfftfreq(settings.n_fft, 1 / settings.sr)
    first = np.searchsorted(bin_hz, corners[:-2], side="right")
    last = np.searchsorted(bin_hz, corners[2:], side="left")
    return int((last <= first).sum())


def corner_hz(n_bands: int, fmin_hz: float, fmax_hz: float) -> np.ndarray:
    """Where the triangles begin, peak and end, in hertz, shape=(n_bands + 2,): three in a row per band."""
    low, high = to_mel(np.array([fmin_hz, fmax_hz])).tolist()
    return to_hz(np.linspace(low, high, n_bands + 2))


LINEAR_HZ = 200 / 3
"""Hertz per mel on Slaney's scale, below 1000 Hz."""
LOG_FROM_HZ = 1000.0
LOG_STEP = np.log(6.4) / 27
"""Above it, 27 mel are a factor of 6.4."""


def to_mel(hz: np.ndarray) -> np.ndarray:
    """Hertz to mel on Slaney's scale: linear up to 1000 Hz, logarithmic above.

    Examples
    --------
    >>> to_mel(np.array([0.0, 1000.0, 6400.0]))
    array([ 0., 15., 42.])
    """
    above = LOG_FROM_HZ / LINEAR_HZ + np.log(np.maximum(hz, LOG_FROM_HZ) / LOG_FROM_HZ) / LOG_STEP
    return np.where(hz >= LOG_FROM_HZ, above, hz / LINEAR_HZ)


def to_hz(mel: np.ndarray) -> np.ndarray:
    """Mel on Slaney's scale to hertz; the inverse of `to_mel`."""
    log_from = LOG_FROM_HZ / LINEAR_HZ
    return np.where(mel >= log_from, LOG_FROM_HZ * np.exp(LOG_STEP * (mel - log_from)), LINEAR_HZ * mel)
