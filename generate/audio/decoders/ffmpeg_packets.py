"""Checks of all packets of a file before it is decoded: as many as promised, and in sequence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from generate.audio.bad_audio import BadFile
from generate.audio.containers.chunks import TAGS
from generate.audio.decoders.ffmpeg_file import STRICT, FFmpegFile, FirstFrame

SEEKABLE = frozenset(("mp3", "mov", "aac", "flac", "wv", "tta", "ape"))
"""Formats with the exact time of each packet: a part is found without decoding everything before it."""
ONLY_FRAMES = frozenset(("mp3", "aac", "amr", "ac3", "eac3"))
"""Formats without a header that promises a length (but see `generate.audio.containers.mp3`)."""
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""It is followed by the size of the object, an id of 16 bytes, and the size of the file (ASF specification, 3.2)."""
ASF_HEADER = 1 << 16
TS_PACKETS = (188, 192, 204)
LONGEST_GAP_S = 0.1
"""Between two packets, or the promised and the actual end. Times in videos are rounded, by some hundredths."""


@dataclass(frozen=True)
class Contents:
    """The audio of a file whose packets were checked.

    Parameters
    ----------
    sr, n_channels, bits : int
    n_samples : int
        Samples per channel; if the file's times are rounded, a little more than can be decoded.
    origin : Fraction
        Time of the first sample, in seconds.
    tolerance : int
        How many samples of a part may be missing.
    is_seekable : bool
        Whether a part is found by its time; otherwise everything before it is decoded.
    """

    sr: int
    n_channels: int
    bits: int
    n_samples: int
    origin: Fraction
    tolerance: int
    is_seekable: bool


def check(file: FFmpegFile) -> Contents:
    """Check every packet.

    Parameters
    ----------
    file : FFmpegFile

    Raises
    ------
    BadFile
        If it is empty, truncated or damaged, or contains something unknown.
    """
    frame = file.first_frame()
    file.open()
    stream, base = file.stream, file.stream.time_base
    packets = _look_at_all(file, base)
    origin = Fraction(stream.start_time if stream.start_time is not None else packets.first) * base
    _check_last(file, packets.last)
    is_seekable = file.format in SEEKABLE and base * frame.sr <= 1
    slack_s = 0 if is_seekable else float(2 * base)  # too much does no harm: see `ffmpeg.Recording.read`
    duration_s = _checked_duration_s(file, frame, packets.n, float(packets.end * base - origin))
    return Contents(
        sr=frame.sr,
        n_channels=frame.n_channels,
        bits=frame.bits,
        n_samples=max(1, round((duration_s + slack_s) * frame.sr)),
        origin=origin,
        tolerance=round((LONGEST_GAP_S + 2 * float(packets.last_duration * base)) * frame.sr) * (1 + packets.n_foreign),
        is_seekable=is_seekable,
    )


class _Packets(NamedTuple):
    """A summary of all packets. Times are in units of the stream's time base."""

    n: int
    n_foreign: int
    first: int
    end: int
    last: bytes
    last_duration: int


def _look_at_all(file: FFmpegFile, base: Fraction) -> _Packets:
    """Check that each packet is a frame and follows the one before it."""
    n = n_foreign = 0
    first = end = 0
    last = None
    for packet in file.packets():
        if not packet.size:
            continue
        if file.is_foreign(packet):
            _check_foreign(bytes(packet), "at its beginning" if last is None else f"at {float(end * base):.2f} s")
            n_foreign += 1
            continue
        if packet.is_corrupt:
            raise BadFile("truncated: its last packet is incomplete")
        begin = packet.pts if packet.pts is not None else packet.dts
        if begin is None and last is not None:
            raise BadFile(f"damaged: the packet at {float((end - first) * base):.2f} s is no audio frame")
        if begin is None:
            raise BadFile("its packets have no times. Convert it to another format")
        if last is None:
            first = begin
        elif abs(gap := float((begin - end) * base)) > LONGEST_GAP_S and not n_foreign:
            what = f"{gap:.2f} s are missing" if gap > 0 else "its time goes back"
            raise BadFile(f"damaged: {what} at {float((end - first) * base):.2f} s")
        stop = begin + (packet.duration or 0)
        end = stop if last is None or not n_foreign else max(end, stop)
        n, last = n + 1, packet
    if last is None:
        raise BadFile("empty: it holds no samples")
    return _Packets(n, n_foreign, first, end, bytes(last), last.duration or 0)


def _check_foreign(content: bytes, where: str) -> None:
    """Only tags and zeros may be before, between and after frames."""
    if content.startswith(TAGS) or not content.strip(b"\0"):
        return
    if len(content) < 4 and content.startswith(b"\xff"):
        raise BadFile("truncated: its last frame is incomplete")
    raise BadFile(f"damaged: {len(content):,} bytes {where} are no audio frame")


def _check_last(file: FFmpegFile, last: bytes) -> None:
    """Check that the last frame is complete, which decoders do not require."""
    import av

    if file.format in ("mp3", "aac"):
        if not av.CodecContext.create(file.format, "r").parse(last):
            raise BadFile("truncated: its last frame is incomplete")
    elif file.format in ONLY_FRAMES or file.format in ("mpegts", "flac"):
        context = av.CodecContext.create(file.stream.codec_context.name, "r")
        context.options = STRICT
        context.extradata = file.stream.codec_context.extradata
        try:
            context.decode(av.Packet(last))
        except av.error.FFmpegError:
            raise BadFile("truncated: its last frame is incomplete") from None


def _checked_duration_s(file: FFmpegFile, frame: FirstFrame, n_packets: int, there_s: float) -> float:
    """Compare what the header promises with the packets, and return the duration."""
    stream_s = float(file.stream.duration * file.stream.time_base) if file.stream.duration else 0.0
    promised_s = stream_s or (file.container.duration or 0) / 1e6
    if file.format == "mp3":
        promised = file.promised_frames
        if promised is not None and n_packets < promised - 1:
            raise BadFile(f"truncated: its header promises {promised:,} frames and {n_packets:,} are there")
        return promised_s if promised == n_packets else there_s  # else the padding is not removed
    if file.format in ONLY_FRAMES:
        return n_packets * frame.n_samples / frame.sr  # their times are rounded
    if file.format in ("avi", "asf"):
        _check_size(file.path, file.format)
    elif file.format == "mpegts":
        _check_whole_packets(file.path)
    elif file.format == "flac":
        if there_s < stream_s:
            promised, there = round(stream_s * frame.sr), round(there_s * frame.sr)
            raise BadFile(f"truncated: its header promises {promised} samples and {there} are there")
    elif promised_s - there_s > LONGEST_GAP_S:
        raise BadFile(f"truncated: its header promises {promised_s:.2f} s and {there_s:.2f} s are there")
    elif file.format == "mov" and stream_s:
        return min(there_s, stream_s)
    return there_s


def _check_whole_packets(path: Path) -> None:
    """A transport stream has packets of one size, with extra bytes in some files."""
    n_bytes = path.stat().st_size
    if all(n_bytes % length for length in TS_PACKETS):
        raise BadFile("truncated: its last packet is incomplete")


def _check_size(path: Path, container: str) -> None:
    """AVI and ASF headers contain the file size, which FFmpeg does not check."""
    with path.open("rb") as file:
        head = file.read(ASF_HEADER)
        n_bytes = file.seek(0, os.SEEK_END)
    if container == "avi":
        promised = int.from_bytes(head[4:8], "little") + 8
    else:
        place = head.find(ASF_PROPERTIES) + 40
        promised = int.from_bytes(head[place : place + 8], "little") if place > 40 else 0
    if promised > n_bytes + 1:
        raise BadFile(f"truncated: its header promises {promised} bytes and {n_bytes} are there")
