"""Constant-Q transform: rows evenly spaced in octaves, each filter as long as the same number of periods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from augment_audio.dsp.compiled import compiled
from augment_audio.dsp.fourier import n_frames
from generate.dataset.constant_q import quality_factor
from generate.dataset.settings import Settings
from generate.features.decibels import to_decibels, to_unit_range

HANN_BANDWIDTH = 1.5
"""Of a Hann window in bins of its own length; the highest filter stays below half the sample rate by half of it, as in
`librosa.cqt`."""
LOBES = 8
"""Of a filter's frequency response to either side of its centre that are kept. The next is 64 dB lower; ten times as
many change nothing that is seen."""
FRAMES_A_BLOCK = 512
"""Frames that are transformed at once, so that the memory of the filters does not grow with the clip."""


@dataclass(frozen=True)
class FilterBank:
    """Frequency responses of the filters at the bins of one long Fourier transform.

    Parameters
    ----------
    first_bins : np.ndarray, shape=(rows,), int64
        Where the response of each row begins.
    offsets : np.ndarray, shape=(rows + 1,), int64
        Where its values begin in `values`, and where the last ends.
    values : np.ndarray, shape=(n,), float32
        Real, since the filters are symmetric about their frames.
    full_scale : float
        The highest power of a sine at full scale in any row.
    """

    first_bins: np.ndarray
    offsets: np.ndarray
    values: np.ndarray
    full_scale: float


def cqt(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Constant-Q transform in decibels.

    As `librosa.cqt` with its defaults: Hann windows, white noise has equal power in all rows. Instead of halving the
    sample rate octave by octave, the spectrum of the clip is multiplied with the response of each filter, and folded
    to what an inverse transform at the rate of the frames needs: faster, and without the error of resampling.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(rows, frames), float32, 0 to 1

    References
    ----------
    Brown, J. C. and Puckette, M. S. "An efficient algorithm for the calculation of a constant Q transform", JASA 92,
    1992. Folding: Velasco, G. A., and others. "Constructing an invertible constant-Q transform with non-stationary
    Gabor frames", DAFx 2011.
    """
    power, full_scale = cqt_power(y, settings)
    return to_unit_range(to_decibels(power, settings, full_scale=full_scale), settings)


def row_frequencies_hz(settings: Settings) -> np.ndarray:
    """Centre frequencies from `fmin_hz` on, `bins_per_octave` an octave, shape=(rows,), lowest first.

    Examples
    --------
    >>> row_frequencies_hz(Settings(feature="cqt"))[[0, 12, -1]].round(1)
    array([   32.7,    65.4, 21096. ])
    """
    q = quality_factor(settings.bins_per_octave)
    highest = min(settings.highest_hz, settings.sr / 2 / (1 + HANN_BANDWIDTH / 2 / q))
    # A frequency that is meant to be the highest is in, whatever its last digits.
    octaves = np.log2(highest / settings.fmin_hz) + 1e-6
    return settings.fmin_hz * 2.0 ** (np.arange(int(octaves * settings.bins_per_octave) + 1) / settings.bins_per_octave)


def share_of_bins(settings: Settings) -> np.ndarray:
    """How much of each bin of a short-time Fourier transform is in each row, shape=(rows, n_fft // 2 + 1), in hertz.

    A row ends where the next begins: halfway, in octaves.
    """
    bin_hz = settings.sr / settings.n_fft
    centres = np.arange(settings.n_fft // 2 + 1) * bin_hz
    rows_hz = row_frequencies_hz(settings)[:, np.newaxis]
    half_row = 2.0 ** (0.5 / settings.bins_per_octave)
    highest = np.minimum(rows_hz * half_row, centres + bin_hz / 2)
    return np.maximum(0, highest - np.maximum(rows_hz / half_row, centres - bin_hz / 2)).astype(np.float32)


def reach_s(settings: Settings) -> float:
    """Half the length of the longest filter, in seconds."""
    return quality_factor(settings.bins_per_octave) / settings.fmin_hz / 2


def cqt_power(y: np.ndarray, settings: Settings) -> tuple[np.ndarray, float]:
    """Power of the transform, and the highest power of a sine at full scale in any row.

    Returns
    -------
    power : np.ndarray, shape=(rows, 1 + n // hop_length), float32
    full_scale : float
    """
    from scipy.fft import ifft, next_fast_len, rfft

    hop_length, n = settings.hop_length, n_frames(len(y), settings.hop_length)
    margin = int(np.ceil(reach_s(settings) * settings.sr / hop_length))
    n_at_once = next_fast_len(min(n, max(FRAMES_A_BLOCK, 4 * margin)) + 2 * margin)
    filters = filter_bank(
        settings.sr,
        hop_length,
        n_at_once,
        settings.bins_per_octave,
        tuple(row_frequencies_hz(settings).tolist()),
    )
    power = np.empty((len(filters.first_bins), n), dtype=np.float32)
    folded = np.empty((len(filters.first_bins), n_at_once), dtype=np.complex64)
    padded = np.zeros(n_at_once * hop_length, dtype=np.float32)
    for first in range(0, n, n_at_once - 2 * margin):
        begin = (first - margin) * hop_length
        part = y[max(0, begin) : begin + len(padded)]
        place = max(0, -begin)
        padded[:place] = 0
        padded[place : place + len(part)] = part
        padded[place + len(part) :] = 0
        fold(rfft(padded), filters.first_bins, filters.offsets, filters.values, folded)
        last = min(n, first + n_at_once - 2 * margin)
        of_block = ifft(folded, axis=1)[:, margin : margin + last - first]
        power[:, first:last] = of_block.real**2 + of_block.imag**2
    return power, filters.full_scale


@lru_cache(maxsize=4)
def filter_bank(
    sr: int, hop_length: int, n_at_once: int, bins_per_octave: int, frequencies_hz: tuple[float, ...]
) -> FilterBank:
    """The responses of all filters, from the transform of a Hann window; made once a process.

    A filter has `quality_factor` periods, and an area of the root of its number of samples.
    """
    n = n_at_once * hop_length
    lengths = quality_factor(bins_per_octave) * sr / np.array(frequencies_hz)
    first_bins, parts = [], []
    for hz, length in zip(frequencies_hz, lengths, strict=True):
        centre, half_width = hz / sr * n, LOBES / length * n
        bins = np.arange(max(0, int(np.ceil(centre - half_width))), min(n // 2, int(centre + half_width)) + 1)
        response = hann_response((bins - centre) * (length / n))
        first_bins.append(int(bins[0]))
        parts.append((response * (np.sqrt(length) / hop_length)).astype(np.float32))
    return FilterBank(
        first_bins=np.array(first_bins, dtype=np.int64),
        offsets=np.cumsum([0, *map(len, parts)], dtype=np.int64),
        values=np.concatenate(parts),
        full_scale=float(lengths[0]) / 4,
    )


def hann_response(cycles: np.ndarray) -> np.ndarray:
    """Fourier transform of a Hann window of length 1 and area 1, centred at 0.

    Examples
    --------
    >>> hann_response(np.array([0.0, 0.5, 1.0, 2.0])).round(3)
    array([1.   , 0.849, 0.5  , 0.   ])
    """
    return np.sinc(cycles) + 0.5 * (np.sinc(cycles - 1) + np.sinc(cycles + 1))


@compiled
def fold(
    spectrum: np.ndarray, first_bins: np.ndarray, offsets: np.ndarray, values: np.ndarray, folded: np.ndarray
) -> None:
    """Multiply a spectrum with each response, and add up what an inverse transform of fewer points cannot tell apart.

    Parameters
    ----------
    spectrum : np.ndarray, shape=(bins,), complex64
    first_bins, offsets, values : np.ndarray
        Of a `FilterBank`.
    folded : np.ndarray, shape=(rows, points), complex64
        Written, up to a phase of each row.
    """
    n = folded.shape[1]
    for row in range(len(folded)):
        into = folded[row]
        into[:] = 0
        for begin in range(offsets[row], offsets[row + 1], n):
            weights = values[begin : min(begin + n, offsets[row + 1])]
            at = first_bins[row] + begin - offsets[row]
            bins = spectrum[at : at + len(weights)]
            for k in range(len(weights)):
                into[k] += bins[k] * weights[k]
