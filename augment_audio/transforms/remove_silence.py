"""Silence removed wherever it is: pauses inside a clip, and both ends."""

import numpy as np

from augment_audio.sound import Sound
from augment_audio.transforms.trim import audible_frames
from augment_audio.variant import Variant

MIN_PAUSE_S = 0.25
"""Shorter silences stay: they belong to the rhythm of a sound. In speech, 0.25 s parts pauses from the closures of
plosives (Goldman-Eisler, F. Psycholinguistics: Experiments in Spontaneous Speech. Academic Press, 1968)."""
MARGIN_S = 0.05
"""What is kept of a silence beside audible frames, for onsets and decays."""
HOP_S = 512 / 44100
"""Of frames, at any sample rate; those of librosa at 44.1 kHz."""
FADE_S = 0.01
"""Length of the cross-fade at a joint; it is within the margins."""


def remove_silence(sound: Sound, *, top_db: float) -> np.ndarray:
    """Remove pauses longer than 0.25 s, inside and at both ends, but for margins of 0.05 s.

    A frame that is `top_db` or more below the loudest counts as silence, as in `librosa.effects.split`; frames last 46
    ms every 12 ms, so that a pause is measured up to 23 ms too short. What is left is joined by cross-fades of 10 ms.
    Without such pauses, all samples are returned. Two channels are cut at the same places, by their energies together.

    Parameters
    ----------
    sound : Sound
    top_db : float
        Decibels; from 1 to 120.

    Returns
    -------
    np.ndarray, shape=(at most n,) or (2, at most n), float32

    References
    ----------
    https://librosa.org/doc/latest/generated/librosa.effects.split.html
    """
    y, sr = sound.y, sound.sr
    pieces = _kept(y, sr, top_db)
    if pieces == [(0, sound.n_samples)]:
        return y
    return _joined([y[..., start:end] for start, end in pieces], max(1, round(FADE_S * sr)))


def _kept(y: np.ndarray, sr: int, top_db: float) -> list[tuple[int, int]]:
    """First and last sample (excluded) of each piece that is kept."""
    n_samples, hop_length = y.shape[-1], max(1, round(HOP_S * sr))
    audible = audible_frames(y, top_db, hop_length=hop_length)
    if not audible.any():
        return [(0, n_samples)]
    edges = np.flatnonzero(np.diff(audible, prepend=False, append=False)).reshape(-1, 2)
    # The last hop of the first audible frame is the first audible one, and the first of the last frame is the last.
    edges = np.clip((edges + [1, -2]) * hop_length, 0, n_samples)
    # Every silence, of no length where the sound begins or ends at once.
    silences = np.concatenate([[0], edges.ravel(), [n_samples]]).reshape(-1, 2)
    margins = np.full_like(silences, round(MARGIN_S * sr))
    margins[0, 0] = margins[-1, 1] = 0
    cuts = (silences + margins * [1, -1])[np.diff(silences)[:, 0] > MIN_PAUSE_S * sr]
    pieces = np.concatenate([[0], cuts.ravel(), [n_samples]]).reshape(-1, 2)
    return [(int(start), int(end)) for start, end in pieces if end > start]


def _joined(pieces: list[np.ndarray], n_fade: int) -> np.ndarray:
    """Join pieces by cross-fades whose gains add up to 1."""
    rising = np.sin((np.arange(n_fade) + 0.5) / n_fade * np.pi / 2) ** 2
    lengths = [piece.shape[-1] for piece in pieces]
    y = np.zeros((*pieces[0].shape[:-1], sum(lengths) - n_fade * (len(pieces) - 1)), dtype=np.float32)
    at = 0
    for k, (piece, length) in enumerate(zip(pieces, lengths, strict=True)):
        gain = np.ones(length)
        if k > 0:
            gain[:n_fade] = rising
        if k < len(pieces) - 1:
            gain[-n_fade:] = rising[::-1]
        y[..., at : at + length] += gain * piece
        at += length - n_fade
    return y


VARIANT = Variant(remove_silence, "top_db", low=1, high=120, default=40, stereo=True)
