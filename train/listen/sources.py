"""Where audio comes from while it is heard: a source, and a recording in the place of a microphone."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import numpy as np

from generate.audio import BadAudio, BadFile, decode, length
from generate.runtime.safe_names import printable
from train.predict.recorder_time import recorded_at

BLOCK_S = 0.1
"""Of audio that comes at once: the level is shown so often."""


class Block(NamedTuple):
    """Samples of a source.

    Parameters
    ----------
    start : int
        Number of the first sample, from the beginning of the source; above the end of the last block where samples
        were lost.
    channels : np.ndarray, shape=(n, n_channels), float32
        Full scale is 1.
    """

    start: int
    channels: np.ndarray


class Source(Protocol):
    """A microphone, or what is in its place; a context in which it is open.

    Attributes
    ----------
    name : str
        For the tables of events.
    sr : int
        In hertz.
    bits : int
        Bit depth; see `generate.audio.noise_floor`.
    is_live : bool
        Whether audio comes at its own pace, so that windows are skipped where predictions are too slow.
    began_at : datetime, optional
        When its first sample was recorded, if that is known.
    n_overflows : int
        How often the system lost samples of it before they came here; how many is not known.
    """

    name: str
    sr: int
    bits: int
    is_live: bool
    began_at: datetime | None
    n_overflows: int

    def __enter__(self) -> Self:
        """Open it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""

    def read(self) -> Block | None:
        """Wait for more samples, and return all that came since the last call; None at the end."""


class RecordingSource:
    """A recording, block by block.

    Parameters
    ----------
    path : Path
    real_time : bool
        At the pace at which it was recorded, as from a microphone; else as fast as it can be predicted.

    Raises
    ------
    FileNotFoundError, BadAudio
        If it is not there, or cannot be decoded.
    """

    def __init__(self, path: Path, *, real_time: bool = False) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"--file must be a recording. Got {str(path)!r}, which is no file.")
        try:
            seconds, self.sr, _ = length(path)
            first = decode(path, longest_s=BLOCK_S)
        except BadAudio as error:
            raise BadAudio(f"--file must be a recording. Got {str(path)!r}: {error}") from None
        self.name, self.bits, self.is_live = printable(str(path)), first.bits, real_time
        self.began_at = recorded_at(path)
        self.n_overflows = 0
        self._path, self._n_samples = path, round(seconds * self.sr)
        self._n_read = 0
        self._began_s = 0.0

    def __enter__(self) -> Self:
        """Begin to play it."""
        self._began_s = time.monotonic()
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open between blocks."""

    def read(self) -> Block | None:
        """Return the next block; in real time, all that was played since the last call.

        Raises
        ------
        BadAudio
            If it cannot be decoded.
        """
        start = self._n_read
        if start >= self._n_samples:
            return None
        end = start + round(BLOCK_S * self.sr)
        if self.is_live:
            time.sleep(max(0.0, self._began_s + end / self.sr - time.monotonic()))
            end = max(end, int((time.monotonic() - self._began_s) * self.sr))
        end = self._n_read = min(end, self._n_samples)
        try:
            decoded = decode(self._path, start_s=start / self.sr, longest_s=(end - start) / self.sr)
        except BadFile:
            raise
        except BadAudio:
            if not start or self._n_samples - start > round(BLOCK_S * self.sr):
                raise
            return None  # the length of some containers is known to a few milliseconds, and rounded up
        return Block(start, decoded.channels)
