"""The user's own recordings of nothing, mixed in at a signal-to-noise ratio."""

from collections.abc import Callable

import numpy as np

from augment_audio.sound import Sound
from augment_audio.transforms.noise import noise_gain
from augment_audio.variant import Variant


def add_background(
    sound: Sound,
    *,
    snr_db: float,
    background: Callable[[int, int, int, np.random.Generator], np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """Add a part of a recording from a folder (`background=FOLDER@10`).

    The signal-to-noise ratio is between the mean powers over the part that an image shows. Silence stays silent. Two
    channels get the same background, at one level, so that it does not tell at which side the sound is.

    Parameters
    ----------
    sound : Sound
    snr_db : float
        Decibels: at 20 the background is clearly audible, at 0 as loud as the clip; from -20 to 100.
    background : callable
        `background(n_samples, n_shown, sr, rng) -> y`; see `augment_audio.background.Background.part`.
    rng : numpy.random.Generator
        Which part it is.

    Returns
    -------
    np.ndarray, shape as `sound.y`, float32
    """
    n_shown = sound.shown.shape[-1]
    part = background(sound.y.shape[-1], n_shown, sound.sr, rng)
    return sound.y + noise_gain(sound.shown, part[:n_shown], snr_db=snr_db) * part


VARIANT = Variant(add_background, "snr_db", low=-20, high=100, takes_folder=True, stereo=True)
