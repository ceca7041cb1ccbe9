"""What an MP3 whose header counts no frames holds: one may end in the middle of a frame, or be longer than it seems."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

KILOBITS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Of layer III, by the version bits: 3 is MPEG-1, 2 is MPEG-2 (and 0 its extension, 2.5)."""
RATES = (44100, 48000, 32000)


def fault(path: Path, *, start: int) -> str:
    """Say in words why an MP3 that does not count its frames cannot be read as a whole; empty where it can.

    libsndfile takes the first frame's bit rate for that of all, and reads no further than that would last. What follows
    the last frame, such as a tag, is no frame and says nothing; neither does a file that was cut exactly between two
    frames: without a count in its header it is as whole as any other.

    Parameters
    ----------
    path : Path
    start : int
        Where the first frame stands, in bytes.

    References
    ----------
    ISO/IEC 11172-3 and 13818-3; http://www.mp3-tech.org/programmer/frame_header.html
    """
    stat = path.stat()
    is_cut, is_constant = _walk(path, start, stat.st_size, stat.st_mtime_ns)
    hint = f"write it anew: ffmpeg -i {path.name} {path.stem}.wav"
    if is_cut:
        return f"truncated: its last MP3 frame is not whole; if there never was more of it, {hint}"
    return "" if is_constant else f"it does not tell its length, and its bit rate varies; {hint}"


@lru_cache(maxsize=8)  # a long recording is opened for each of its pieces
def _walk(path: Path, start: int, n_bytes: int, mtime_ns: int) -> tuple[bool, bool]:
    """Go from frame to frame as far as they follow each other; whether the last is cut, and all have one bit rate."""
    content = path.read_bytes()
    position, bit_rates = start, set()
    while length := frame_bytes(content[position : position + 4]):
        bit_rates.add(content[position + 2] >> 4)
        position += length
    rest = content[position:]
    is_header_cut = 0 < len(rest) < 4 and content[start : start + 2].startswith(rest[:2])
    return position > len(content) or is_header_cut, len(bit_rates) < 2


def frame_bytes(header: bytes) -> int:
    """Length of the frame that a header begins, in bytes; 0 where it is no header of layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, kilobits, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or kilobits in (0, 15) or rate == 3:
        return 0
    bytes_a_kilobit, divisor = (144_000, 1) if version == 3 else (72_000, 2 if version == 2 else 4)
    of_version = KILOBITS[3 if version == 3 else 2]
    return bytes_a_kilobit * of_version[kilobits] // (RATES[rate] // divisor) + (header[2] >> 1 & 1)
