"""Reverberation of a room."""

import functools
import math

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant

DECAY_S = 0.082
"""Reverberation time of `pedalboard.Reverb` with a damping of 0.5, times the decimal logarithm of what a pass through
its combs takes: measured as T30 of ISO 3382 at 8 to 96 kHz, 0.080 to 0.084 at any room size."""
LEAST_FEEDBACK, FEEDBACK_RANGE = 0.7, 0.28
"""Of its combs at a room size of 0, and how much more at 1 (Jezar's Freeverb, as JUCE has it)."""
SHORTEST_S = DECAY_S / -math.log10(LEAST_FEEDBACK)
"""At a room size of 0: 0.53 s. For a smaller room all its delays are shortened, by a lower sample rate."""
LEAST_RATE_HZ = 200.0
"""Its shortest delay has 225 samples at 44.1 kHz, so one at 196 Hz; with none, the process crashes."""


def add_reverberation(y: np.ndarray, sr: int, *, rt60_s: float) -> np.ndarray:
    """Add reverberation with as much energy as the direct sound: the source is at the critical distance.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    sr : int
        In hertz.
    rt60_s : float
        Seconds in which it decays by 60 dB; from 0.1 to 9.

    Returns
    -------
    np.ndarray, shape=(n,), float32
        The direct sound is as it was. What would be heard after the end is cut.
    """
    gain = np.float32(_energy(sr, rt60_s) ** -0.5)
    return y + gain * _reverberation(y, sr, rt60_s)


def _reverberation(y: np.ndarray, sr: int, rt60_s: float) -> np.ndarray:
    """Without the direct sound."""
    from pedalboard import Reverb

    feedback = 10.0 ** (-DECAY_S / max(rt60_s, SHORTEST_S))
    room_size = max(0.0, (feedback - LEAST_FEEDBACK) / FEEDBACK_RANGE)
    rate_hz = max(LEAST_RATE_HZ, sr * min(1.0, rt60_s / SHORTEST_S))
    return Reverb(room_size=room_size, damping=0.5, wet_level=1.0, dry_level=0.0)(y, rate_hz)


@functools.lru_cache(maxsize=16)
def _energy(sr: int, rt60_s: float) -> float:
    """Of the response to an impulse of energy 1."""
    impulse = np.zeros(round((0.2 + 1.2 * rt60_s) * sr), np.float32)
    impulse[0] = 1
    return float(np.sum(np.square(_reverberation(impulse, sr, rt60_s), dtype=np.float64)))


def reverberate(sound: Sound, *, rt60_s: float) -> np.ndarray:
    """Add the reverberation of a room, as loud as the direct sound.

    Parameters
    ----------
    sound : Sound
    rt60_s : float
        Reverberation time (RT60) in seconds: a living room has 0.4, a lecture hall 1, a church 4; from 0.1 to 9.

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    return add_reverberation(sound.y, sound.sr, rt60_s=rt60_s)


VARIANT = Variant(reverberate, "rt60_s", low=0.1, high=9, package="pedalboard")
