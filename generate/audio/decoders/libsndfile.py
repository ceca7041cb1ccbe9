"""WAV, FLAC, Ogg, AIFF and similar files, decoded by libsndfile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from generate.audio.bad_audio import BadFile
from generate.audio.containers import wav
from generate.audio.containers.truncation import for_libsndfile, truncation
from generate.audio.formats import check_bounds
from generate.audio.noise_floor import bits_of

UNKNOWN_LENGTH = 2**62
"""libsndfile returns 2^63 - 1 samples if the header has no length."""
BLOCK_VALUES = 1 << 22
"""Samples times channels that are read at once, so that memory that only a wrong header demands is never used."""


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
        If it cannot be decoded, is incomplete, or has an impossible header.
    soundfile.LibsndfileError
    """

    is_kept = False
    """Whether it should stay open for the next clip."""

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
        self.is_cut_exactly = self._file.subtype != "OPUS"  # at 7 kbit/s samples differ by up to 3e-4
        try:
            check_bounds(self.sr, self.n_channels)
            if self.n_samples >= UNKNOWN_LENGTH:
                raise BadFile(f"its header has no length. Convert it: ffmpeg -i {path.name} {path.stem}.wav")
        except BadFile:
            self.close()
            raise

    def read(self, start: int, n_samples: int) -> np.ndarray:
        """Read a part of the file.

        Returns
        -------
        np.ndarray, shape=(n_samples, n_channels), float32

        Raises
        ------
        BadFile
            If less could be decoded.
        """
        if start and self._file.seek(start) != start:
            raise BadFile(f"damaged: the part from {start / self.sr:g} s on cannot be found")
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
