"""Whether an audio file has fewer samples than its header promises, or more.

libsndfile decodes what is there, up to what the header counts, without an error. So a download that was cut off, or a
file whose size did not fit its header, would look complete. Here the header is compared with the file.
"""

from __future__ import annotations

import os
import re
import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import soundfile

from generate.audio.containers import flac, ogg
from generate.audio.containers.chunks import LAYOUTS, LITTLE, uncounted, walk

W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
PLAIN_SAMPLES = (1, 3, 0xFFFE)
"""WAV format codes of PCM: integers, floats, and the extensible header for both."""
WRAP = 1 << 32
"""A size in 32 bits wraps around there."""
A_HEADER = 80
"""Bytes: the longest header that recorders write; some count it as samples, and some omit the last byte."""
LITTLE_S = 0.01
AU = {b".snd": ">", b"dns.": "<"}
NIST_LENGTH = re.compile(rb"\bsample_count -i (\d+)")
NIST_HEADER = 1024


def truncation(path: Path) -> str:
    """Describe what is missing at the end of a file, or what follows its samples; empty if it is complete.

    For WAV (RIFF, RIFX, RF64), W64, AIFF, CAF, AU, NIST, VOC, Ogg and FLAC; other formats pass. PCM in a WAV may have
    up to 80 bytes and 10 ms less than promised, as when a header counts itself. A WAV header that contradicts itself is
    described too.

    Parameters
    ----------
    path : Path
        Any file.
    """
    stat = path.stat()
    return _truncation(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)  # a long recording is opened for each of its clips
def _truncation(path: Path, n_bytes: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        start = file.read(NIST_HEADER)
        if start[:4] in LAYOUTS and (start[:4] != b"riff" or start[:16] == W64):
            return _chunk_fault(file, n_bytes, start[:4], path)
        if start[:4] in AU and len(start) >= 12:
            offset, promised = struct.unpack(AU[start[:4]] + "II", start[4:12])
            if _is_unknown(promised):
                return ""
            return _shortfall(promised, n_bytes - offset) or uncounted(file, n_bytes, offset + promised)
        if start[:4] == b"OggS":
            return ogg.fault(file, n_bytes)
        if start[:4] == b"fLaC":
            return flac.joined(path)
    if start[:7] == b"NIST_1A" or start[:8] == b"Creative":
        return _fault_without_sizes(path, n_bytes, NIST_LENGTH.search(start))
    return ""


def for_libsndfile(path: Path) -> str | bytes:
    """The path in a form that soundfile accepts, also for names that are not UTF-8."""
    return os.fsencode(path) if os.name == "posix" else str(path)


def _shortfall(promised: int, there: int, *, bytes_a_second: float = 0.0) -> str:
    """Compare the promised size with the actual one; at a constant bit rate a little may be missing."""
    missing = promised - there
    if missing <= 0 or _is_unknown(promised):
        return ""
    if there > 0 and missing <= min(A_HEADER, LITTLE_S * bytes_a_second):
        return ""
    return f"truncated: its header promises {promised} bytes of audio and {there} are there"


def _is_unknown(size: int) -> bool:
    """Whether a size stands for an unknown one, as sox, arecord, ffmpeg and others write to a pipe."""
    return size < 0 or 0x7FFFF000 <= size <= 0x80000000 or 0xFFFFF000 <= size <= 0xFFFFFFFF or size >= 2**63 - 64


def _chunk_fault(file: BinaryIO, n_bytes: int, kind: bytes, path: Path) -> str:
    """Check the chunks up to the samples, and what follows them."""
    layout, long_size, bytes_a_second, counted = LAYOUTS[kind], None, 0.0, 0
    for name, at, size in walk(file, n_bytes, layout):
        there = n_bytes - at
        if name[:4] == b"fmt " and there >= 16:
            file.seek(at)
            fmt = file.read(16)
            if contradiction := _contradiction(layout.head[0], fmt):
                return contradiction
            tag, bytes_a_second = struct.unpack(layout.head[0] + "H6xI4x", fmt)
            bytes_a_second *= tag in PLAIN_SAMPLES
        if name == b"COMM" and there >= 18:  # AIFF: compared with the size of the samples below
            file.seek(8)
            is_plain = file.read(4) == b"AIFF"
            file.seek(at)
            n_channels, n_samples, n_bits = struct.unpack(">HIH", file.read(8))
            counted = is_plain * n_channels * n_samples * -(-n_bits // 8)
        if name == b"ds64":  # RF64: the size of the samples, in 64 bits
            file.seek(at)
            long_size = struct.unpack("<8xQ", file.read(16))[0] if there >= 16 else None
        if name[:4] == layout.samples:
            file.seek(at)
            if size == 0 and there > 8 and not _is_chunk(file.read(4)):
                return (
                    f"its header promises no audio and {there} bytes follow, as when a recorder is switched off. Save "
                    f"them with  ffmpeg -ignore_length 1 -i {path.name} {path.stem}-saved.wav"
                )
            if long_size is not None and size == 0xFFFFFFFF:
                size = long_size
            elif kind == b"RIFF":
                size = whole_size(size, there)
            if size > there or _is_unknown(size):
                return _shortfall(size, there, bytes_a_second=bytes_a_second)
            if counted > size:
                return f"its header contradicts itself: {counted} bytes of audio by its samples, and {size} by its size"
            extra = uncounted(file, n_bytes, at + size, layout)
            save = f". If that is audio, save it with  ffmpeg -ignore_length 1 -i {path.name} {path.stem}-saved.wav"
            return extra + (save if extra[:1].isdigit() and kind == b"RIFF" else "")
    return ""


def whole_size(size: int, there: int) -> int:
    """Bytes of samples in a WAV whose size in 32 bits wrapped around (see `generate.audio.containers.wav`).

    Parameters
    ----------
    size, there : int
        By the header, and in the file after it.
    """
    return size + max(0, there - size) // WRAP * WRAP


def _contradiction(byte_order: str, fmt: bytes) -> str:
    """What contradicts itself in a WAV's header: the samples would be decoded wrong."""
    tag, n_channels, _, _, n_bytes, n_bits = struct.unpack(byte_order + "HHIIHH", fmt)
    expected = n_channels * -(-n_bits // 8)
    # 24 bits in 4 bytes: see generate.audio.containers.wav.
    if tag not in PLAIN_SAMPLES or n_bytes == expected or not expected or (n_bits, n_bytes) == (24, 4 * n_channels):
        return ""
    return (
        f"its header contradicts itself: {n_channels} x {n_bits} bits are {expected} bytes, not {n_bytes}. Save it "
        "again with the program that made it"
    )


def _is_chunk(name: bytes) -> bool:
    """Whether four bytes can be the name of another chunk."""
    return name.isascii() and name.decode().strip().isalnum()


def _fault_without_sizes(path: Path, n_bytes: int, counted: re.Match[bytes] | None) -> str:
    """NIST and VOC, whose headers libsndfile reads."""
    header = soundfile.info(for_libsndfile(path), verbose=True)
    if counted and header.frames < int(counted[1]):
        return f"truncated: its header promises {int(counted[1])} samples and {header.frames} are there"
    if "truncated file" in header.extra_info:
        return "truncated: its last block is incomplete"
    least = header.frames * header.channels * {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4}.get(header.subtype, 1)
    left = n_bytes - least - NIST_HEADER - header.frames // 1000
    if left > LITTLE:
        return f"{left:,} bytes follow the audio that its header counts"
    if counted and header.frames > int(counted[1]) + LITTLE:
        return f"its header promises {int(counted[1])} samples and {header.frames} are there"
    return ""
