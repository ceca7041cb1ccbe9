"""Audio to listen to, as MP3, which every browser plays: copies of long recordings, and explained clips."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from augment_audio.transforms.mp3 import mp3_sample_rate
from generate.runtime.atomic_write import atomic_write

INAUDIBLE, AUDIBLE = 1e-3, 0.1
"""Peaks: a clip at -60 dB of full scale is inaudible beside others, and one at -20 dB is not."""


def audible(y: np.ndarray) -> np.ndarray:
    """Amplify a clip that is too faint to be heard, as its image is normalised to its peak.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32

    Returns
    -------
    np.ndarray of that shape, float32
        `y` itself where its peak is -60 dB of full scale or more, or 0; else with a peak of -20 dB.
    """
    peak = float(np.maximum(y.max(), -y.min())) if y.size else 0.0
    return y * np.float32(AUDIBLE / peak) if 0 < peak < INAUDIBLE else y


COMMENT = "spectrogram images"
"""Marks the files that this program wrote; at most 28 bytes."""
TAG_BYTES = 128
"""Size of ID3v1, at the end of the file: https://id3.org/ID3v1. The comment begins at byte 97."""
LONG_LEVEL = 0.8
"""libsndfile's compression level of a long file: 96 kbit/s and 43 MB an hour at 44.1 kHz, 40 kbit/s at 22.05 kHz."""


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


def encode(y: np.ndarray, sr: int) -> bytes:
    """The content of an MP3 file.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32
        Mono samples, or those of two channels.
    sr : int
        Their rate; where MP3 does not have it, they are resampled to the next one that it has, at most 48 kHz.
    """
    rate = mp3_sample_rate(sr)
    y = y.T  # channels last, as in files
    if rate != sr:
        y = soxr.resample(y, sr, rate)
    encoded = io.BytesIO()  # libsndfile reports no full disk
    with soundfile.SoundFile(encoded, "w", samplerate=rate, channels=y.ndim, format="MP3") as file:
        file.comment = COMMENT
        file.write(np.clip(y, -1, 1))
    return encoded.getvalue()


def write(path: Path, y: np.ndarray, sr: int) -> None:
    """Write an MP3, atomically.

    Parameters
    ----------
    path : Path
    y, sr
        See `encode`.
    """
    encoded = encode(y, sr)
    with atomic_write(path, to_disk=False) as temporary:
        temporary.write_bytes(encoded)


@contextmanager
def long_writer(path: Path, sr: int) -> Iterator[Callable[[np.ndarray], None]]:
    """Write a long MP3 block by block, atomically, so that a browser finds any second of it.

    Its bit rate is constant: with a variable one Chromium 150 begins up to 7 s beside the place (half an hour, beeps
    whose pitch tells the second), and with a constant one, as in WAV, FLAC and Ogg, within 0.1 s.

    Parameters
    ----------
    path : Path
    sr : int
        Rate of the samples; see `write`.

    Yields
    ------
    callable
        Takes the next mono samples, shape=(n,), float32.

    Raises
    ------
    OSError
        If it cannot be written, such as on a full disk.
    """
    rate = mp3_sample_rate(sr)
    resampler = soxr.ResampleStream(sr, rate, 1, dtype="float32") if rate != sr else None
    with atomic_write(path, to_disk=False) as temporary, _File(temporary) as target:
        with soundfile.SoundFile(
            target,
            "w",
            samplerate=rate,
            channels=1,
            format="MP3",
            bitrate_mode="CONSTANT",
            compression_level=LONG_LEVEL,
        ) as file:
            file.comment = COMMENT

            def add(y: np.ndarray, *, is_last: bool = False) -> None:
                y = y if resampler is None else resampler.resample_chunk(y, last=is_last)
                file.write(np.clip(y, -1, 1))
                target.check()

            yield add
            add(np.zeros(0, np.float32), is_last=True)
        target.check()


class _File(io.FileIO):
    """A file that remembers an error of writing, which libsndfile reports to nobody."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._error: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self._error = error
            return 0

    def check(self) -> None:
        """Raise the error that was remembered."""
        if self._error is not None:
            raise self._error
