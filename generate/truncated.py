"""Whether a sound file ends before its header says.

libsndfile decodes what is there and reports no error, so a file that was cut short in a download looks whole. In its
log, though, it notes where a size in the header goes beyond the end of the file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import soundfile

BEYOND_THE_END = re.compile(r"^ *(?:data|SSND|riff|Riff size|Data Size) *: (\d+) \(should be (\d+)\)", re.MULTILINE)
"""In the log on WAV, AIFF, W64, RF64 and AU. WAV's outer size (`RIFF`) is left out: many programs get it wrong."""
NEVER_CLOSED = re.compile(r"^Length : (\d+).*^data : 0$.*at position (\d+)", re.MULTILINE | re.DOTALL)
"""In the log on a WAV whose size was to be filled in at the end of the recording, and was not."""
UNKNOWN_SIZE = 0x7FFFF000
"""Programs that write to a pipe leave this (sox) or more where the size should be."""
NIST_LENGTH = re.compile(rb"\bsample_count -i (\d+)")
MP3_LENGTH = re.compile(rb"Xing|Info|VBRI")
"""One of these stands in an MP3's first frame if the file tells its length; else libsndfile guesses it."""
LAST_OGG_PAGE = 65_307
"""The longest page that Ogg allows, in bytes (RFC 3533)."""
END_OF_STREAM = 0x04


def truncation(path: Path) -> str:
    """Say in words what is missing at the end of a file; empty where nothing is, or it cannot be told.

    FLAC and MP3 need no look here: their headers count the samples, and the decoder is held to that.

    Parameters
    ----------
    path : Path
        Any file; what libsndfile cannot open passes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(1024)
        if start[:4] == b"OggS":
            file.seek(max(0, size - LAST_OGG_PAGE))
            return _ogg_shortfall(file.read())
    try:
        header = soundfile.info(for_libsndfile(path), verbose=True)
    except soundfile.LibsndfileError:
        return ""
    log = header.extra_info
    for promised, there in BEYOND_THE_END.findall(log):
        if int(promised) < UNKNOWN_SIZE:
            return f"truncated: its header promises {promised} bytes of sound and {there} are there"
    if "truncated file" in log:
        return "truncated: its last block is not whole"
    if header.frames == 0 and (unclosed := NEVER_CLOSED.search(log)):
        return (
            f"its header promises no sound and {int(unclosed[1]) - int(unclosed[2])} bytes follow, as when a recorder "
            f"is switched off: save them with  ffmpeg -ignore_length 1 -i {path.name} {path.stem}-saved.wav"
        )
    if start[:7] == b"NIST_1A" and (length := NIST_LENGTH.search(start)) and int(length[1]) > header.frames:
        return f"truncated: its header promises {int(length[1])} samples and {header.frames} are there"
    return ""


def tells_length(path: Path) -> bool:
    """Whether a file's length stands in its header; only an MP3's may not."""
    with path.open("rb") as file:
        start = file.read(10)
        if start[:3] == b"ID3":  # a tag before the sound; its size has seven bits a byte
            file.seek(10 + sum(byte << shift for byte, shift in zip(start[6:10], (21, 14, 7, 0), strict=True)))
        return bool(MP3_LENGTH.search(file.read(2048)))


def for_libsndfile(path: Path) -> str | bytes:
    """The path as soundfile takes it, names that are not UTF-8 included."""
    return os.fsencode(path) if os.name == "posix" else str(path)


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
