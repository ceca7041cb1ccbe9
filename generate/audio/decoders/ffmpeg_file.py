"""An audio or video file opened with FFmpeg's libraries (PyAV): its audio stream, packets and decoded frames.

FFmpeg's errors become `BadFile`. For all other checks see `generate.audio.decoders.ffmpeg_packets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generate.audio.bad_audio import BadFile
from generate.audio.containers import mp3
from generate.audio.containers.wav import Window
from generate.audio.formats import check_bounds
from generate.audio.noise_floor import bits_of_codec

if TYPE_CHECKING:
    import av

FORMATS = "mp3,aac,mov,matroska,asf,amr,ape,wv,mpc,mpc8,tta,ac3,eac3,flac,avi,flv,mpegts,ogg"
"""Allowed formats. FFmpeg has others that make it read further files, such as playlists."""
STRICT = {"err_detect": "crccheck+explode"}
"""Decoding errors are raised instead of ignored."""


class FirstFrame(NamedTuple):
    """The first decoded frame: HE-AAC has twice the sample rate of its header."""

    sr: int
    n_channels: int
    n_samples: int
    bits: int


class FFmpegFile:
    """An open audio or video file.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    path : Path
    format : str
        FFmpeg's name of the container, the first if it has several.
    container : av.container.InputContainer
    stream : av.AudioStream
        The audio stream that players choose; packets of all others are discarded.
    promised_frames : int or None
        How many frames the header of an MP3 promises, set by `first_frame`.

    Raises
    ------
    BadFile
        If it has no audio that FFmpeg can decode.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.promised_frames: int | None = None
        self._window: Window | None = None
        self._begin_byte = 0
        self.open()

    def open(self) -> None:
        """Open the file, or open it again at its beginning."""
        import av  # takes 0.3 s, and WAV files do not need it

        if self._window is not None:
            self.close()
        self._window = Window(self.path, self._begin_byte)
        try:
            self.container = av.open(self._window, options={"format_whitelist": FORMATS}, metadata_errors="replace")
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile(f"not readable as audio: {_why_not(self.path)}") from None
        if not self.container.streams.audio:
            raise BadFile("it has no audio, only video or text")
        self.stream = _best(self.container)
        for stream in self.container.streams:
            if stream is not self.stream:
                stream.discard = av.stream.Discard.all
        context = self.stream.codec_context
        if context is None:
            raise BadFile("not readable as audio: FFmpeg has no decoder for it")
        context.thread_count = 1
        context.options = STRICT
        self._context = context
        self.format = self.container.format.name.split(",")[0]

    def close(self) -> None:
        """Close the file."""
        if self._window is not None:
            self.container.close()
            self._window.close()
            self._window = None

    def first_frame(self) -> FirstFrame:
        """Decode the first frame. An MP3 is opened again at its header, if that is not at the file's beginning.

        Raises
        ------
        BadFile
            If there is none, or its sample rate or channels are impossible.
        """
        context = self.stream.codec_context
        check_bounds(context.sample_rate or 0, context.layout.nb_channels if context.layout else 0)
        for packet in self.packets():
            if self.is_foreign(packet):
                continue
            if packet.size and self.format == "mp3" and self._begin_at_header(packet.pos):
                return self.first_frame()
            for frame in self.decoded(packet):
                sr, n_channels = frame.sample_rate, frame.layout.nb_channels
                bits = bits_of_codec(self._context.name, frame.format.name)
                check_bounds(sr, n_channels)
                return FirstFrame(sr, n_channels, frame.samples, bits)
        raise BadFile("empty: it holds no samples")

    def _begin_at_header(self, first_place: int) -> bool:
        """Open an MP3 at its header, which FFmpeg misses if anything but a tag precedes it."""
        found = None if self._begin_byte else mp3.header(self.path, first_place)
        if found is None:
            return False
        place, self.promised_frames = found
        if place:
            self._begin_byte = place
            self.open()
        return place > 0

    def packets(self) -> Iterator[av.Packet]:
        """Packets of the audio stream from the current position."""
        import av

        try:
            yield from self.container.demux(self.stream)
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile("truncated or damaged: its packets are not in sequence to the end") from None
        except IndexError:  # PyAV does not know of a stream that FFmpeg has found meanwhile
            raise BadFile("damaged: another stream begins in its middle") from None

    def is_foreign(self, packet: av.Packet) -> bool:
        """Whether a packet is no audio frame, in formats where this is visible."""
        if not packet.size or self.format not in ("mp3", "aac"):
            return False
        head = bytes(memoryview(packet)[:2])
        if len(head) < 2 or head[0] != 0xFF:
            return True
        return head[1] < 0xE0 if self.format == "mp3" else head[1] & 0xF6 != 0xF0

    def decoded(self, packet: av.Packet) -> Iterator[av.AudioFrame]:
        """Frames of a packet."""
        import av

        at = packet.pts
        try:
            yield from self._context.decode(packet)
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            when = "" if at is None else f" at {max(0.0, float(at * self.stream.time_base)):.2f} s"
            raise BadFile(f"damaged: it cannot be decoded{when}") from None

    def seek(self, time: int) -> None:
        """Seek to the last packet before a time, in units of the stream's time base."""
        import av

        self.container.seek(time, stream=self.stream, backward=True)
        old = self.stream.codec_context
        if old.codec.name != "aac":
            return
        # This decoder keeps its random state when seeking: its output would depend on earlier reads.
        self._context = av.CodecContext.create(old.codec, "r")
        self._context.options = STRICT
        self._context.extradata = old.extradata
        self._context.sample_rate, self._context.layout = old.sample_rate, old.layout


def _best(container: av.container.InputContainer) -> av.AudioStream:
    """The audio stream that players choose."""
    try:
        stream = container.streams.best("audio")
    except IndexError:  # PyAV does not know of one that FFmpeg found meanwhile
        stream = None
    stream = stream or container.streams.audio[0]
    if not stream.time_base:
        raise BadFile("damaged: its audio stream has no time base")
    return stream


def _why_not(path: Path) -> str:
    """Why FFmpeg cannot open a file, by its first bytes."""
    with path.open("rb") as file:
        if file.read(12)[4:8] == b"ftyp":
            return "its table of packets is missing, as when the end of an MP4 is cut off"
    return "it holds neither audio nor video that FFmpeg knows"
