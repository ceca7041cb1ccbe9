"""Pitch shift at the same tempo."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def pitch_shift(sound: Sound, *, n_semitones: float) -> np.ndarray:
    """Shift the pitch by semitones and keep the tempo.

    Parameters
    ----------
    sound : Sound
    n_semitones : float
        12 is an octave up; from -24 to 24.

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    return sound.pitch_shift(n_semitones=n_semitones)


VARIANT = Variant(pitch_shift, "n_semitones", low=-24, high=24, signed=True, by_engine=True, stereo=True)
