"""MP3, M4A, the sound of videos and whatever else libsndfile leaves, through FFmpeg's libraries (PyAV).

Encoder delay and padding are cut off where the file tells them. Before anything is decoded every packet is looked at
once: are there as many as the header promises, does one follow the other in time, is each what it is said to be?
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.audio import mp3
from generate.audio.bad_sound import BadFile
from generate.audio.chunks import TAGS
from generate.audio.formats import check_bounds
from generate.audio.own_noise import bits_of_codec
from generate.audio.wav import Window

if TYPE_CHECKING:
    import av

FORMATS = (
    "mp3",
    "aac",
    "mov",
    "matroska",
    "asf",
    "amr",
    "ape",
    "wv",
    "mpc",
    "mpc8",
    "tta",
    "ac3",
    "eac3",
    "flac",
    "avi",
) + ("flv", "mpegts", "ogg")
"""Those that files are taken for. FFmpeg knows others that name further files to be read, such as playlists."""
SOUGHT = frozenset(("mp3", "mov", "aac", "flac", "wv", "tta", "ape"))
"""Formats that tell the time of each packet to the sample: there a part is found without decoding all before it."""
FRAMES_ALONE = frozenset(("mp3", "aac", "amr", "ac3", "eac3"))
"""Formats that are frames and nothing else: no header promises a length (but see `generate.audio.mp3`)."""
STRICT = {"err_detect": "crccheck+explode"}
"""What a decoder finds wrong is an error, where it would go on."""
BEGIN_BEFORE_S = 2.0
"""Where a part is wanted: decoders need what comes before (an MP3's frames up to nine), and then give the same."""
ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""Behind it stand the size of the object, an id of 16 bytes, and the size of the file (ASF specification, 3.2)."""
ASF_HEADER = 1 << 16
TS_PACKETS = (188, 192, 204)
LONGEST_GAP_S = 0.1
"""Between one packet and the next, or a promise and what is there. Times of videos are rounded, by some hundredths."""


class Recording:
    """An open audio or video file; see `generate.audio.by_libsndfile.Recording`."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, None
        self._at, self._promised_frames = 0, None
        self._open()
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @property
    def is_kept(self) -> bool:
        """Whether it is worth to stay open for the next clip."""
        return True

    def read(self, start: int, n_samples: int) -> np.ndarray:
        """Read a part that is there, shape=(n, n_channels), float32; n may be a little less at the end.

        Raises
        ------
        BadFile
            If it cannot be decoded.
        """
        blocks = self._sought(start, n_samples) if self._is_sought else self._in_turn(start, n_samples)
        channels = np.zeros((n_samples, self.n_channels), dtype=np.float32)
        n_filled = end = 0
        for position, block in blocks:
            first, last = max(position, start), min(position + len(block), start + n_samples)
            if first < last:
                channels[first - start : last - start] = block[first - position : last - position]
                n_filled += last - first
                end = max(end, last - start)
        if n_samples - n_filled > self._tolerance:
            raise BadFile(
                f"damaged: of {n_samples / self.sr:.3f} s from {start / self.sr:.3f} s on, {n_filled / self.sr:.3f} s "
                "could be decoded"
            )
        return channels[:end]

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._container.close()
            self._file.close()
            self._file = None

    def _open(self) -> None:
        """Open the file, or open it again to begin at its beginning."""
        import av  # 0.3 s, which those with WAV need not wait for

        if self._file is not None:
            self.close()
        self._file = Window(self._path, self._at)
        try:
            self._container = av.open(
                self._file, options={"format_whitelist": ",".join(FORMATS)}, metadata_errors="replace"
            )
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile(f"not readable as sound: {self._why_not()}") from None
        if not self._container.streams.audio:
            raise BadFile("it has no sound: there is only video or text in it")
        self._stream = self._best()
        for stream in self._container.streams:
            if stream is not self._stream:
                stream.discard = av.stream.Discard.all
        context = self._stream.codec_context
        if context is None:
            raise BadFile("not readable as sound: FFmpeg has no decoder for it")
        context.thread_count = 1
        context.options = STRICT
        self._context = context
        self.format = self._container.format.name.split(",")[0]
        self._blocks: Iterator[tuple[int, np.ndarray]] | None = None
        self._kept: deque[tuple[int, np.ndarray]] = deque()

    def _best(self) -> av.AudioStream:
        """The sound that players choose."""
        try:
            stream = self._container.streams.best("audio")
        except IndexError:  # PyAV does not know of one that FFmpeg found meanwhile
            stream = None
        stream = stream or self._container.streams.audio[0]
        if not stream.time_base:
            raise BadFile("damaged: it does not tell in what its times are counted")
        return stream

    def _why_not(self) -> str:
        """Why FFmpeg cannot open a file, as far as its first bytes tell."""
        with self._path.open("rb") as file:
            if file.read(12)[4:8] == b"ftyp":
                return "the table of its packets is not there, as where the end of an MP4 is missing"
        return "it holds neither audio nor video that FFmpeg knows"

    def _check(self) -> None:
        """Look at every packet; what is not understood is a reason."""
        self._set_rate()
        self._open()
        stream, base = self._stream, self._stream.time_base
        n_packets = n_foreign = n_last = 0
        previous = first = last = None
        for packet in self._packets(stream):
            if not packet.size:
                continue
            head = bytes(memoryview(packet)[:16])
            if self._is_foreign(head):
                self._check_foreign(bytes(packet), previous, base)
                n_foreign += 1
                continue
            if packet.is_corrupt:
                raise BadFile("truncated: its last packet is not whole")
            n_packets += 1
            begin = packet.pts if packet.pts is not None else packet.dts
            if begin is None and previous is not None:
                raise BadFile(f"damaged: what follows {float((previous - first) * base):.2f} s is no audio frame")
            if begin is None:
                raise BadFile("it does not tell the time of its packets; write it anew in another format")
            duration = packet.duration or 0
            if first is None:
                first = begin
            elif abs(gap := float((begin - previous) * base)) > LONGEST_GAP_S and not n_foreign:
                at = float((previous - first) * base)
                what = f"{gap:.2f} s are missing" if gap > 0 else "its time goes back"
                raise BadFile(f"damaged: {what} at {at:.2f} s")
            previous = begin + duration if previous is None or not n_foreign else max(previous, begin + duration)
            last, n_last = packet, duration
        if not n_packets:
            raise BadFile("empty: it holds no samples")
        origin = stream.start_time if stream.start_time is not None else first
        self._origin = Fraction(origin) * base
        self._check_last(bytes(last))
        self._tolerance = round((LONGEST_GAP_S + 2 * float(n_last * base)) * self.sr) * (1 + n_foreign)
        self._is_sought = self.format in SOUGHT and base * self.sr <= 1
        self._count(n_packets, previous)

    def _set_rate(self) -> None:
        """The rate and channels of what comes out of the decoder: HE-AAC gives twice the rate that it tells."""
        context = self._stream.codec_context
        check_bounds(context.sample_rate or 0, context.layout.nb_channels if context.layout else 0)
        for packet in self._packets(self._stream):
            if packet.size and self._is_foreign(bytes(memoryview(packet)[:16])):
                continue
            if packet.size and self.format == "mp3" and self._began_anew(packet.pos):
                return self._set_rate()
            for frame in self._decoded(packet):
                self.sr, self.n_channels = frame.sample_rate, frame.layout.nb_channels
                self._frame_samples = frame.samples
                self.bits = bits_of_codec(self._context.name, frame.format.name)
                check_bounds(self.sr, self.n_channels)
                return
        raise BadFile("empty: it holds no samples")

    def _began_anew(self, first_place: int) -> bool:
        """Open an MP3 at its header, which FFmpeg misses where anything but a tag stands before it."""
        found = None if self._at else mp3.header(self._path, first_place)
        if found is None:
            return False
        place, self._promised_frames = found
        if place:
            self._at = place
            self._open()
        return place > 0

    def _count(self, n_packets: int, end: int) -> None:
        """Hold what the header promises against the packets, and tell the number of samples."""
        stream, base = self._stream, self._stream.time_base
        there_s = float(end * base - self._origin)
        promised_s = float(stream.duration * base) if stream.duration else (self._container.duration or 0) / 1e6
        if self.format == "mp3":
            promised = self._promised_frames
            if promised is not None and n_packets < promised - 1:
                raise BadFile(f"truncated: its header promises {promised:,} frames and {n_packets:,} are there")
            # Only where the count is right is the padding cut off where it is.
            there_s = promised_s if promised == n_packets else there_s
        elif self.format in FRAMES_ALONE:
            there_s = n_packets * self._frame_samples / self.sr  # their times are rounded
        elif self.format in ("avi", "asf"):
            self._check_size()
        elif self.format == "flac":
            promised_s = float(stream.duration * base) if stream.duration else 0.0
            if there_s < promised_s:
                raise BadFile(
                    f"truncated: its header promises {round(promised_s * self.sr)} samples and "
                    f"{round(there_s * self.sr)} are there"
                )
        elif self.format == "mpegts":
            self._check_whole_packets()
        else:
            if promised_s - there_s > LONGEST_GAP_S:
                raise BadFile(f"truncated: its header promises {promised_s:.2f} s and {there_s:.2f} s are there")
            if self.format == "mov" and stream.duration:
                there_s = min(there_s, promised_s)
        slack_s = 0 if self._is_sought else float(2 * base)  # more than there is does no harm: see `read`
        self.n_samples = max(1, round((there_s + slack_s) * self.sr))

    def _packets(self, stream: av.AudioStream) -> Iterator[av.Packet]:
        """Packets of the sound; what FFmpeg finds wrong with the file is a reason."""
        import av

        try:
            yield from self._container.demux(stream)
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile("truncated or damaged: its packets do not follow each other to the end") from None
        except IndexError:  # of PyAV, which does not know of a stream that FFmpeg found meanwhile
            raise BadFile("damaged: another stream begins in its middle") from None

    def _decoded(self, packet: av.Packet) -> Iterator[av.AudioFrame]:
        """Frames of a packet."""
        import av

        at = packet.pts
        try:
            yield from self._context.decode(packet)
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            when = "" if at is None else f" at {max(0.0, float(at * self._stream.time_base)):.2f} s"
            raise BadFile(f"damaged: it cannot be decoded{when}") from None

    def _frames(self) -> Iterator[tuple[av.AudioFrame, np.ndarray]]:
        """Decoded frames from where the file stands, and their samples."""
        for packet in self._packets(self._stream):
            if packet.size and self._is_foreign(bytes(memoryview(packet)[:16])):
                continue
            for frame in self._decoded(packet):
                if frame.sample_rate != self.sr or frame.layout.nb_channels != self.n_channels:
                    raise BadFile("its sample rate or number of channels changes on the way; write it anew")
                yield frame, samples_of(frame)

    def _sought(self, start: int, n_samples: int) -> Iterator[tuple[int, np.ndarray]]:
        """Samples around a part, each block with its place; the same whatever was read before."""
        base, begin_s = self._stream.time_base, start / self.sr - BEGIN_BEFORE_S
        if begin_s <= 0:
            self._open()
        else:
            self._container.seek(int((Fraction(begin_s) + self._origin) / base), stream=self._stream, backward=True)
            self._begin_decoder_anew()
        for frame, block in self._frames():
            if frame.pts is None:
                raise BadFile(f"damaged: what is decoded near {start / self.sr:.2f} s does not tell its time")
            position = round((frame.pts * base - self._origin) * self.sr)
            yield position, block
            if position + len(block) >= start + n_samples:
                return

    def _begin_decoder_anew(self) -> None:
        """FFmpeg's decoder of AAC goes on with its random numbers after a jump: what was read before would be heard."""
        import av

        old = self._stream.codec_context
        if old.codec.name != "aac":
            return
        self._context = av.CodecContext.create(old.codec, "r")
        self._context.options = STRICT
        self._context.extradata = old.extradata
        self._context.sample_rate, self._context.layout = old.sample_rate, old.layout

    def _in_turn(self, start: int, n_samples: int) -> Iterator[tuple[int, np.ndarray]]:
        """The same where times are not told to the sample: all that comes before is decoded, once for all parts."""
        if self._blocks is None or not self._kept or start < self._kept[0][0]:
            self._open()
            self._blocks = self._one_after_the_other()
        while self._kept and self._kept[0][0] + len(self._kept[0][1]) <= start and len(self._kept) > 1:
            self._kept.popleft()
        while not self._kept or self._kept[-1][0] + len(self._kept[-1][1]) < start + n_samples:
            found = next(self._blocks, None)
            if found is None:
                break
            self._kept.append(found)
            if found[0] + len(found[1]) <= start:
                self._kept.popleft()
        yield from self._kept

    def _one_after_the_other(self) -> Iterator[tuple[int, np.ndarray]]:
        position = 0
        for _, block in self._frames():
            yield position, block
            position += len(block)

    def _is_foreign(self, head: bytes) -> bool:
        """Whether a packet begins with what is no frame, where frames can be told."""
        if self.format == "mp3":
            return len(head) < 2 or head[0] != 0xFF or head[1] < 0xE0
        return self.format == "aac" and (len(head) < 2 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0)

    def _check_foreign(self, content: bytes, end: int | None, base: Fraction) -> None:
        """Tags and zeros may stand before, between and behind frames; nothing else."""
        if content.startswith(TAGS) or not content.strip(b"\0"):
            return
        if len(content) < 4 and content.startswith(b"\xff"):
            raise BadFile("truncated: its last frame is not whole")
        at = "at its beginning" if end is None else f"at {float(end * base):.2f} s"
        raise BadFile(f"damaged: {len(content):,} bytes {at} are no audio frame")

    def _check_last(self, last: bytes) -> None:
        """See that the last frame is whole: decoders are content with less."""
        import av

        if self.format in ("mp3", "aac"):
            name = "mp3" if self.format == "mp3" else "aac"
            if not av.CodecContext.create(name, "r").parse(last):
                raise BadFile("truncated: its last frame is not whole")
        elif self.format in FRAMES_ALONE or self.format in ("mpegts", "flac"):
            context = av.CodecContext.create(self._stream.codec_context.name, "r")
            context.options = STRICT
            context.extradata = self._stream.codec_context.extradata
            try:
                context.decode(av.Packet(last))
            except av.error.FFmpegError:
                raise BadFile("truncated: its last frame is not whole") from None

    def _check_whole_packets(self) -> None:
        """A transport stream has packets of one length, in some files with four bytes more."""
        n_bytes = self._path.stat().st_size
        if all(n_bytes % length for length in TS_PACKETS):
            raise BadFile("truncated: its last packet is not whole")

    def _check_size(self) -> None:
        """AVI and ASF tell how long the file is; FFmpeg passes over it where it is wrong."""
        with self._path.open("rb") as file:
            head = file.read(ASF_HEADER)
            n_bytes = file.seek(0, os.SEEK_END)
        if self.format == "avi":
            promised = int.from_bytes(head[4:8], "little") + 8
        else:
            place = head.find(ASF_PROPERTIES) + 40
            promised = int.from_bytes(head[place : place + 8], "little") if place > 40 else 0
        if promised > n_bytes + 1:
            raise BadFile(f"truncated: its header promises {promised} bytes and {n_bytes} are there")


def samples_of(frame: av.AudioFrame) -> np.ndarray:
    """Samples of a frame, full scale 1, shape=(n, n_channels), float32."""
    values, n_channels = frame.to_ndarray(), frame.layout.nb_channels
    values = values.T if frame.format.is_planar else values.reshape(-1, n_channels)
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / np.float32(128)
    return values.astype(np.float32) / np.float32(2.0 ** (8 * values.itemsize - 1))
