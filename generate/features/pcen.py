"""Mel-spectrogram with per-channel energy normalization (PCEN): what rises above the background of its own band."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from generate.dataset.settings import Settings
from generate.features.decibels import band_power, reference_of, sine_power
from generate.features.mel import mel_filters

GAIN, BIAS, POWER, TIME_CONSTANT_S = 0.98, 2.0, 0.5, 0.4
"""Of Wang and others 2017, and the defaults of `librosa.pcen`."""
FULL_SCALE = 2.0**31
"""Magnitude of the reference, since these values were published for samples of 32 bits (see `librosa.pcen`)."""
BRIGHTEST = 3.0
"""Value that becomes 1. Of the 400 clips of ESC-10 with the default settings, half of the values are below 0.26 and
99.8 % below 3; the largest, onsets after silence, are up to 5.6."""
WARM_UP_S = 10 * TIME_CONSTANT_S
"""After this a beginning that was 60 dB louder counts for less than 5 % of the background."""


def pcen(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Mel-spectrogram with per-channel energy normalization.

    Each band is divided by its own mean over the last 0.4 s, so that a constant background is dark and equally dark
    in all bands, whatever its level and spectrum. It is no decibel scale: `range_db` is how far below the reference a
    background may be to be brought up; what is fainter, such as the residue of a codec, stays dark.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_bands, frames), float32, 0 to 1
        As of `normalize_bands`, 0 to `BRIGHTEST`; what is above is clipped.
    """
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    magnitudes = band_power(y, settings, mel_filters(*options)[0], exponent=1)
    reference = reference_of(magnitudes, settings, full_scale=_full_scale(*options), exponent=1)
    floor = FULL_SCALE * 10 ** (-settings.range_db / 20)
    magnitudes *= np.float32(FULL_SCALE / reference)
    return np.clip(
        normalize_bands(magnitudes, frame_s=settings.hop_length / settings.sr, floor=floor) / BRIGHTEST, 0, 1
    )


def normalize_bands(magnitudes: np.ndarray, *, frame_s: float, floor: float) -> np.ndarray:
    """Per-channel energy normalization, as `librosa.pcen`.

    The mean of a band begins as if its first frame had lasted for ever, as in LEAF (Zeghidour and others 2021):
    nothing before the image is known, and with a mean of 0 every image would begin with a flash.

    Parameters
    ----------
    magnitudes : np.ndarray, shape=(bands, frames), float32
        `FULL_SCALE` at full scale.
    frame_s : float
        From one frame to the next.
    floor : float
        Added to the mean; `eps` of `librosa.pcen`.

    Returns
    -------
    np.ndarray, shape=(bands, frames), float32, 0 or more

    References
    ----------
    Wang, Y., and others. "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017
    (https://arxiv.org/abs/1607.05666). Time constant: Lostanlen, V., and others. "Per-channel energy normalization: why
    and how", IEEE Signal Processing Letters 26(1), 2019. Zeghidour, N., and others. "LEAF: a learnable frontend for
    audio classification", ICLR 2021 (https://arxiv.org/abs/2101.08596).
    """
    n = TIME_CONSTANT_S / frame_s
    weight = np.float32((np.sqrt(1 + 4 * n**2) - 1) / (2 * n**2))
    means = np.ascontiguousarray(magnitudes.T)
    for before, frame in zip(means[:-1], means[1:], strict=True):
        frame += (1 - weight) * (before - frame)
    scaled = magnitudes * (means.T + np.float32(floor)) ** np.float32(-GAIN)
    return (scaled + np.float32(BIAS)) ** np.float32(POWER) - np.float32(BIAS**POWER)


@lru_cache(maxsize=4)
def _full_scale(sr: int, n_fft: int, n_bands: int, fmin_hz: float, fmax_hz: float) -> float:
    """The highest magnitude of a sine at full scale in any band."""
    filters, _ = mel_filters(sr, n_fft, n_bands, fmin_hz, fmax_hz)
    return sine_power(n_fft, filters.toarray(), exponent=1)
