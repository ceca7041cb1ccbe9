"""A file as FFmpeg's libraries (PyAV) open it: its sound among its streams, its packets, and what is decoded from them.

What FFmpeg finds wrong becomes a reason. Nothing is checked here beyond that: see `generate.audio.ffmpeg_packets`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from generate.audio import mp3
from generate.audio.bad_audio import BadFile
from generate.audio.formats import check_bounds
from generate.audio.own_noise import bits_of_codec
from generate.audio.wav import Window

if TYPE_CHECKING:
    import av

FORMATS = "mp3,aac,mov,matroska,asf,amr,ape,wv,mpc,mpc8,tta,ac3,eac3,flac,avi,flv,mpegts,ogg"
"""Those that files are taken for. FFmpeg knows others that name further files to be read, such as playlists."""
STRICT = {"err_detect": "crccheck+explode"}
"""What a decoder finds wrong is an error, where it would go on."""


class FirstFrame(NamedTuple):
    """What comes out of the decoder first: HE-AAC gives twice the rate that its header tells."""

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
        FFmpeg's name of the container, the first where it has several.
    container : av.container.InputContainer
    stream : av.AudioStream
        The sound that players choose; packets of all others are discarded.
    promised_frames : int or None
        How many frames the header of an MP3 promises, once `first_frame` has found it.

    Raises
    ------
    BadFile
        If there is no sound in it that FFmpeg can decode.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._window = path, None
        self._begin_byte, self.promised_frames = 0, None
        self.open()

    def open(self) -> None:
        """Open the file, or open it again to begin at its beginning."""
        import av  # 0.3 s, which those with WAV need not wait for

        if self._window is not None:
            self.close()
        self._window = Window(self.path, self._begin_byte)
        try:
            self.container = av.open(self._window, options={"format_whitelist": FORMATS}, metadata_errors="replace")
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile(f"not readable as sound: {_why_not(self.path)}") from None
        if not self.container.streams.audio:
            raise BadFile("it has no sound: there is only video or text in it")
        self.stream = _best(self.container)
        for stream in self.container.streams:
            if stream is not self.stream:
                stream.discard = av.stream.Discard.all
        context = self.stream.codec_context
        if context is None:
            raise BadFile("not readable as sound: FFmpeg has no decoder for it")
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
        """Decode the first frame. An MP3 is opened again at its header, where that is not the file's beginning.

        Raises
        ------
        BadFile
            If there is none, or it has what no recording has.
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
        """Open an MP3 at its header, which FFmpeg misses where anything but a tag stands before it."""
        found = None if self._begin_byte else mp3.header(self.path, first_place)
        if found is None:
            return False
        place, self.promised_frames = found
        if place:
            self._begin_byte = place
            self.open()
        return place > 0

    def packets(self) -> Iterator[av.Packet]:
        """Packets of the sound from where the file stands; what FFmpeg finds wrong with the file is a reason."""
        import av

        try:
            yield from self.container.demux(self.stream)
        except av.error.MemoryError:
            raise MemoryError from None
        except av.error.FFmpegError:
            raise BadFile("truncated or damaged: its packets do not follow each other to the end") from None
        except IndexError:  # of PyAV, which does not know of a stream that FFmpeg found meanwhile
            raise BadFile("damaged: another stream begins in its middle") from None

    def is_foreign(self, packet: av.Packet) -> bool:
        """Whether a packet begins with what is no frame, where frames can be told."""
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
        """Go to the last packet before a time, which is counted in the stream's time base."""
        import av

        self.container.seek(time, stream=self.stream, backward=True)
        old = self.stream.codec_context
        if old.codec.name != "aac":
            return
        # This decoder goes on with its random numbers after a jump: what was read before would be heard.
        self._context = av.CodecContext.create(old.codec, "r")
        self._context.options = STRICT
        self._context.extradata = old.extradata
        self._context.sample_rate, self._context.layout = old.sample_rate, old.layout


def _best(container: av.container.InputContainer) -> av.AudioStream:
    """The sound that players choose."""
    try:
        stream = container.streams.best("audio")
    except IndexError:  # PyAV does not know of one that FFmpeg found meanwhile
        stream = None
    stream = stream or container.streams.audio[0]
    if not stream.time_base:
        raise BadFile("damaged: it does not tell in what its times are counted")
    return stream


def _why_not(path: Path) -> str:
    """Why FFmpeg cannot open a file, as far as its first bytes tell."""
    with path.open("rb") as file:
        if file.read(12)[4:8] == b"ftyp":
            return "the table of its packets is not there, as where the end of an MP4 is missing"
    return "it holds neither audio nor video that FFmpeg knows"
