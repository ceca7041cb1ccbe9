"""Power in frequency bands, and the dB scale that all features share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from generate.dataset.settings import Settings

if TYPE_CHECKING:
    from scipy.sparse import csr_array

QUIETEST_DBFS = -80.0
"""The reference is never lower than a sine of this level, which is three steps of 16 bits: below is only the noise of
the format, which `ref=np.max` would show as bright as any signal."""


def band_power(y: np.ndarray, settings: Settings, filters: np.ndarray | csr_array, *, exponent: int = 2) -> np.ndarray:
    """Power in each band of a filter bank.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    settings : Settings
    filters : np.ndarray or scipy.sparse.csr_array, shape=(rows, n_fft / 2 + 1), float32
    exponent : {2, 1}
        Of the magnitudes that are summed: 2 is power, 1 the magnitudes themselves.

    Returns
    -------
    np.ndarray, shape=(rows, 1 + n // hop_length), float32
    """
    from augment_audio.dsp.fourier import n_frames, power_blocks
    from generate.features.sparse import multiply

    power = np.empty((filters.shape[0], n_frames(len(y), settings.hop_length)), dtype=np.float32)
    for first, block in power_blocks(y, n_fft=settings.n_fft, hop_length=settings.hop_length):
        into = power[:, first : first + block.shape[1]]
        if exponent == 1:
            np.sqrt(block, out=block)
        if isinstance(filters, np.ndarray):
            into[:] = filters @ block
        else:
            multiply(filters.indptr, filters.indices, filters.data, block, into)
    return power


def sine_power(n_fft: int, filters: np.ndarray | None = None, *, exponent: int = 2) -> float:
    """The highest power of a sine at full scale.

    In its own bin this is half the sum of the Hann window, squared; in both neighbouring bins a quarter of that.

    Parameters
    ----------
    n_fft : int
    filters : np.ndarray, shape=(rows, n_fft / 2 + 1), optional
        With filters: the highest power in any row. A filter may contain all three bins.
    exponent : {2, 1}
        As of `band_power`.

    Examples
    --------
    >>> sine_power(2048)
    262144.0
    """
    in_own_bin = (n_fft / 4) ** exponent
    if filters is None:
        return in_own_bin
    beside = np.pad(filters, ((0, 0), (1, 1)))
    return in_own_bin * float((filters + 0.5**exponent * (beside[:, :-2] + beside[:, 2:])).max())


def reference_of(power: np.ndarray, settings: Settings, *, full_scale: float, exponent: int = 2) -> float:
    """What the brightest pixel stands for: the highest power of the clip, or full scale.

    Parameters
    ----------
    power : np.ndarray, shape=(rows, frames)
        At least 0.
    settings : Settings
    full_scale : float
        The highest power of a sine at full scale in any row.
    exponent : {2, 1}
        As of `band_power`, for `power` and `full_scale`.

    Returns
    -------
    float
        Never less than a sine of `QUIETEST_DBFS`.
    """
    if settings.reference == "full-scale":
        return full_scale
    return max(float(power.max()), full_scale * 10 ** (QUIETEST_DBFS * exponent / 20))


def to_decibels(power: np.ndarray, settings: Settings, *, full_scale: float) -> np.ndarray:
    """Decibels relative to the reference, clipped at the floor.

    Parameters
    ----------
    power : np.ndarray, shape=(rows, frames)
        At least 0.
    settings : Settings
    full_scale : float
        The highest power of a sine at full scale in any row.

    Returns
    -------
    np.ndarray, shape=(rows, frames), float32
        From `-range_db` to 0.

    Examples
    --------
    >>> to_decibels(np.array([[1.0, 0.1, 0.0]]), Settings(range_db=80), full_scale=1.0).round(1)
    array([[  0., -10., -80.]], dtype=float32)
    """
    reference = reference_of(power, settings, full_scale=full_scale)
    floor = reference * 10 ** (-settings.range_db / 10)
    decibels = 10 * np.log10(np.maximum(power, floor) / np.float32(reference))
    return np.clip(decibels, -settings.range_db, 0, dtype=np.float32)


def to_unit_range(decibels: np.ndarray, settings: Settings) -> np.ndarray:
    """Scale decibels to 0 (floor) to 1 (reference).

    Parameters
    ----------
    decibels : np.ndarray, shape=(rows, frames), float32
        As `to_decibels` returns them.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(rows, frames), float32
    """
    return decibels / np.float32(settings.range_db) + np.float32(1)
