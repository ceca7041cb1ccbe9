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


def noise_gain(y: np.ndarray, noise: np.ndarray, *, snr_db: float) -> np.float32:
    """The factor that brings noise to a signal-to-noise ratio; both powers are means over the samples given.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n)
    noise : np.ndarray, shape=(n,)
        With a power above 0.
    snr_db : float
        Decibels.

    Examples
    --------
    >>> noise_gain(np.array([2.0, -2.0]), np.array([0.5, 0.5]), snr_db=0)
    np.float32(4.0)
    """
    y_power, noise_power = (float(np.mean(np.square(values, dtype=np.float64))) for values in (y, noise))
    return np.float32(np.sqrt(y_power / noise_power * 10.0 ** (-snr_db / 10)))


VARIANT = Variant(add_noise, "snr_db", low=-20, high=100, stereo=True)
