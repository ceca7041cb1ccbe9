"""Clips to listen to, as MP3, which every browser plays."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from generate.runtime.atomic_write import atomic_write

RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Sample rates of MP3 (MPEG-1, 2 and 2.5, layer III)."""
INAUDIBLE, AUDIBLE = 1e-3, 0.1
"""Peaks: a clip at -60 dB of full scale is inaudible beside others, and one at -20 dB is not."""


def audible(y: np.ndarray) -> np.ndarray:
    """Amplify a clip that is too faint to be heard, as its image is normalised to its peak.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32

    Returns
    -------
    np.ndarray, shape=(n,), float32
        `y` itself where its peak is -60 dB of full scale or more, or 0; else with a peak of -20 dB.
    """
    peak = float(np.maximum(y.max(), -y.min())) if len(y) else 0.0
    return y * np.float32(AUDIBLE / peak) if 0 < peak < INAUDIBLE else y


COMMENT = "spectrogram pictures"
"""Marks the files that this program wrote, in every release; at most 28 bytes."""
TAG_BYTES = 128
"""Size of ID3v1, at the end of the file: https://id3.org/ID3v1. The comment begins at byte 97."""


def is_ours(path: str | Path) -> bool:
    """Whether this program wrote the file; false where it does not exist.

    Parameters
    ----------
    path : str or Path
    """
    try:
        with open(path, "rb") as file:
            file.seek(-TAG_BYTES, os.SEEK_END)
            tag = file.read(TAG_BYTES)
    except OSError:
        return False
    return tag.startswith(b"TAG") and tag[97:].startswith(COMMENT.encode())


def write(path: Path, y: np.ndarray, sr: int) -> None:
    """Write an MP3, atomically.

    Parameters
    ----------
    path : Path
    y : np.ndarray, shape=(n,), float32
        Mono samples.
    sr : int
        Their rate; where MP3 does not have it, they are resampled to the next one that it has, at most 48 kHz.
    """
    rate = next((rate for rate in RATES if rate >= sr), RATES[-1])
    if rate != sr:
        y = soxr.resample(y, sr, rate)
    encoded = io.BytesIO()  # libsndfile reports no full disk
    with soundfile.SoundFile(encoded, "w", samplerate=rate, channels=1, format="MP3") as file:
        file.comment = COMMENT
        file.write(np.clip(y, -1, 1))
    with atomic_write(path, to_disk=False) as temporary:
        temporary.write_bytes(encoded.getbuffer())
