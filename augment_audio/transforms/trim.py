"""Silence at both ends removed."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.variant import Variant

HOP_LENGTH = 512
OVERLAP = 4
"""Hops per frame: frames of 2048 samples every 512, librosa's defaults."""


def trim_silence(sound: Sound, *, top_db: float) -> np.ndarray:
    """Trim the silence at both ends.

    A frame that is `top_db` or more below the loudest counts as silence, as in `librosa.effects.trim`, whose default,
    60, is the default here. Without silence, all samples are returned. Two channels are cut at the same places, by
    their energies together.

    Parameters
    ----------
    sound : Sound
    top_db : float
        Decibels; from 1 to 120.

    Returns
    -------
    np.ndarray, shape=(at most n,) or (2, at most n), float32
    """
    y = sound.y
    audible = np.flatnonzero(audible_frames(y, top_db))
    if len(audible) == 0:
        return y
    start, end = audible[0] * HOP_LENGTH, min(sound.n_samples, (audible[-1] + 1) * HOP_LENGTH)
    return y[..., start:end] if end - start < sound.n_samples else y


def audible_frames(y: np.ndarray, top_db: float, *, hop_length: int = HOP_LENGTH) -> np.ndarray:
    """Which frames are less than `top_db` below the loudest; of silence, none.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32
    top_db : float
        Decibels.
    hop_length : int
        In samples; a frame is `OVERLAP` hops.

    Returns
    -------
    np.ndarray, shape=(1 + n // hop_length,), bool
        Centred frames, as in librosa.
    """
    # Energy of each hop; that of a frame is their sum.
    n = y.shape[-1]
    energy = np.square(y) if y.ndim == 1 else np.square(y).sum(axis=0)
    hops = np.add.reduceat(energy, np.arange(0, n, hop_length), dtype=np.float64)
    n_frames = 1 + n // hop_length
    padded = np.zeros(n_frames + OVERLAP - 1)
    padded[OVERLAP // 2 :][: len(hops)] = hops
    frames = np.lib.stride_tricks.sliding_window_view(padded, OVERLAP).sum(axis=1)
    return frames > frames.max() * 10 ** (-top_db / 10)


VARIANT = Variant(trim_silence, "top_db", low=1, high=120, default=60, stereo=True)
