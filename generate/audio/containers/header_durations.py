"""Durations by a few bytes of the header, without a decoder that could crash.

Most collections contain only short files in these formats. Then no worker processes are needed to measure them.
"""

from __future__ import annotations

import struct
from pathlib import Path

from generate.audio.containers.ogg import LONGEST_PAGE
from generate.audio.containers.truncation import PLAIN_SAMPLES
from generate.audio.formats import LOWEST_SR

VORBIS, OPUS = b"\x01vorbis", b"OpusHead"
OPUS_SR = 48000
"""Sample rate of the positions in an Ogg Opus stream, whatever the original rate (RFC 7845)."""


def is_surely_short(path: Path, seconds: float) -> bool:
    """Whether the header shows that an audio file is shorter; False if it is not, or must be decoded to know.

    For PCM in WAV, Ogg Vorbis and Opus. (The header of a FLAC may count fewer samples than there are.)

    Parameters
    ----------
    path : Path
    seconds : float

    References
    ----------
    RFC 3533 (Ogg); https://xiph.org/vorbis/doc/Vorbis_I_spec.html, section 4.2.2
    """
    n_samples, sr = samples_and_rate(path)
    return sr >= LOWEST_SR and 0 < n_samples < seconds * sr


def samples_and_rate(path: Path) -> tuple[int, int]:
    """Number of samples (for WAV: at most) and sample rate by the header of a WAV, Ogg Vorbis or Opus file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    n_samples, sr : int
        Zeros if the header does not give them.
    """
    try:
        with path.open("rb") as file:
            start = file.read(1024)
            n_bytes = file.seek(0, 2)
            if start[:4] == b"OggS":
                file.seek(max(0, n_bytes - LONGEST_PAGE))
                return _ogg(start, file.read())
            return _wav(start, n_bytes)
    except (OSError, struct.error, IndexError):
        return 0, 0


def _wav(start: bytes, n_bytes: int) -> tuple[int, int]:
    """As many samples as the whole file could hold, and the sample rate; zeros if unknown."""
    position = 12 if start[:4] == b"RIFF" and start[8:12] == b"WAVE" else len(start)
    while position < len(start):
        name, size, tag, n_channels, sr, _, _, n_bits = struct.unpack_from("<4sIHHIIHH", start, position)
        if name == b"fmt ":
            n_bytes_a_sample = n_channels * -(-n_bits // 8)
            return (n_bytes // n_bytes_a_sample, sr) if tag in PLAIN_SAMPLES and n_bytes_a_sample else (0, 0)
        position += 8 + size + size % 2
    return 0, 0


def _ogg(start: bytes, end: bytes) -> tuple[int, int]:
    """Where the last page ends, and the sample rate; zeros if it is not of the stream of the first page."""
    page = end.rfind(b"OggS")
    if page < 0 or end[page + 14 : page + 18] != start[14:18]:
        return 0, 0
    packet = start[27 + start[26] :]
    (position,) = struct.unpack_from("<q", end, page + 6)
    if packet.startswith(OPUS):
        return position, OPUS_SR
    return (position, struct.unpack_from("<I", packet, 12)[0]) if packet.startswith(VORBIS) else (0, 0)
