"""Time stretch at the same pitch."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def time_stretch(sound: Sound, *, rate: float) -> np.ndarray:
    """Change the tempo by a rate and keep the pitch.

    Parameters
    ----------
    sound : Sound
    rate : float
        0.7 is slower and 1 / 0.7 times as long; from 0.25 to 4.

    Returns
    -------
    np.ndarray, shape=(round(n / rate),), float32
    """
    return sound.time_stretch(rate=rate)


VARIANT = Variant(time_stretch, "rate", low=0.25, high=4, by_engine=True, stereo=True)
