"""Log-power spectrogram, with a frequency axis linear in hertz."""

from __future__ import annotations

import numpy as np

from generate.dataset.settings import Settings
from generate.features.decibels import sine_power, to_decibels, to_unit_range


def log(y: np.ndarray, settings: Settings) -> np.ndarray:
    """Power spectrogram in decibels, from `fmin_hz` to the highest frequency.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at `settings.sr`.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(bins in the range, frames), float32, 0 to 1
    """
    from augment_audio.dsp.fourier import power_blocks

    hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
    rows = (hz >= settings.fmin_hz) & (hz <= settings.highest_hz)
    blocks = power_blocks(y, n_fft=settings.n_fft, hop_length=settings.hop_length)
    power = np.concatenate([block[rows] for _, block in blocks], axis=1)
    return to_unit_range(to_decibels(power, settings, full_scale=sine_power(settings.n_fft)), settings)
