"""Louder or quieter."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def change_gain(sound: Sound, *, gain_db: float) -> np.ndarray:
    """Make it louder or quieter.

    A spectrogram that is scaled to the peak of its clip does not change with the gain.

    Parameters
    ----------
    sound : Sound
    gain_db : float
        Decibels; from -60 to 60. Samples may go above 1.

    Returns
    -------
    np.ndarray, shape as `sound.y`, float32
    """
    return sound.y * np.float32(10.0 ** (gain_db / 20))


VARIANT = Variant(change_gain, "gain_db", low=-60, high=60, signed=True, is_gain=True, stereo=True)
