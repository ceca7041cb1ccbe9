"""Random shift in time, padded with silence."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def shift_time(sound: Sound, *, max_seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Shift in time by up to some seconds; silence fills the gap.

    Parameters
    ----------
    sound : Sound
    max_seconds : float
        The shift is uniform between minus and plus this, and shorter than the waveform; from 0.001 to 600.
    rng : numpy.random.Generator

    Returns
    -------
    np.ndarray, shape as `sound.y`, float32
    """
    offset = random_offset(sound.n_samples, sound.sr, max_seconds, rng)
    y = np.zeros_like(sound.y)
    if offset >= 0:
        y[..., offset:] = sound.y[..., : sound.n_samples - offset]
    else:
        y[..., :offset] = sound.y[..., -offset:]
    return y


def random_offset(n_samples: int, sr: int, max_seconds: float, rng: np.random.Generator) -> int:
    """A random shift in samples, uniform between minus and plus `max_seconds`, shorter than the waveform.

    Parameters
    ----------
    n_samples : int
        Length of the waveform.
    sr : int
        Sample rate in hertz.
    max_seconds : float
    rng : np.random.Generator

    Returns
    -------
    int
        Samples; positive is later.
    """
    furthest = min(round(max_seconds * sr), n_samples - 1)
    return int(rng.integers(-furthest, furthest + 1))


VARIANT = Variant(shift_time, "max_seconds", low=0.001, high=600, stereo=True)
