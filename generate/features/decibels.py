"""From samples to power, and from power to the dB scale that every feature shares."""

from __future__ import annotations

import numpy as np

from generate.settings import Settings

QUIETEST_DBFS = -80.0
"""The reference is never lower than a sine of this level. Three steps of 16-bit sound: below is the format's own noise,
and `ref=np.max` would paint it as bright as any other sound."""


def power_spectrum(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Short-time power spectrum with a Hann window, as `abs(librosa.stft(y)) ** 2`.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32

    Returns
    -------
    np.ndarray, shape=(n_fft / 2 + 1, 1 + n // hop_length), float32
    """
    import librosa

    spectrum = librosa.stft(y, n_fft=settings.n_fft, hop_length=settings.hop_length)
    return spectrum.real**2 + spectrum.imag**2


def sine_power(settings: Settings, filters: np.ndarray | None = None) -> float:
    """The highest power that a sine at full scale reaches.

    In its own bin it is half the sum of the Hann window, squared, and a quarter of that in both bins beside it.

    Parameters
    ----------
    filters : np.ndarray, shape=(rows, n_fft / 2 + 1), optional
        Then the highest of all rows; a filter may hold all three bins.
    """
    in_own_bin = (settings.n_fft / 4) ** 2
    if filters is None:
        return in_own_bin
    beside = np.pad(filters, ((0, 0), (1, 1)))
    return in_own_bin * float((filters + 0.25 * (beside[:, :-2] + beside[:, 2:])).max())


def to_decibels(power: np.ndarray, settings: Settings, *, full_scale: float) -> np.ndarray:
    """Decibels below the reference, cut at the floor.

    Parameters
    ----------
    power : np.ndarray, shape=(rows, frames)
        At least 0.
    full_scale : float
        The highest power that a sine at full scale reaches in any row.

    Returns
    -------
    np.ndarray, shape=(rows, frames), float32
        From `-range_db` to 0.
    """
    if settings.reference == "full-scale":
        reference = full_scale
    else:
        reference = max(float(power.max()), full_scale * 10 ** (QUIETEST_DBFS / 10))
    floor = reference * 10 ** (-settings.range_db / 10)
    decibels = 10 * np.log10(np.maximum(power, floor) / np.float32(reference))
    return np.clip(decibels, -settings.range_db, 0, dtype=np.float32)


def to_unit_range(decibels: np.ndarray, settings: Settings) -> np.ndarray:
    """The dB scale from 0 (floor) to 1 (reference)."""
    return decibels / np.float32(settings.range_db) + np.float32(1)
