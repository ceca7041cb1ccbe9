"""Files of chunks, each with a name and a size: WAV, RF64, Wave64, AIFF and CAF."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MOST_ZEROS = 1 << 20
"""Bytes of zeros at the end that count as padding, as recorders write it; more may be uncounted audio."""
LITTLE = 128
"""Bytes at the end that are no chunk, but too few to be audio."""
TAGS = (b"ID3", b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI")
"""First bytes of the tags that programs append, whatever the format."""
KNOWN = frozenset(
    b"LIST INFO bext iXML id3 ID3 cue smpl inst plst fact PEAK JUNK junk PAD FLLR axml chna _PMX acid cart levl umid "
    b"guan wamd NAME AUTH (c) ANNO COMT MARK INST MIDI APPL CHAN info free".split()
)
"""Chunks without samples, which may be truncated."""


@dataclass(frozen=True)
class Layout:
    """The chunk layout of a container format.

    Parameters
    ----------
    first : int
        Position of the first chunk, in bytes.
    head : str
        `struct` format of a chunk's name and size.
    samples : bytes
        First four bytes of the name of the chunk with the samples.
    pad : int
        Chunks begin at multiples of it.
    counts_head : bool
        Whether the size includes the chunk's head.
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
    """Iterate over the chunks.

    Yields
    ------
    name : bytes
    at, size : int
        Where its content begins, and its size by its head, in bytes.
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
    """Describe what follows the samples if it may be audio; empty if not.

    Parameters
    ----------
    file : BinaryIO
    n_bytes : int
        Size of the file.
    end : int
        Where the samples end, in bytes.
    layout : Layout, optional
        Of a file of chunks; in other files only tags and zeros may follow.
    """
    if layout is not None:
        end += -end % layout.pad
        for name, at, size in walk(file, n_bytes, layout, end):
            if name[:4] == layout.samples:
                return "it has a second chunk of samples, which programs ignore. Save it as two files"
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
    return f"{left:,} bytes follow the audio that its header counts, and are neither a tag nor a chunk"


def _is_name(name: bytes) -> bool:
    """Whether four bytes can be the name of a chunk."""
    return all(32 <= byte < 127 for byte in name) and name.strip() != b""
