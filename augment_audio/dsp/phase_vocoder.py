"""Phase vocoder: another tempo at the same pitch, from one analysis for all tempos."""

from __future__ import annotations

import math

import numpy as np

from augment_audio.dsp.compiled import compiled
from augment_audio.dsp.fourier import FRAMES_A_BLOCK, hann, n_frames, spectrum_blocks, transform_back

N_FFT = 2048
HOP_LENGTH = 512
"""librosa's defaults, at any sample rate: 46 ms at 44.1 kHz, and 256 ms at 8 kHz, which smears what is short."""
N_BINS = N_FFT // 2 + 1
OVERLAP = N_FFT // HOP_LENGTH
"""Frames that contain each sample; the squares of their Hann windows add up to `WINDOWS_SUM`."""
WINDOWS_SUM = 3 / 8 * OVERLAP


class PhaseVocoder:
    """An analysed waveform.

    The same results as `librosa.effects.time_stretch` with its defaults, without trigonometry. Where librosa adds up
    angles, this multiplies unit phasors: as the hops of analysis and synthesis are equal, a bin turns between two
    frames by the quotient of their phasors, and the turn expected at its centre frequency cancels out. (It is also
    more precise: librosa's angles grow to hundreds of thousands of radians, where float32 has steps of 0.06.)

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        At least `N_FFT` samples.

    References
    ----------
    Ellis, D. P. W. "A phase vocoder in Matlab", 2002, as implemented in librosa
    (https://librosa.org/doc/latest/generated/librosa.phase_vocoder.html).
    """

    def __init__(self, y: np.ndarray) -> None:
        self._n_samples = len(y)
        n = n_frames(len(y), HOP_LENGTH)
        # One array, not three: its memory is reused for the next waveform.
        self._magnitude, self._turn_real, self._turn_imag = np.empty((3, n + 1, N_BINS), dtype=np.float32)
        real, imag = np.ones(N_BINS, dtype=np.float32), np.zeros(N_BINS, dtype=np.float32)
        into = (self._magnitude, self._turn_real, self._turn_imag, real, imag)
        for first, packed in spectrum_blocks(y, n_fft=N_FFT, hop_length=HOP_LENGTH):
            _analyse(packed, first, *into)
        # A frame of silence after the last, to interpolate to.
        _analyse(np.zeros((1, N_FFT), dtype=np.float32), n, *into)

    def stretch(self, rate: float) -> np.ndarray:
        """The waveform at another tempo.

        Parameters
        ----------
        rate : float
            Above 1 is faster.

        Returns
        -------
        np.ndarray, shape=(round(n / rate),), float32

        Examples
        --------
        >>> PhaseVocoder(np.ones(22050, dtype=np.float32)).stretch(2).shape
        (11025,)
        """
        length, rate = round(self._n_samples / rate), float(rate)
        n = min(math.ceil((len(self._magnitude) - 1) / rate), math.ceil((length + N_FFT) / HOP_LENGTH))
        window = hann(N_FFT) / np.float32(WINDOWS_SUM * N_FFT)
        y = np.zeros((n + OVERLAP - 1) * HOP_LENGTH, dtype=np.float32)
        real, imag = self._turn_real[0].copy(), self._turn_imag[0].copy()
        buffer = np.empty((min(FRAMES_A_BLOCK, n), N_FFT), dtype=np.float32)
        for first in range(0, n, FRAMES_A_BLOCK):
            frames = buffer[: n - first]
            _synthesise(frames, first, rate, self._magnitude, self._turn_real, self._turn_imag, real, imag)
            transform_back(frames)
            _overlap_add(frames, window, y[first * HOP_LENGTH :])
        _normalise_ends(y.reshape(-1, HOP_LENGTH), n)
        return y[N_FFT // 2 :][:length]


def _normalise_ends(hops: np.ndarray, n: int) -> None:
    """Divide by the sum of the windows where fewer of them overlap, in place."""
    squares = hann(N_FFT).reshape(OVERLAP, HOP_LENGTH) ** 2
    for hop in {*range(OVERLAP // 2, OVERLAP - 1), *range(n, n + OVERLAP - 1)}:
        there = squares[max(0, hop - n + 1) : hop + 1]
        hops[hop] *= np.float32(WINDOWS_SUM) / there.sum(axis=0)


@compiled
def _analyse(
    packed: np.ndarray,
    first: int,
    magnitude: np.ndarray,
    turn_real: np.ndarray,
    turn_imag: np.ndarray,
    real: np.ndarray,
    imag: np.ndarray,
) -> None:
    """Magnitudes of a block of spectra, and by how much each bin turned since the frame before.

    The phase of an empty bin is 0.

    Parameters
    ----------
    packed : np.ndarray, shape=(frames, N_FFT), float32
    first : int
        Index of the block's first frame.
    magnitude, turn_real, turn_imag : np.ndarray, shape=(all frames, N_BINS), float32
        The rows of the block are written.
    real, imag : np.ndarray, shape=(N_BINS,), float32
        Unit phasors of the frame before, and then those of the block's last frame.
    """
    half = packed.shape[1] // 2
    for row in range(len(packed)):
        frame = first + row
        for k in range(half + 1):
            x = packed[row, 2 * k - 1] if k else packed[row, 0]
            y = packed[row, 2 * k] if 0 < k < half else np.float32(0)
            size = np.sqrt(x * x + y * y)
            unit_x = x / size if size > 0 else np.float32(1)
            unit_y = y / size if size > 0 else np.float32(0)
            magnitude[frame, k] = size
            turn_real[frame, k] = unit_x * real[k] + unit_y * imag[k]
            turn_imag[frame, k] = unit_y * real[k] - unit_x * imag[k]
            real[k] = unit_x
            imag[k] = unit_y


@compiled
def _synthesise(
    packed: np.ndarray,
    first: int,
    rate: float,
    magnitude: np.ndarray,
    turn_real: np.ndarray,
    turn_imag: np.ndarray,
    real: np.ndarray,
    imag: np.ndarray,
) -> None:
    """Spectra of a block of frames, `rate` frames of the analysis apart.

    Parameters
    ----------
    packed : np.ndarray, shape=(frames, N_FFT), float32
        Written.
    first : int
        Index of the block's first frame.
    rate : float
    magnitude, turn_real, turn_imag : np.ndarray, shape=(all frames, N_BINS), float32
        As `_analyse` wrote them.
    real, imag : np.ndarray, shape=(N_BINS,), float32
        Unit phasors of the block's first frame, and then those of the one after its last.
    """
    half = packed.shape[1] // 2
    for row in range(len(packed)):
        step = (first + row) * rate
        left = int(step)
        right = min(left + 1, len(magnitude) - 1)  # rounding may put the last step on the last frame
        b = np.float32(step - left)
        a = np.float32(1) - b
        packed[row, 0] = (a * magnitude[left, 0] + b * magnitude[right, 0]) * real[0]
        packed[row, 2 * half - 1] = (a * magnitude[left, half] + b * magnitude[right, half]) * real[half]
        for k in range(1, half):
            size = a * magnitude[left, k] + b * magnitude[right, k]
            packed[row, 2 * k - 1] = size * real[k]
            packed[row, 2 * k] = size * imag[k]
        for k in range(half + 1):
            x = real[k] * turn_real[right, k] - imag[k] * turn_imag[right, k]
            y = real[k] * turn_imag[right, k] + imag[k] * turn_real[right, k]
            # One step of Newton's method for 1 / sqrt(x x + y y), from 1, keeps the length at 1 despite rounding.
            shorten = np.float32(1.5) - np.float32(0.5) * (x * x + y * y)
            real[k] = x * shorten
            imag[k] = y * shorten


@compiled
def _overlap_add(frames: np.ndarray, window: np.ndarray, y: np.ndarray) -> None:
    """Add frames, times the window, to a waveform.

    Parameters
    ----------
    frames : np.ndarray, shape=(frames, N_FFT), float32
    window : np.ndarray, shape=(N_FFT,), float32
    y : np.ndarray, shape=(n,), float32
        Added to; begins with the first frame and has room for the last.
    """
    for row in range(len(frames)):
        for t in range(N_FFT):
            y[row * HOP_LENGTH + t] += frames[row, t] * window[t]
