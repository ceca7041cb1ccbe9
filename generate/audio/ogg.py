"""Ogg, page by page: whether all of a stream is there (RFC 3533)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from generate.audio.chunks import uncounted

LONGEST_PAGE = 65_307
"""In bytes."""
HEAD = struct.Struct("<4sBBqIIIB")
CONTINUED, FIRST, LAST = 1, 2, 4
NOT_WHOLE = "truncated: its last Ogg page is not whole"


def fault(file: BinaryIO, n_bytes: int) -> str:
    """Say in words what is wrong with the pages of a file; empty where they follow each other to a marked end.

    Only the heads of the pages are looked at: their checksums are the decoder's business.
    """
    position, serial, number, highest, flags = 0, None, 0, -1, 0
    while position < n_bytes:
        file.seek(position)
        head = file.read(HEAD.size + 255)
        if not head.startswith(b"OggS"):
            break
        if len(head) < HEAD.size:
            return NOT_WHOLE
        _, _, flags, granule, of_stream, of_page, _, n_segments = HEAD.unpack_from(head)
        segments = head[HEAD.size : HEAD.size + n_segments]
        end = position + HEAD.size + n_segments + sum(segments)
        if len(segments) < n_segments or end > n_bytes:
            return NOT_WHOLE
        if serial is not None and (of_stream != serial or flags & FIRST):
            return (
                "several Ogg streams are in it, one behind or among the other, and one alone would be heard; write it "
                "again as one"
            )
        if of_page != number:
            return f"damaged: an Ogg page is missing before byte {position:,}"
        if granule != -1 and granule < highest:
            return f"damaged: its time goes back at byte {position:,}"
        serial, number, position = of_stream, of_page + 1, end
        highest = max(highest, granule)
    if serial is None:
        return ""  # no page at all: the decoder says so
    if 0 < n_bytes - position < 4 and not flags & LAST:
        return NOT_WHOLE
    if _follows(file, position):
        return f"damaged: bytes that are no Ogg page stand at {position:,}, and more pages behind them"
    if not flags & LAST:
        return "truncated: its Ogg stream has no end"
    return uncounted(file, n_bytes, position)


def _follows(file: BinaryIO, position: int) -> bool:
    """Whether there is another page, behind what is none."""
    file.seek(position)
    before = b""
    while block := file.read(1 << 20):
        if b"OggS\0" in before + block:
            return True
        before = block[-4:]
    return False
