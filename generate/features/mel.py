"""Mel-spectrogram: the frequency axis is spaced as pitch is heard."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from generate.features.decibels import band_power, sine_power, to_decibels, to_unit_range
from generate.settings import Settings

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def mel(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Mel-spectrogram in decibels.

    Slaney's mel scale and area normalisation, as `librosa.feature.melspectrogram` with its defaults.

    Returns
    -------
    np.ndarray, shape=(n_bands, frames), float32, 0 to 1
    """
    return to_unit_range(mel_decibels(y, settings), settings)


def mel_decibels(y: np.ndarray, settings: Settings) -> np.ndarray:
    """The same in decibels below the reference, shape=(n_bands, frames)."""
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    filters, full_scale = mel_filters(*options)
    return to_decibels(band_power(y, settings, filters), settings, full_scale=full_scale)


@lru_cache(maxsize=4)
def mel_filters(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> tuple[csr_array, float]:
    """Triangular filters.

    Returns
    -------
    filters : scipy.sparse.csr_array, shape=(n_bands, n_fft / 2 + 1), float32
        Sparse, since a bin is in two of them at most.
    full_scale : float
        The highest power that a sine at full scale reaches in any band.

    References
    ----------
    Slaney, M. "Auditory Toolbox", Interval Research Technical Report 1998-010.
    """
    import librosa
    from scipy.sparse import csr_array

    filters = librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_bands, fmin=fmin_hz, fmax=fmax_hz)
    return csr_array(filters), sine_power(n_fft, filters)
