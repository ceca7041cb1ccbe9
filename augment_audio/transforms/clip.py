"""Overdrive: a microphone or a recorder that was set too loud."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def clip_peaks(sound: Sound, *, overdrive_db: float) -> np.ndarray:
    """Amplify by some decibels and clip at the peak that it had.

    Parameters
    ----------
    sound : Sound
    overdrive_db : float
        By how many decibels the peak of the part that an image shows would exceed full scale; from 0 to 60.

    Returns
    -------
    np.ndarray, shape as `sound.y`, float32
        With the peak of that part; of two channels the quieter one is clipped at the same level, as by a recorder.
    """
    peak = np.abs(sound.shown).max()
    return np.clip(sound.y * np.float32(10.0 ** (overdrive_db / 20)), -peak, peak)


VARIANT = Variant(clip_peaks, "overdrive_db", low=0, high=60, stereo=True)
