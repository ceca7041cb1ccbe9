"""Mel-spectrogram: the frequency axis is spaced as pitch is heard."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from generate.features.decibels import power_spectrum, sine_power, to_decibels, to_unit_range
from generate.settings import Settings


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
    filters = mel_filters(settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    full_scale = sine_power(settings, filters)
    return to_decibels(filters @ power_spectrum(y, settings), settings, full_scale=full_scale)


@lru_cache(maxsize=4)
def mel_filters(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> np.ndarray:
    """Triangular filters, shape=(n_bands, n_fft / 2 + 1), float32.

    References
    ----------
    Slaney, M. "Auditory Toolbox", Interval Research Technical Report 1998-010.
    """
    import librosa

    return librosa.filters.mel(sr=sr, n_fft=n_fft, n_mels=n_bands, fmin=fmin_hz, fmax=fmax_hz)
