"""Mel-frequency cepstral coefficients: the shape of the spectral envelope, coarse to fine."""

from __future__ import annotations

import numpy as np

from generate.dataset.settings import Settings
from generate.features.mel import mel_decibels

LARGEST_MAGNIFICATION = 8.0
"""Higher coefficients are smaller. On ESC-10, 99.9 % of them are below 26, 16, 11, 5, 4 and 3 dB for k = 1, 2, 3, 5, 10
and 39; magnified, each fills the scale and hardly any is clipped."""


def mfcc(y: np.ndarray, settings: Settings) -> np.ndarray:
    """MFCC: the discrete cosine transform of each column of the mel-spectrogram in decibels.

    Row 0 is the mean level of the frame; row k is the cosine with k / 2 periods from the lowest to the highest band.
    The scale is fixed and does not depend on the extremes of the clip.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_mfcc, frames), float32, 0 to 1
        0.5 is a coefficient of zero (in row 0: a mean level in the middle of the range).
    """
    return coefficients_to_unit_range(mfcc_decibels(y, settings), settings)


def mfcc_decibels(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Coefficients as `librosa.feature.mfcc` of the same mel-spectrogram, shape=(n_mfcc, frames), float32."""
    from scipy.fft import dct

    return dct(mel_decibels(y, settings), axis=0, type=2, norm="ortho")[: settings.n_mfcc]


def coefficients_to_unit_range(coefficients: np.ndarray, settings: Settings) -> np.ndarray:
    """Scale coefficients to 0 to 1, with zero at 0.5 and the higher ones magnified.

    A coefficient divided by the square root of the number of bands is in decibels; it is multiplied by 1 + k / 2, at
    most by `LARGEST_MAGNIFICATION`; `-range_db / 2` becomes 0 and `range_db / 2` becomes 1.

    Parameters
    ----------
    coefficients : np.ndarray, shape=(n_mfcc, frames), float32
        As `mfcc_decibels` returns them.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_mfcc, frames), float32, 0 to 1
    """
    k = np.arange(len(coefficients), dtype=np.float32)[:, np.newaxis]
    magnification = np.minimum(1 + k / 2, LARGEST_MAGNIFICATION)
    decibels = coefficients / np.float32(np.sqrt(settings.n_bands))
    decibels[0] += settings.range_db / 2
    return np.clip(decibels * magnification / np.float32(settings.range_db) + np.float32(0.5), 0, 1)
