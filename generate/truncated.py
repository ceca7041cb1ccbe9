"""Whether a sound file ends before its header says.

libsndfile decodes what is there and reports no error, so a file that was cut short in a download looks whole.
"""

from __future__ import annotations

import struct
from pathlib import Path

UNKNOWN_SIZES = (0, 0xFFFFFFFF)
"""Programs that write to a pipe leave these where the size should be."""
LAST_OGG_PAGE = 65_307
"""The longest page that Ogg allows, in bytes (RFC 3533)."""
END_OF_STREAM = 0x04


def truncation(path: Path) -> str:
    """Say in words what is missing at the end of a WAV, AIFF or Ogg file; empty where nothing is.

    FLAC and MP3 need no look here: their headers count the samples, and the decoder is held to that.

    Parameters
    ----------
    path : Path
        Any file; unknown kinds pass.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF" and start[8:] == b"WAVE":
            return _chunk_shortfall(file, size, wanted=b"data", byte_order="<")
        if start[:4] == b"FORM" and start[8:] in (b"AIFF", b"AIFC"):
            return _chunk_shortfall(file, size, wanted=b"SSND", byte_order=">")
        if start[:4] == b"OggS":
            file.seek(max(0, size - LAST_OGG_PAGE))
            return _ogg_shortfall(file.read())
    return ""


def _chunk_shortfall(file, size: int, *, wanted: bytes, byte_order: str) -> str:
    """Walk the chunks to the one with the samples and hold its size against the file's."""
    position = 12
    while position + 8 <= size:
        file.seek(position)
        name, length = struct.unpack(byte_order + "4sI", file.read(8))
        if name == wanted:
            there = size - position - 8
            if length in UNKNOWN_SIZES or length <= there:
                return ""
            return f"truncated: its header promises {length} bytes of sound and {there} are there"
        position += 8 + length + length % 2
    return ""


def _ogg_shortfall(tail: bytes) -> str:
    """The last page must be whole and marked as the last."""
    page = tail.rfind(b"OggS")
    if page < 0 or page + 27 > len(tail):
        return "truncated: its last Ogg page is not whole"
    segments = tail[page + 27 : page + 27 + tail[page + 26]]
    if len(segments) < tail[page + 26] or page + 27 + len(segments) + sum(segments) > len(tail):
        return "truncated: its last Ogg page is not whole"
    if not tail[page + 5] & END_OF_STREAM:
        return "truncated: its Ogg stream has no end"
    return ""
