"""What a recorder of a lower sample rate, a wall or a cheap microphone leaves: low frequencies."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant

ORDER = 8
"""48 dB an octave: steep, as the filters of converters are, and without audible ringing."""


def low_pass(sound: Sound, *, cutoff_hz: float) -> np.ndarray:
    """Remove what is above a frequency: -3 dB there, -48 dB an octave above.

    Parameters
    ----------
    sound : Sound
    cutoff_hz : float
        Of a Butterworth filter; from 50 to 200,000. From half the sample rate on, all samples are returned.

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    from scipy.signal import butter, sosfilt

    if cutoff_hz >= sound.sr / 2:
        return sound.y
    return sosfilt(butter(ORDER, cutoff_hz, fs=sound.sr, output="sos"), sound.y).astype(np.float32)


VARIANT = Variant(low_pass, "cutoff_hz", low=50, high=200_000)
