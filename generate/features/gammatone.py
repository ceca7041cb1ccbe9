"""Gammatone spectrogram: filters shaped and spaced as in the human ear."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from generate.dataset.settings import Settings
from generate.features.decibels import band_power, sine_power, to_decibels, to_unit_range

ORDER = 4
"""Order of the gammatone filter that fits human hearing best (Patterson and others 1987)."""
BANDWIDTH = 1.019
"""Bandwidth of that filter in equivalent rectangular bandwidths (same source)."""


def gammatone(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Energy in each band of a gammatone filter bank, in decibels.

    The power spectrum is weighted with the power responses of the filters, which is much faster than filtering the
    samples and has the same energies.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_bands, frames), float32, 0 to 1

    References
    ----------
    Ellis, D. P. W. "Gammatone-like spectrograms", 2009
    (https://www.ee.columbia.edu/~dpwe/resources/matlab/gammatonegram/).
    """
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    power = band_power(y, settings, gammatone_filters(*options))
    return to_unit_range(to_decibels(power, settings, full_scale=_full_scale(*options)), settings)


def erb_hz(hz: np.ndarray) -> np.ndarray:
    """Equivalent rectangular bandwidth in hertz (Glasberg and Moore 1990)."""
    return 24.7 * (4.37e-3 * hz + 1)


def centre_hz(n_bands: int, fmin_hz: float, fmax_hz: float) -> np.ndarray:
    """Centre frequencies, evenly spaced in ERB rate, shape=(n_bands,), lowest first.

    The ERB rate is 21.4 log10(1 + 0.00437 f) (Glasberg and Moore 1990). The first and the last are
    half a step from the ends.
    """
    low, high = (21.4 * np.log10(1 + 4.37e-3 * np.array([fmin_hz, fmax_hz]))).tolist()
    rate = low + (np.arange(n_bands) + 0.5) * (high - low) / n_bands
    return (10 ** (rate / 21.4) - 1) / 4.37e-3


@lru_cache(maxsize=4)
def gammatone_filters(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> np.ndarray:
    """Power responses |H(f)|² at the bins of the transform, shape=(n_bands, n_fft / 2 + 1), float32, peak about 1.

    |H(f)|² = (1 + ((f - f_c) / b)²)^-4 with b = 1.019 ERB(f_c).
    """
    centres = centre_hz(n_bands, fmin_hz, fmax_hz)[:, np.newaxis]
    hz = np.arange(n_fft // 2 + 1) * (sr / n_fft)
    distance = (hz - centres) / (BANDWIDTH * erb_hz(centres))
    return ((1 + distance**2) ** -ORDER).astype(np.float32)


@lru_cache(maxsize=4)
def _full_scale(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> float:
    """The highest power of a sine at full scale in any band."""
    return sine_power(n_fft, gammatone_filters(sr, n_fft, n_bands, fmin_hz, fmax_hz))
