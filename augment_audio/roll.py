"""Earlier or later by a random time, where the end comes back at the beginning."""

import numpy as np

from augment_audio.shift import draw_offset
from augment_audio.sound import Sound
from augment_audio.variant import Variant


def roll_time(sound: Sound, *, max_seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Move the sound earlier or later by up to some seconds; what leaves at one end enters at the other.

    Parameters
    ----------
    sound : Sound
    max_seconds : float
        The shift is drawn evenly from minus to plus this, but never reaches the length of the sound;
        from 0.001 to 600.
    rng : numpy.random.Generator

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    return np.roll(sound.y, draw_offset(len(sound.y), sound.sr, max_seconds, rng))


VARIANT = Variant(roll_time, "max_seconds", low=0.001, high=600)
