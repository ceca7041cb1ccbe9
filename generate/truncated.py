"""Whether a sound file ends before its header says.

libsndfile decodes what is there and reports no error, so a file that was cut short in a download looks whole. Here the
size that the header promises is held against the file's.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO

import soundfile

from generate import mp3_frames

CHUNKED = {
    # First bytes: byte order of the sizes, name of the chunk with the samples.
    b"RIFF": ("<", b"data"),
    b"RIFX": (">", b"data"),
    b"RF64": ("<", b"data"),
    b"FORM": (">", b"SSND"),
}
W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
PLAIN_SAMPLES = (1, 3, 0xFFFE)
"""Codes of WAV for integers, floats, and either with more of a header."""
AU = {b".snd": ">", b"dns.": "<"}
NIST_LENGTH = re.compile(rb"\bsample_count -i (\d+)")
MP3_LENGTH = re.compile(rb"Xing|Info|VBRI")
"""One of these stands in an MP3's first frame if the file tells its length; else libsndfile guesses it."""
LAST_OGG_PAGE = 65_307
"""The longest page that Ogg allows, in bytes (RFC 3533)."""
END_OF_STREAM = 0x04


def truncation(path: Path) -> str:
    """Say in words what is missing at the end of a file; empty where nothing is, or it cannot be told.

    Looks at WAV (RIFF, RIFX, RF64), W64, AIFF, AU, NIST, VOC, Ogg, and MP3 whose header does not count. FLAC and other
    MP3 need no look here: their headers count the samples, and the decoder is held to that. Of a WAV whose header
    contradicts itself nobody can tell what its samples are; that is said too.

    Parameters
    ----------
    path : Path
        Any file; unknown kinds pass.
    """
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1024)
        if start[:4] in CHUNKED:
            return _chunk_shortfall(file, n_bytes, *CHUNKED[start[:4]], path)
        if start[:16] == W64:
            return _w64_shortfall(file, n_bytes)
        if start[:4] in AU and len(start) >= 12:
            offset, promised = struct.unpack(AU[start[:4]] + "II", start[4:12])
            return _shortfall(promised, n_bytes - offset)
        if start[:4] == b"OggS":
            file.seek(max(0, n_bytes - LAST_OGG_PAGE))
            return _ogg_shortfall(file.read())
    if start[:3] == b"ID3" or mp3_frames.frame_bytes(start[:4]):
        return "" if tells_length(path) else mp3_frames.fault(path, start=_first_frame(start))
    if start[:7] == b"NIST_1A" and (length := NIST_LENGTH.search(start)):
        n_samples = soundfile.info(for_libsndfile(path)).frames
        if n_samples < int(length[1]):
            return f"truncated: its header promises {int(length[1])} samples and {n_samples} are there"
    if start[:8] == b"Creative" and "truncated file" in soundfile.info(for_libsndfile(path), verbose=True).extra_info:
        return "truncated: its last block is not whole"
    return ""


def tells_length(path: Path) -> bool:
    """Whether a file's length stands in its header; only an MP3's may not."""
    with path.open("rb") as file:
        file.seek(_first_frame(file.read(10)))
        return bool(MP3_LENGTH.search(file.read(2048)))


def _first_frame(start: bytes) -> int:
    """Where an MP3's first frame stands: behind a tag, if there is one; its size has seven bits a byte."""
    if start[:3] != b"ID3" or len(start) < 10:
        return 0
    return 10 + sum(byte << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True))


def for_libsndfile(path: Path) -> str | bytes:
    """The path as soundfile takes it, names that are not UTF-8 included."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _shortfall(promised: int, there: int) -> str:
    """Hold a promise against what is there."""
    if promised <= there or _is_unknown(promised):
        return ""
    return f"truncated: its header promises {promised} bytes of sound and {there} are there"


def _is_unknown(size: int) -> bool:
    """Whether a size is what programs write that do not know it: sox, arecord, ffmpeg and others, to a pipe."""
    return 0x7FFFF000 <= size <= 0x80000000 or 0xFFFFF000 <= size <= 0xFFFFFFFF or size >= 2**63


def _chunk_shortfall(file: BinaryIO, n_bytes: int, byte_order: str, wanted: bytes, path: Path) -> str:
    """Walk the chunks to the one with the samples."""
    position, long_size = 12, None
    while position + 8 <= n_bytes:
        file.seek(position)
        name, size = struct.unpack(byte_order + "4sI", file.read(8))
        there = n_bytes - position - 8
        if name == b"fmt " and there >= 16 and (contradiction := _contradiction(byte_order, file.read(16))):
            return contradiction
        if name == b"ds64":  # RF64: the size of the samples, in 64 bits
            long_size = struct.unpack("<8xQ", file.read(16))[0] if there >= 16 else None
        if name == wanted:
            if size == 0 and there > 8 and not _is_chunk(file.read(4)):
                return (
                    f"its header promises no sound and {there} bytes follow, as when a recorder is switched off: save "
                    f"them with  ffmpeg -ignore_length 1 -i {path.name} {path.stem}-saved.wav"
                )
            return _shortfall(size if long_size is None else long_size, there)
        position += 8 + size + size % 2
    return ""


def _contradiction(byte_order: str, fmt: bytes) -> str:
    """What does not fit together in a WAV's header: then bytes would be taken for samples that they are not."""
    tag, n_channels, _, _, n_bytes, n_bits = struct.unpack(byte_order + "HHIIHH", fmt)
    expected = n_channels * -(-n_bits // 8)
    # Cool Edit wrote 24 bits in 4 bytes and meant floats; libsndfile knows that.
    if tag not in PLAIN_SAMPLES or n_bytes == expected or not expected or (n_bits, n_bytes) == (24, 4 * n_channels):
        return ""
    return (
        f"its header contradicts itself: {n_channels} x {n_bits} bits take {expected} bytes, and it says {n_bytes}; "
        "write it anew with the program that made it"
    )


def _is_chunk(name: bytes) -> bool:
    """Whether four bytes may be the name of another chunk."""
    return name.isascii() and name.decode().strip().isalnum()


def _w64_shortfall(file: BinaryIO, n_bytes: int) -> str:
    """The same where names have 16 bytes and sizes 8, count their own header, and are rounded up to 8."""
    position = 40
    while position + 24 <= n_bytes:
        file.seek(position)
        name, size = struct.unpack("<16sQ", file.read(24))
        if name[:4] == b"data":
            return _shortfall(size - 24, n_bytes - position - 24)
        position += max(24, -(-size // 8) * 8)
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
