"""Speed: tempo and pitch together, as of a tape that runs faster or slower."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def change_speed(sound: Sound, *, rate: float) -> np.ndarray:
    """Play at another speed by resampling: tempo and pitch change together.

    Parameters
    ----------
    sound : Sound
    rate : float
        2 is twice as fast and an octave up; from 0.25 to 4.

    Returns
    -------
    np.ndarray, shape=(about n / rate,) or (2, about n / rate), float32
    """
    import soxr

    faster = soxr.resample(sound.padded.T, sound.sr * rate, sound.sr)
    return faster[: max(1, round(sound.n_samples / rate))].T


VARIANT = Variant(change_speed, "rate", low=0.25, high=4, stereo=True)
