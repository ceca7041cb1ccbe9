"""Random circular shift in time."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.transforms.shift import random_offset
from augment_audio.variant import Variant


def roll_time(sound: Sound, *, max_seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Shift in time by up to some seconds; what leaves at one end enters at the other.

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
    return np.roll(sound.y, random_offset(sound.n_samples, sound.sr, max_seconds, rng), axis=-1)


VARIANT = Variant(roll_time, "max_seconds", low=0.001, high=600, stereo=True)
