"""Ogg: whether all pages of the stream are in the file (RFC 3533)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from generate.audio.containers.chunks import uncounted

LONGEST_PAGE = 65_307
"""In bytes."""
HEAD = struct.Struct("<4sBBqIIIB")
FIRST, LAST = 2, 4
INCOMPLETE = "truncated: its last Ogg page is incomplete"


def fault(file: BinaryIO, n_bytes: int) -> str:
    """Describe what is wrong with the pages; empty if they are in sequence up to the end of the stream.

    Only the page headers are read: the decoder verifies the checksums.
    """
    position, serial, number, highest, flags = 0, None, 0, -1, 0
    while position < n_bytes:
        file.seek(position)
        head = file.read(HEAD.size + 255)
        if not head.startswith(b"OggS"):
            break
        if len(head) < HEAD.size:
            return INCOMPLETE
        _, _, flags, granule, of_stream, of_page, _, n_segments = HEAD.unpack_from(head)
        segments = head[HEAD.size : HEAD.size + n_segments]
        end = position + HEAD.size + n_segments + sum(segments)
        if len(segments) < n_segments or end > n_bytes:
            return INCOMPLETE
        if serial is not None and (of_stream != serial or flags & FIRST):
            return "it contains several Ogg streams, of which only one would be decoded. Save each as a file"
        if of_page != number:
            return f"damaged: an Ogg page is missing before byte {position:,}"
        if granule != -1 and granule < highest:
            return f"damaged: its time goes back at byte {position:,}"
        serial, number, position = of_stream, of_page + 1, end
        highest = max(highest, granule)
    if serial is None:
        return ""  # no page at all: the decoder reports it
    if 0 < n_bytes - position < 4 and not flags & LAST:
        return INCOMPLETE
    if _follows(file, position):
        return f"damaged: bytes that are no Ogg page are between pages, at {position:,}"
    if not flags & LAST:
        return "truncated: its Ogg stream has no last page"
    return uncounted(file, n_bytes, position)


def _follows(file: BinaryIO, position: int) -> bool:
    """Whether there is another page after a position."""
    file.seek(position)
    before = b""
    while block := file.read(1 << 20):
        if b"OggS\0" in before + block:
            return True
        before = block[-4:]
    return False
