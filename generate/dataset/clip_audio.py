"""The audio beside some images, to listen to: what it is called, which files are this program's, and how it is written.

It is FLAC with 16 bits, which Chromium, Firefox and Safari play (from versions 56, 51 and 11 on:
https://caniuse.com/flac). libsndfile encodes 5 s at 44.1 kHz in 3 ms, as MP3 in 56 ms, as Vorbis in 21 and as Opus in
68, so that listening costs little beside drawing. A file has 64 to 274 KB (10th and 90th percentile of ESC-10's clips
of 5 s; as MP3 44 KB, as WAV 441 KB).
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from augment_audio.transforms.mp3 import mp3_sample_rate
from generate.dataset import mp3
from generate.dataset.file_names import SUFFIX
from generate.runtime.atomic_write import atomic_write

FLAC = ".flac"
HEAD_BYTES = 4096
"""So many bytes from the beginning hold the comment; it is the last of some 150 bytes of headers."""


def audio_beside(image: str) -> str:
    """Name of the audio file beside an image.

    Parameters
    ----------
    image : str
        Its file name, with or without folders.

    Examples
    --------
    >>> audio_beside("dog/a__original.png")
    'dog/a__original.flac'
    """
    return image.removesuffix(SUFFIX) + FLAC


def image_beside(name: str) -> str:
    """Name of the image beside an audio file, the inverse of `audio_beside`."""
    return name.removesuffix(FLAC) + SUFFIX


def is_ours(path: str | Path) -> bool:
    """Whether this program wrote an audio file; false where there is none.

    Parameters
    ----------
    path : str or Path
    """
    try:
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith(b"fLaC") and f"comment={mp3.COMMENT}".encode() in head


def write(image: Path, y: np.ndarray, sr: int) -> bool:
    """Write the audio of an image beside it, atomically.

    Parameters
    ----------
    image : Path
    y : np.ndarray, shape=(n,) or (2, n), float32
        Samples; they are made audible as by `generate.dataset.mp3.audible`.
    sr : int
        Their rate; where MP3 does not have it, they are resampled as for MP3: browsers play these rates.

    Returns
    -------
    bool
        False where another program's file has the name; it is left alone.
    """
    path = image.with_name(audio_beside(image.name))
    if os.path.lexists(path) and not is_ours(path):
        return False
    y, rate = mp3.audible(y).T, mp3_sample_rate(sr)  # channels last, as in files
    if rate != sr:
        y = soxr.resample(y, sr, rate)
    encoded = io.BytesIO()  # libsndfile reports no full disk
    with soundfile.SoundFile(encoded, "w", samplerate=rate, channels=y.ndim, format="FLAC", subtype="PCM_16") as file:
        file.comment = mp3.COMMENT
        file.write(np.clip(y, -1, 1))
    with atomic_write(path, to_disk=False) as temporary:
        temporary.write_bytes(encoded.getbuffer())
    return True
