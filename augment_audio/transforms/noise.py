"""White noise at a signal-to-noise ratio."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def add_noise(sound: Sound, *, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Add white Gaussian noise at a signal-to-noise ratio.

    The ratio is between the mean power of the part that an image shows and that of the noise. Silence stays silent. Two
    channels get noise of one level, drawn for each.

    Parameters
    ----------
    sound : Sound
    snr_db : float
        Decibels: at 20 the noise is clearly audible, at 0 as loud as the signal; from -20 to 100.
    rng : numpy.random.Generator

    Returns
    -------
    np.ndarray, shape as `sound.y`, float32
    """
    power = np.mean(np.square(sound.shown, dtype=np.float64))
    noise_rms = np.sqrt(power * 10.0 ** (-snr_db / 10))
    return sound.y + np.float32(noise_rms) * rng.standard_normal(sound.y.shape, dtype=np.float32)


VARIANT = Variant(add_noise, "snr_db", low=-20, high=100, stereo=True)
