"""One channel of several: their mean, or the loudest where they cancel each other out."""

from __future__ import annotations

import numpy as np

CANCELLED = 0.1
"""Uncorrelated channels leave 1 / n of their power in the mean of n. Below a tenth of that (-13 dB for two channels),
they are in opposite phase, and the mean would contain only their differences."""


def downmix(channels: np.ndarray) -> np.ndarray:
    """The mean of the channels, or the loudest one if they cancel each other out.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32

    Returns
    -------
    np.ndarray, shape=(n,), float32

    Examples
    --------
    >>> y = np.array([0.5, -0.5, 0.25], dtype=np.float32)
    >>> downmix(np.stack([y, -y], axis=1))
    array([ 0.5 , -0.5 ,  0.25], dtype=float32)
    """
    mean = channels.mean(axis=1, dtype=np.float32)
    if channels.shape[1] == 1 or not len(mean):
        return mean
    loudest, cancel = loudest_channel(channels, mean)
    return np.ascontiguousarray(channels[:, loudest]) if cancel else mean


def loudest_channel(channels: np.ndarray, mean: np.ndarray) -> tuple[int, bool]:
    """The number of the loudest channel, from 0, and whether the channels cancel each other out in their mean.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32
    mean : np.ndarray, shape=(n,)
        Of the channels.
    """
    powers = np.array([_power(y) for y in channels.T])
    return int(powers.argmax()), _power(mean) < CANCELLED * float(powers.mean()) / channels.shape[1]


def _power(y: np.ndarray) -> float:
    """Mean power without the DC offset."""
    return float(np.var(y, dtype=np.float64))
