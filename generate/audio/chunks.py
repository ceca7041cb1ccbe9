"""Files that are made of chunks, each with a name and a size: WAV, RF64, Wave64, AIFF and CAF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_ZEROS = 1 << 20
"""Bytes of zeros that fill a file up, as disks and recorders do it; more may be sound that nobody counted."""
LITTLE = 128
"""Bytes: what is left over at the end and is no chunk, but too little to be a sound."""
TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI")
"""Beginnings of the tags that programs put behind the sound, whatever the format."""
KNOWN = frozenset(
    b"LIST INFO bext iXML id3 ID3 cue smpl inst plst fact PEAK JUNK junk PAD FLLR axml chna _PMX acid cart levl umid "
    b"guan wamd NAME AUTH (c) ANNO COMT MARK INST MIDI APPL CHAN info free".split()
)
"""Chunks that hold no samples; the end of one may be missing."""


@dataclass(frozen=True)
class Layout:
    """How a kind of file writes its chunks.

    Parameters
    ----------
    first : int
        Where the first chunk stands, in bytes.
    head : str
        Name and size, for `struct`.
    samples : bytes
        First four bytes of the name of the chunk with the samples.
    pad : int
        Chunks begin at multiples of it.
    counts_head : bool
        Whether the size counts the chunk's own head.
    """

    first: int
    head: str
    samples: bytes
    pad: int = 2
    counts_head: bool = False


LAYOUTS = {
    b"RIFF": Layout(12, "<4sI", b"data"),
    b"RIFX": Layout(12, ">4sI", b"data"),
    b"RF64": Layout(12, "<4sI", b"data"),
    b"BW64": Layout(12, "<4sI", b"data"),
    b"FORM": Layout(12, ">4sI", b"SSND"),
    b"riff": Layout(40, "<16sQ", b"data", pad=8, counts_head=True),
    b"caff": Layout(8, ">4sq", b"data", pad=1),
}


def walk(file: BinaryIO, n_bytes: int, layout: Layout, position: int = -1) -> Iterator[tuple[bytes, int, int]]:
    """Go from chunk to chunk as far as there are heads.

    Yields
    ------
    name : bytes
    at, size : int
        Where its content begins and how long it says that it is, in bytes.
    """
    n_head = struct.calcsize(layout.head)
    position = layout.first if position < 0 else position
    while position + n_head <= n_bytes:
        file.seek(position)
        name, size = struct.unpack(layout.head, file.read(n_head))
        size = max(0, size - n_head) if layout.counts_head else size
        yield name, position + n_head, size
        position += n_head + max(size, 0)
        position += -position % layout.pad


def uncounted(file: BinaryIO, n_bytes: int, end: int, layout: Layout | None = None) -> str:
    """Say in words if something stands behind the samples that may be sound; empty where it is understood.

    Parameters
    ----------
    file : BinaryIO
    n_bytes : int
        Of the file.
    end : int
        Where the samples end, in bytes.
    layout : Layout, optional
        Of a file of chunks; of others nothing but tags and zeros may follow.
    """
    if layout is not None:
        end += -end % layout.pad
        for name, at, size in walk(file, n_bytes, layout, end):
            if name[:4] == layout.samples:
                return "it holds a second chunk of samples, which no program reads; write it again, in two files"
            if not _is_name(name[:4]) or at + size > n_bytes and name[:4].strip() not in KNOWN:
                break
            end = min(n_bytes, at + max(size, 0))
            end += -end % layout.pad
    left = n_bytes - end
    if left <= LITTLE:
        return ""
    file.seek(end)
    start = file.read(min(left, MOST_ZEROS))
    if start.startswith(TAGS) or (left <= MOST_ZEROS and not start.strip(b"\0")):
        return ""
    return f"{left:,} bytes stand behind the sound that its header counts, and are neither a tag nor a chunk"


def _is_name(name: bytes) -> bool:
    """Whether four bytes may be the name of a chunk."""
    return all(32 <= byte < 127 for byte in name) and name.strip() != b""
