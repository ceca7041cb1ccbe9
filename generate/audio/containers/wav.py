"""WAV files that libsndfile would misread, and which are read as raw samples.

These are files of more than 4 GB, whose size in 32 bits wrapped around, and files of 24 bits in 4 bytes.
"""

from __future__ import annotations

import errno
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.audio.bad_audio import BadFile
from generate.audio.containers.chunks import LAYOUTS, walk
from generate.audio.containers.truncation import PLAIN_SAMPLES, whole_size

if TYPE_CHECKING:
    from typing_extensions import Buffer

SUBTYPES = {(1, 8): "PCM_U8", (1, 16): "PCM_16", (1, 24): "PCM_24", (1, 32): "PCM_32", (3, 32): "FLOAT"} | {
    (3, 64): "DOUBLE"
}
EXTENSIBLE = 0xFFFE
PLACES, WORDS = 16, 1 << 14
"""At how many places, and how many samples at each, are read to find the position of 24 bits in 32."""


@dataclass(frozen=True)
class Raw:
    """Raw samples in a file.

    Parameters
    ----------
    sr, n_channels : int
    subtype : str
        libsndfile's name of the encoding.
    at, n_bytes : int
        Their position and size in the file.
    gain : float
        Factor that brings full scale to 1.
    """

    sr: int
    n_channels: int
    subtype: str
    at: int
    n_bytes: int
    gain: float = 1.0


class Window(io.RawIOBase):
    """A part of a file as a read-only file of its own.

    Parameters
    ----------
    path : Path
    at, n_bytes : int
    """

    def __init__(self, path: Path, at: int, n_bytes: int | None = None) -> None:
        self._file = path.open("rb")
        self._at = at
        self._n_bytes = self._file.seek(0, 2) - at if n_bytes is None else n_bytes
        self.seek(0)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the part.

        For a position before its beginning, as in damaged files, this returns a negative number, as in C: decoders
        handle that, but not an exception.
        """
        place = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: self._n_bytes}[whence] + offset
        return -errno.EINVAL if place < 0 else self._file.seek(self._at + place) - self._at

    def tell(self) -> int:
        """Position in the part."""
        return self._file.tell() - self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer, as far as there is data."""
        left = max(0, self._n_bytes - self.tell())
        return self._file.readinto(memoryview(buffer).cast("B")[:left])

    def write(self, data: Buffer) -> int:
        """Not supported."""
        raise io.UnsupportedOperation("write")

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def raw(path: Path) -> Raw | None:
    """The samples of a WAV file that libsndfile would misread; None for all other files.

    Raises
    ------
    BadFile
        If the encoding of the samples cannot be determined.
    """
    with path.open("rb") as file:
        n_bytes, fmt = file.seek(0, 2), b""
        file.seek(0)
        if file.read(4) != b"RIFF":
            return None
        for name, at, size in walk(file, n_bytes, LAYOUTS[b"RIFF"]):
            if name == b"fmt ":
                file.seek(at)
                fmt = file.read(min(size, 40))
            if name == b"data":
                return _of(path, fmt, at, size, n_bytes - at) if len(fmt) >= 16 else None
    return None


def _of(path: Path, fmt: bytes, at: int, size: int, there: int) -> Raw | None:
    tag, n_channels, sr, _, block, bits = struct.unpack("<HHIIHH", fmt[:16])
    is_extensible, whole = tag == EXTENSIBLE, min(whole_size(size, there), there)
    if tag not in PLAIN_SAMPLES:
        return None
    tag = struct.unpack("<H", fmt[24:26])[0] if is_extensible and len(fmt) >= 26 else tag
    if tag == 1 and bits == 24 and n_channels and block == 4 * n_channels:
        gain = _gain_of_24_in_32(path, at, whole)
        if gain is None and is_extensible:
            raise BadFile("its header promises 24 bits in 4 bytes, but they are neither the upper nor the lower 3")
        return None if gain is None else Raw(sr, n_channels, "PCM_32", at, whole // block * block, gain)
    if whole == size or not block or (tag, bits) not in SUBTYPES or size > there:
        return None
    return Raw(sr, n_channels, SUBTYPES[tag, bits], at, whole // block * block)


def _gain_of_24_in_32(path: Path, at: int, n_bytes: int) -> float | None:
    """1 if 24 bits are the upper three bytes of four, 256 if they are the lower; None if neither."""
    if n_bytes < 4:
        return 1.0
    words = np.memmap(path, dtype="<i4", mode="r", offset=at, shape=(n_bytes // 4,))
    starts = np.linspace(0, max(0, len(words) - WORDS), PLACES, dtype=np.int64)
    seen = np.concatenate([words[start : start + WORDS] for start in np.unique(starts)])
    if not (seen & 0xFF).any():
        return 1.0
    return 256.0 if ((seen << 8) >> 8 == seen).all() else None
