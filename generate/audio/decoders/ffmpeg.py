"""MP3, M4A, the audio of videos and other files that libsndfile does not decode, by FFmpeg's libraries (PyAV).

Encoder delay and padding are removed if the file gives them. Every packet is checked once before anything is decoded
(`generate.audio.decoders.ffmpeg_packets`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.audio.bad_audio import BadFile
from generate.audio.decoders.ffmpeg_file import FFmpegFile
from generate.audio.decoders.ffmpeg_packets import check

if TYPE_CHECKING:
    import av

BEGIN_BEFORE_S = 2.0
"""Decoding begins this long before a part, since decoders depend on earlier frames (MP3: up to nine)."""

CUT_EXACTLY = frozenset(["mp3", "mp3float", "mp2", "mp2float", "flac", "alac", "wavpack", "tta", "ape"])
"""Codecs without random numbers and without a state that outlasts `BEGIN_BEFORE_S`. AAC, AC-3, Musepack and AMR replace
noise by random numbers."""


class Recording:
    """An open audio or video file; see `generate.audio.decoders.libsndfile.Recording`."""

    is_kept = True
    """Whether it should stay open for the next clip."""

    def __init__(self, path: Path) -> None:
        self._file = FFmpegFile(path)
        try:
            self._contents = check(self._file)
        except BaseException:
            self.close()
            raise
        self.sr, self.n_channels = self._contents.sr, self._contents.n_channels
        self.n_samples, self.bits = self._contents.n_samples, self._contents.bits
        self.is_cut_exactly = self._file.stream.codec_context.codec.name in CUT_EXACTLY
        self._blocks: Iterator[tuple[int, np.ndarray]] | None = None
        self._kept: deque[tuple[int, np.ndarray]] = deque()

    def read(self, start: int, n_samples: int) -> np.ndarray:
        """Read a part of the file.

        Returns
        -------
        np.ndarray, shape=(n, n_channels), float32
            n may be a little less than n_samples at the end.

        Raises
        ------
        BadFile
            If it cannot be decoded.
        """
        blocks = (
            self._read_by_time(start, n_samples)
            if self._contents.is_seekable
            else self._read_in_sequence(start, n_samples)
        )
        channels = np.zeros((n_samples, self.n_channels), dtype=np.float32)
        n_filled = end = 0
        for position, block in blocks:
            first, last = max(position, start), min(position + len(block), start + n_samples)
            if first < last:
                channels[first - start : last - start] = block[first - position : last - position]
                n_filled += last - first
                end = max(end, last - start)
        if n_samples - n_filled > self._contents.tolerance:
            raise BadFile(
                f"damaged: of {n_samples / self.sr:.3f} s from {start / self.sr:.3f} s on, {n_filled / self.sr:.3f} s "
                "could be decoded"
            )
        return channels[:end]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_by_time(self, start: int, n_samples: int) -> Iterator[tuple[int, np.ndarray]]:
        """Blocks of samples around a part, each with its position; they do not depend on earlier reads."""
        base, origin = self._file.stream.time_base, self._contents.origin
        begin_s = start / self.sr - BEGIN_BEFORE_S
        if begin_s <= 0:
            self._file.open()
        else:
            self._file.seek(int((Fraction(begin_s) + origin) / base))
        for frame, block in self._frames():
            if frame.pts is None:
                raise BadFile(f"damaged: a frame near {start / self.sr:.2f} s has no time")
            position = round((frame.pts * base - origin) * self.sr)
            yield position, block
            if position + len(block) >= start + n_samples:
                return

    def _read_in_sequence(self, start: int, n_samples: int) -> Iterator[tuple[int, np.ndarray]]:
        """The same for files without exact times: everything before is decoded, once for all parts."""
        if self._blocks is None or not self._kept or start < self._kept[0][0]:
            self._file.open()
            self._kept.clear()
            self._blocks = self._all_blocks()
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

    def _all_blocks(self) -> Iterator[tuple[int, np.ndarray]]:
        """All samples from the current position, each block with its position."""
        position = 0
        for _, block in self._frames():
            yield position, block
            position += len(block)

    def _frames(self) -> Iterator[tuple[av.AudioFrame, np.ndarray]]:
        """Decoded frames from the current position, and their samples."""
        for packet in self._file.packets():
            if self._file.is_foreign(packet):
                continue
            for frame in self._file.decoded(packet):
                if frame.sample_rate != self.sr or frame.layout.nb_channels != self.n_channels:
                    raise BadFile("its sample rate or number of channels changes within the file. Convert it first")
                yield frame, samples_of(frame)


def samples_of(frame: av.AudioFrame) -> np.ndarray:
    """Samples of a frame.

    Parameters
    ----------
    frame : av.AudioFrame

    Returns
    -------
    np.ndarray, shape=(n, n_channels), float32
        Full scale is 1.
    """
    values, n_channels = frame.to_ndarray(), frame.layout.nb_channels
    values = values.T if frame.format.is_planar else values.reshape(-1, n_channels)
    if values.dtype.kind == "f":
        return values.astype(np.float32, copy=False)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / np.float32(128)
    return values.astype(np.float32) / np.float32(2.0 ** (8 * values.itemsize - 1))
