"""One channel from several: their mean, or one of them."""

from __future__ import annotations

import numpy as np

from generate.audio.decode import BadAudio
from generate.audio.own_noise import is_silent

MEAN, MONO = "mean", "mono"
"""What is said of a clip that is the mean of its channels, and of one that has but one; else the number of the channel
that was taken, 1 for the first."""
CANCELLED = 0.1
"""Channels that have nothing in common leave 1 / n of their power in the mean of n, as one does beside silent ones.
Where a tenth of even that is left (-13 dB of two channels; nine tenths of them opposite to each other), what is left is
not what the channels hold, but what they differ in."""


def one_channel(channels: np.ndarray, wanted: str, *, noise: float) -> tuple[np.ndarray, str]:
    """Take the channel that is wanted.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32
        n > 0, finite.
    wanted : str
        One of `generate.dataset.settings.CHANNELS`; `auto` is the mean, or the loudest where the channels cancel each
        other.
    noise : float
        As `own_noise` gives it: where the mean holds no more, and a channel does, `auto` takes the loudest.

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
        An offset is left as it is.
    channel : str
        `mono`, `mean`, or the number of the channel, from 1.

    Raises
    ------
    BadSound
        If the file has no such channel.
    """
    n_channels = channels.shape[1]
    if wanted == "right" and n_channels < 2:
        raise BadAudio("it has one channel and no right one: --channels auto takes what there is")
    if n_channels == 1:
        return channels[:, 0], MONO
    if wanted in ("left", "right"):
        return _numbered(channels, 0 if wanted == "left" else 1)
    mean = channels.mean(axis=1, dtype=np.float32)
    if wanted == "mean":
        return mean, MEAN
    powers = np.array([_power(channels[:, k]) for k in range(n_channels)])
    loudest = int(powers.argmax())
    if wanted == "auto":
        is_cancelled = _power(mean) < CANCELLED * powers.mean() / n_channels or is_silent(mean, noise)
        if not is_cancelled or is_silent(channels[:, loudest], noise):
            return mean, MEAN
    return _numbered(channels, loudest)


def _numbered(channels: np.ndarray, index: int) -> tuple[np.ndarray, str]:
    return np.ascontiguousarray(channels[:, index]), str(index + 1)


def _power(y: np.ndarray) -> float:
    """Mean power without the offset."""
    return float(np.var(y, dtype=np.float64))
