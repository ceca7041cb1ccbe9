"""FLAC: whether its frames hold the number of samples in its header (RFC 9639)."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

STREAMS = b"fLaC\x00\x00\x00\x22", b"fLaC\x80\x00\x00\x22"
"""Beginnings of a stream: the head of its first block, of 34 bytes; one bit marks the only block."""
LONGEST_TAIL = 1 << 20
NOTHING_AFTER, TAGS_AFTER = 256, 1 << 16
"""Bytes after the last frame that are searched first, and then."""
FRAME = re.compile(rb"\xff[\xf8\xf9]", re.DOTALL)
BLOCK_SIZES = {1: 192, **{k: 576 << k - 2 for k in range(2, 6)}, **{k: 256 << k - 8 for k in range(8, 16)}}
"""Samples per frame, by the four bits after the sync code; with 6 and 7 it is at the end of the frame header."""


def samples_and_rate(path: Path) -> tuple[int, int]:
    """Number of samples in the header, 0 if unknown, and the sample rate in hertz; zeros for another format."""
    try:
        with path.open("rb") as file:
            start = file.read(26)
    except OSError:
        return 0, 0
    numbers = int.from_bytes(start[18:26], "big")  # RFC 9639, section 8.2: 20 bits of rate, 36 of samples
    return (numbers & (1 << 36) - 1, numbers >> 44) if start.startswith(STREAMS) else (0, 0)


def ends_as_promised(path: Path) -> bool:
    """Whether the last frame ends at the number of samples in the header; if not, the frames must be counted.

    Reads only the frame headers in the last bytes of the file.
    """
    with path.open("rb") as file:
        start = file.read(42)
        n_bytes = file.seek(0, 2)
        promised, fixed_block = int.from_bytes(start[18:26], "big") & (1 << 36) - 1, int.from_bytes(start[8:10], "big")
        longest = int.from_bytes(start[15:18], "big") or LONGEST_TAIL
        for n_after in NOTHING_AFTER, TAGS_AFTER:
            file.seek(max(0, n_bytes - longest - n_after))
            tail = file.read()
            heads = (tail[match.start() : match.start() + 24].ljust(24, b"\0") for match in FRAME.finditer(tail))
            if promised > 0 and max((_end(head, fixed_block) for head in heads), default=-1) == promised:
                return True
    return False


def _end(head: bytes, fixed_block: int) -> int:
    """Sample at which a frame ends; -1 if this is no frame header."""
    n_ones = 8 - (head[4] ^ 0xFF).bit_length()  # as in UTF-8; a single one is a continuation byte
    if n_ones in (1, 8):
        return -1
    number, n_more = head[4] & (0x7F >> n_ones), max(0, n_ones - 1)
    for byte in head[5 : 5 + n_more]:
        number = number << 6 | byte & 0x3F
    code, rate, at = head[2] >> 4, head[2] & 15, 5 + n_more
    n_code, n_rate = {6: 1, 7: 2}.get(code, 0), {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if not code or _crc8(head[: at + n_code + n_rate]) != head[at + n_code + n_rate]:
        return -1
    size = BLOCK_SIZES.get(code) or int.from_bytes(head[at : at + n_code], "big") + 1
    return number + size if head[1] & 1 else number * fixed_block + size


def _crc8(content: bytes) -> int:
    """Checksum of a frame header (RFC 9639, section 9.1.8)."""
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x107) if crc & 0x80 else crc << 1
    return crc


def joined(path: Path) -> str:
    """Describe it if another FLAC file is appended to the first; else empty."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place = content.find(b"fLaC", 4)
        while place > 0 and content[place : place + 8] not in STREAMS:
            place = content.find(b"fLaC", place + 4)
    if place > 0:
        return f"another FLAC file follows at byte {place:,}, which would be ignored. Split the file there"
    return ""
