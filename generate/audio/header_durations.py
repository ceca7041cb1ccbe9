"""Which sounds are surely short, by a few bytes of their headers; no decoder is asked, so none can crash.

Most collections hold nothing but short sounds in these formats. Then nobody need start processes to find that out.
"""

from __future__ import annotations

import struct
from pathlib import Path

from generate.audio.formats import LOWEST_SR
from generate.audio.ogg import LONGEST_PAGE
from generate.audio.truncation import PLAIN_SAMPLES

VORBIS, OPUS = b"\x01vorbis", b"OpusHead"
OPUS_SR = 48000
"""What the positions in an Ogg Opus stream count in, whatever its own rate (RFC 7845)."""


def is_surely_short(path: Path, seconds: float) -> bool:
    """Whether a header says that a sound is shorter than this; False where it is longer, or another look is needed.

    Looks at WAV of plain samples, and Ogg Vorbis and Opus. (A FLAC's header may count less than there is.)

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
    """How many samples (of a WAV: at most) a header tells of a WAV, Ogg Vorbis or Opus, and their rate in hertz.

    Parameters
    ----------
    path : Path

    Returns
    -------
    n_samples, sr : int
        Zeros where the header does not tell.
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
    """As many samples as the whole file could hold, and their rate; zeros where it cannot be told."""
    position = 12 if start[:4] == b"RIFF" and start[8:12] == b"WAVE" else len(start)
    while position < len(start):
        name, size, tag, n_channels, sr, _, _, n_bits = struct.unpack_from("<4sIHHIIHH", start, position)
        if name == b"fmt ":
            n_bytes_a_sample = n_channels * -(-n_bits // 8)
            return (n_bytes // n_bytes_a_sample, sr) if tag in PLAIN_SAMPLES and n_bytes_a_sample else (0, 0)
        position += 8 + size + size % 2
    return 0, 0


def _ogg(start: bytes, end: bytes) -> tuple[int, int]:
    """Where the last page ends, if it is of the stream that the first page begins; zeros where it is not."""
    page = end.rfind(b"OggS")
    if page < 0 or end[page + 14 : page + 18] != start[14:18]:
        return 0, 0
    packet = start[27 + start[26] :]
    (position,) = struct.unpack_from("<q", end, page + 6)
    if packet.startswith(OPUS):
        return position, OPUS_SR
    return (position, struct.unpack_from("<I", packet, 12)[0]) if packet.startswith(VORBIS) else (0, 0)
