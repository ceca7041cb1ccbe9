"""WAV, FLAC, Ogg, AIFF and their like, through libsndfile: exact to the sample, and fast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from generate.audio import wav
from generate.audio.bad_audio import BadFile
from generate.audio.formats import check_bounds
from generate.audio.own_noise import bits_of
from generate.audio.truncation import for_libsndfile, truncation

UNKNOWN_LENGTH = 2**62
"""libsndfile gives 2^63 - 1 samples where the header does not tell."""
BLOCK_VALUES = 1 << 22
"""Samples times channels that are read at once: memory that only a header asks for is never written to."""


class Recording:
    """An open audio file.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    sr, n_channels, n_samples, bits : int

    Raises
    ------
    BadFile
        If it cannot be decoded, is not whole, or has what no recording has.
    soundfile.LibsndfileError
    """

    is_kept = False
    """Whether it is worth to stay open for the next clip."""

    def __init__(self, path: Path) -> None:
        if fault := truncation(path):
            raise BadFile(fault)
        self._gain, misread = 1.0, wav.raw(path)
        if misread is None:
            self._file = soundfile.SoundFile(for_libsndfile(path))
        else:
            check_bounds(misread.sr, misread.n_channels)
            self._gain = misread.gain
            self._file = soundfile.SoundFile(
                wav.Window(path, misread.at, misread.n_bytes),
                samplerate=misread.sr,
                channels=misread.n_channels,
                format="RAW",
                subtype=misread.subtype,
                endian="LITTLE",
            )
        self.sr, self.n_channels, self.n_samples = self._file.samplerate, self._file.channels, self._file.frames
        self.bits = bits_of(self._file.subtype)
        try:
            check_bounds(self.sr, self.n_channels)
            if self.n_samples >= UNKNOWN_LENGTH:
                raise BadFile(f"it does not tell its length; write it again: ffmpeg -i {path.name} {path.stem}.wav")
        except BadFile:
            self.close()
            raise

    def read(self, start: int, n_samples: int) -> np.ndarray:
        """Read a part that is there.

        Returns
        -------
        np.ndarray, shape=(n_samples, n_channels), float32

        Raises
        ------
        BadFile
            If less could be decoded.
        """
        if start and self._file.seek(start) != start:
            raise BadFile(f"damaged: its part from {start / self.sr:g} s on is not found")
        channels = np.empty((n_samples, self.n_channels), dtype=np.float32)
        n_block, n_read = max(1, BLOCK_VALUES // self.n_channels), 0
        while n_read < n_samples:
            block = self._file.read(out=channels[n_read : n_read + n_block])
            if len(block) == 0:
                raise BadFile(f"truncated: its header promises {n_samples} samples and {n_read} could be decoded")
            n_read += len(block)
        return channels if self._gain == 1 else np.multiply(channels, np.float32(self._gain), out=channels)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
