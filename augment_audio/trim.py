"""Without the silence before and after the sound."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant


def trim_silence(sound: Sound, *, top_db: float) -> np.ndarray:
    """Cut the silence at both ends.

    What is `top_db` or more below the loudest frame counts as silence (`librosa.effects.trim`; its default, 60,
    is the default here). Where there is none, the sound comes back as it was.

    Parameters
    ----------
    sound : Sound
    top_db : float
        Decibels; from 1 to 120.

    Returns
    -------
    np.ndarray, shape=(at most n,), float32
    """
    import librosa

    peak = np.abs(sound.y).max()
    if peak == 0:
        return sound.y
    # Far above full scale, since librosa calls nothing silent that is less than 100 dB below it.
    _, (start, end) = librosa.effects.trim(sound.y / peak * np.float32(1e4), top_db=top_db)
    return sound.y[start:end] if end - start < len(sound.y) else sound.y


VARIANT = Variant(trim_silence, "top_db", low=1, high=120, default=60)
