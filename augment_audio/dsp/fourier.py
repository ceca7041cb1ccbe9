"""Short-time Fourier transform in single precision, a block of frames at a time.

A block is small enough to stay in the processor's cache through all steps. One row of a block is a frame, or its
spectrum, packed into as many numbers as the frame has:

    real 0, real 1, imaginary 1, real 2, imaginary 2, ..., and, for an even length n, real n / 2
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np

from augment_audio.dsp.compiled import compiled

FRAMES_A_BLOCK = 48
"""Less than half a megabyte at 2048 samples a frame; 24 to 96 are about as fast."""


def spectrum_blocks(y: np.ndarray, *, n_fft: int, hop_length: int) -> Iterator[tuple[int, np.ndarray]]:
    """Short-time Fourier transform, as `librosa.stft` with its defaults (Hann window, centred, padded with zeros).

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    n_fft, hop_length : int
        Samples per frame, and from one frame to the next.

    Yields
    ------
    first : int
        Index of the block's first frame; there are `1 + n // hop_length` frames.
    packed : np.ndarray, shape=(frames, n_fft), float32
        Packed spectra; overwritten by the next block.
    """
    n = n_frames(len(y), hop_length)
    buffer = np.empty((min(FRAMES_A_BLOCK, n), n_fft), dtype=np.float32)
    for first in range(0, n, FRAMES_A_BLOCK):
        packed = buffer[: n - first]
        _cut(y, first * hop_length - n_fft // 2, hop_length, hann(n_fft), packed)
        transform(packed)
        yield first, packed


def power_blocks(y: np.ndarray, *, n_fft: int, hop_length: int) -> Iterator[tuple[int, np.ndarray]]:
    """Short-time power spectrum, as `abs(librosa.stft(y)) ** 2`, a block of its columns at a time.

    Parameters
    ----------
    y, n_fft, hop_length
        See `spectrum_blocks`.

    Yields
    ------
    first : int
        Index of the block's first column; there are `1 + n // hop_length` columns.
    power : np.ndarray, shape=(1 + n_fft // 2, frames), float32

    Examples
    --------
    >>> y = np.zeros(22050, dtype=np.float32)
    >>> [(first, block.shape) for first, block in power_blocks(y, n_fft=2048, hop_length=512)]
    [(0, (1025, 44))]
    """
    for first, packed in spectrum_blocks(y, n_fft=n_fft, hop_length=hop_length):
        power = np.empty((len(packed), 1 + n_fft // 2), dtype=np.float32)
        _powers(packed, power)
        yield first, cv2.transpose(power)  # four times as fast as numpy's


def n_frames(n_samples: int, hop_length: int) -> int:
    """Number of frames of a waveform."""
    return 1 + n_samples // hop_length


@lru_cache(maxsize=8)
def hann(n: int) -> np.ndarray:
    """Hann window of period n, shape=(n,), float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)).astype(np.float32)


def transform(frames: np.ndarray) -> None:
    """Fourier transform of each row, in place, packed.

    Parameters
    ----------
    frames : np.ndarray, shape=(frames, n), float32, contiguous
    """
    n = frames.shape[1]
    if _is_power_of_two(n):
        # OpenCV takes a third of scipy's time, with equal precision.
        cv2.dft(frames, dst=frames, flags=cv2.DFT_ROWS)
        return
    import scipy.fft

    # For other lengths scipy is faster. The imaginary parts of bins 0 and n / 2, which are 0, are dropped.
    unpacked = scipy.fft.rfft(frames, axis=1).view(np.float32)
    frames[:, 0] = unpacked[:, 0]
    frames[:, 1:] = unpacked[:, 2 : n + 1]


def transform_back(packed: np.ndarray) -> None:
    """Inverse transform of packed spectra, in place, without the factor 1 / n: a window can contain it.

    Parameters
    ----------
    packed : np.ndarray, shape=(frames, n), float32, contiguous
        n is a power of two.
    """
    cv2.dft(packed, dst=packed, flags=cv2.DFT_ROWS | cv2.DFT_INVERSE)


@compiled
def _cut(y: np.ndarray, start: int, hop_length: int, window: np.ndarray, frames: np.ndarray) -> None:
    """Frames from the sample `start` on, times the window; the waveform is padded with zeros.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    start, hop_length : int
        First sample of the first frame, which may be negative, and samples from one frame to the next.
    window : np.ndarray, shape=(n_fft,), float32
    frames : np.ndarray, shape=(frames, n_fft), float32
        Written.
    """
    n = frames.shape[1]
    for row in range(len(frames)):
        low = min(n, max(0, -start))
        high = max(low, min(n, len(y) - start))
        frames[row, :low] = 0
        frames[row, high:] = 0
        # Slices, so that the loop is vectorised.
        inside, weights, samples = frames[row, low:high], window[low:high], y[start + low : start + high]
        for t in range(len(inside)):
            inside[t] = samples[t] * weights[t]
        start += hop_length


@compiled
def _powers(packed: np.ndarray, power: np.ndarray) -> None:
    """Squared magnitudes of a block of spectra, one row per frame.

    Parameters
    ----------
    packed : np.ndarray, shape=(frames, n_fft), float32
    power : np.ndarray, shape=(frames, 1 + n_fft // 2), float32
        Written.
    """
    n = packed.shape[1]
    for row in range(len(packed)):
        power[row, 0] = packed[row, 0] * packed[row, 0]
        if n % 2 == 0:
            power[row, n // 2] = packed[row, n - 1] * packed[row, n - 1]
        pairs, between = packed[row, 1:], power[row, 1 : (n + 1) // 2]
        for k in range(len(between)):
            between[k] = pairs[2 * k] * pairs[2 * k] + pairs[2 * k + 1] * pairs[2 * k + 1]


def _is_power_of_two(n: int) -> bool:
    return n & (n - 1) == 0
