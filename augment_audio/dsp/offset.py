"""The DC offset of a waveform."""

from __future__ import annotations

import numpy as np

SHORTEST_OFFSET_S = 0.05
"""The mean of a shorter event between zeros is part of the signal; over a longer one, audible frequencies (from 20 Hz)
average out."""


def without_offset(y: np.ndarray, sr: int) -> tuple[np.ndarray, float]:
    """The samples without their mean, and that mean.

    A high-pass filter would change low frequencies too, and has a transient at the start. Zeros at both ends are
    padding without the offset; they stay zeros and do not count for the mean.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    sr : int
        In hertz.

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
    offset : float

    Examples
    --------
    >>> without_offset(np.array([0, 0.5, 0.25, 0], dtype=np.float32), 20)
    (array([ 0.   ,  0.125, -0.125,  0.   ], dtype=float32), 0.375)
    """
    is_audio = y != 0
    if not is_audio.any():
        return y, 0.0
    first, last = int(is_audio.argmax()), len(y) - int(is_audio[::-1].argmax())
    if last - first < min(len(y), SHORTEST_OFFSET_S * sr):
        return y, 0.0
    offset = float(y[first:last].mean(dtype=np.float64))
    centred = np.zeros_like(y)
    np.subtract(y[first:last], np.float32(offset), out=centred[first:last])
    return centred, offset
