"""Downmix to mono: the mean of the channels, or one of them; or keep left and right."""

from __future__ import annotations

import numpy as np

from augment_audio.dsp.downmix import loudest_channel
from generate.audio.bad_audio import MissingChannel
from generate.audio.noise_floor import is_silent

MEAN, MONO, STEREO = "mean", "mono", "stereo"
"""Values of the column `channel`: the mean of several channels, a file with only one, or both of two. Otherwise it is
the number of the channel that was used, from 1."""


def two_channels(channels: np.ndarray) -> tuple[np.ndarray, str]:
    """Left and right; those of a mono file are equal.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32

    Returns
    -------
    y : np.ndarray, shape=(2, n), float32
    channel : str
        `mono` or `stereo`.

    Raises
    ------
    MissingChannel
        If there are more than two.
    """
    n_channels = channels.shape[1]
    if n_channels > 2:
        raise MissingChannel(f"it has {n_channels} channels, and stereo images show one or two. Use --channels auto")
    return np.ascontiguousarray(np.broadcast_to(channels, (len(channels), 2)).T), MONO if n_channels == 1 else STEREO


def one_channel(channels: np.ndarray, wanted: str, *, noise: float) -> tuple[np.ndarray, str]:
    """Downmix as requested.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32
        n > 0, finite.
    wanted : str
        One of `generate.dataset.settings.CHANNELS` but `stereo`; `auto` is the mean, or the loudest channel if they
        cancel each other out.
    noise : float
        As `noise_floor` returns it: if the mean is silent by it and a channel is not, `auto` uses the loudest channel.

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
        Any DC offset is kept.
    channel : str
        `mono`, `mean`, or the number of the channel, from 1.

    Raises
    ------
    MissingChannel
        If the file has no such channel.
    """
    n_channels = channels.shape[1]
    if wanted == "right" and n_channels < 2:
        raise MissingChannel("it has one channel, and no right one. Use --channels auto")
    if n_channels == 1:
        return channels[:, 0], MONO
    if wanted in ("left", "right"):
        return _numbered(channels, 0 if wanted == "left" else 1)
    mean = channels.mean(axis=1, dtype=np.float32)
    if wanted == "mean":
        return mean, MEAN
    loudest, cancel = loudest_channel(channels, mean)
    if wanted == "auto" and (not (cancel or is_silent(mean, noise)) or is_silent(channels[:, loudest], noise)):
        return mean, MEAN
    return _numbered(channels, loudest)


def _numbered(channels: np.ndarray, index: int) -> tuple[np.ndarray, str]:
    return np.ascontiguousarray(channels[:, index]), str(index + 1)
