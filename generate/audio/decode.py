"""Decode an audio file with all its channels, at its own sample rate."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import soundfile

from generate.audio.bad_audio import BadAudio, BadFile
from generate.audio.containers import flac
from generate.audio.containers.truncation import truncation
from generate.audio.decoders import libsndfile
from generate.audio.formats import check_bounds

LIBSNDFILES = frozenset(b"RIFF RIFX RF64 FORM riff caff .snd dns. NIST Crea OggS fLaC".split())
"""First bytes of the files that libsndfile decodes; FFmpeg decodes all others."""
IN_OGG = (b"\x01vorbis", b"OpusHead")
PLAINER = {
    "Internal error : SF_INFO struct incomplete.": "Its header has an impossible sample rate or number of channels.",
    "Unspecified internal error.": "Its header is damaged.",
}
"""Unclear messages of libsndfile, in plain words."""


class Recording(Protocol):
    """An open audio file that was checked: it is complete, and contains nothing else."""

    sr: int
    n_channels: int
    n_samples: int
    bits: int
    is_kept: bool
    is_cut_exactly: bool
    """Whether a part has the same samples as that part of a longer one."""

    def read(self, start: int, n_samples: int) -> np.ndarray:
        """A part, shape=(n_samples, n_channels), float32."""

    def close(self) -> None:
        """Close the file."""


@dataclass(frozen=True)
class Decoded:
    """Samples as they are in the file.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32
        n > 0; full scale is 1.
    sr : int
        The file's own sample rate, in hertz.
    bits : int
        Bit depth; 16 for lossy formats, 24 for floating-point numbers. See `generate.audio.noise_floor`.
    """

    channels: np.ndarray
    sr: int
    bits: int = 16


def decode(path: Path, *, start_s: float = 0.0, longest_s: float | None = None) -> Decoded:
    """Decode an audio file or a part of it, with its own channels and sample rate.

    Parameters
    ----------
    path : Path
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.

    Raises
    ------
    BadAudio
        If it cannot be decoded, is empty or truncated, or contains something unknown.
    """
    with _opened(path) as recording:
        return _read(recording, *_place(recording, start_s, longest_s))


def decode_overlapping(path: Path, parts: Sequence[tuple[float, float]]) -> Iterator[Decoded]:
    """Decode parts of a file, what they share only once.

    Parameters
    ----------
    path : Path
    parts : sequence of (float, float)
        Start of each, and how much to read at most, in seconds; in order.

    Yields
    ------
    Decoded
        Each part as `decode` returns it, to the last bit. So where a codec would give other samples (AAC, Opus),
        and where not all can be decoded, each part is decoded for itself.

    Raises
    ------
    BadAudio
        If a part cannot be decoded; the parts before it are yielded.
    """
    shared = _shared(path, parts) if len(parts) > 1 else None
    if shared is None:
        yield from (decode(path, start_s=start_s, longest_s=longest_s) for start_s, longest_s in parts)
        return
    yield from shared


def _shared(path: Path, parts: Sequence[tuple[float, float]]) -> list[Decoded] | None:
    """All parts from one reading; None where that is not possible."""
    try:
        with _opened(path) as recording:
            if not recording.is_cut_exactly:
                return None
            places = [_place(recording, start_s, longest_s) for start_s, longest_s in parts]
            begin, end = places[0][0], max(start + n_samples for start, n_samples in places)
            whole = _read(recording, begin, end - begin)
    except BadAudio:
        return None
    return [
        Decoded(whole.channels[start - begin : start - begin + n_samples], whole.sr, whole.bits)
        for start, n_samples in places
    ]


def _place(recording: Recording, start_s: float, longest_s: float | None) -> tuple[int, int]:
    """First sample of a part, and how many it has."""
    start = round(start_s * recording.sr)
    expected = recording.n_samples - start
    if longest_s is not None:
        expected = min(expected, round(longest_s * recording.sr))
    if recording.n_samples == 0:
        raise BadAudio("empty: it holds no samples")
    if expected <= 0:
        end_s = recording.n_samples / recording.sr
        raise BadAudio(f"empty: the clip begins at {start_s:g} s, and the recording ends at {end_s:g} s")
    return start, expected


def _read(recording: Recording, start: int, n_samples: int) -> Decoded:
    """Decode a part of an open file."""
    check_bounds(recording.sr, recording.n_channels, n_samples)
    channels = recording.read(start, n_samples)
    if len(channels) == 0:
        raise BadAudio("empty: it holds no samples")
    return Decoded(channels, recording.sr, recording.bits)


class Length(NamedTuple):
    """Duration, sample rate and number of channels of an audio file."""

    seconds: float
    sample_rate_hz: int
    n_channels: int


def length(path: Path) -> Length:
    """Duration and sample rate of an audio file.

    Raises
    ------
    BadAudio
        If the file is bad; see `decode`.
    """
    with _opened(path) as recording:
        return Length(recording.n_samples / recording.sr, recording.sr, recording.n_channels)


_last = threading.local()
"""The recording that this thread read last, left open if it is slow to open: its next clips are likely to follow."""


@contextmanager
def _opened(path: Path) -> Iterator[Recording]:
    """An open audio file; errors of libraries and of the system become `BadFile`."""
    try:
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if getattr(_last, "key", None) != key:
            _forget()
            recording = _open(path, stat.st_size)
            if not recording.is_kept:
                try:
                    yield recording
                finally:
                    recording.close()
                return
            _last.key, _last.recording = key, recording
        try:
            yield _last.recording
        except BaseException:
            _forget()
            raise
    except soundfile.LibsndfileError as error:
        words = error.error_string.strip()
        raise BadFile(f"not readable as audio: {PLAINER.get(words, words)}") from None
    except OSError as error:
        raise BadFile(f"not readable: {error.strerror or error}") from None


def _forget() -> None:
    """Close the recording that was read last."""
    if getattr(_last, "recording", None) is not None:
        _last.recording.close()
    _last.key = _last.recording = None


def _open(path: Path, n_bytes: int) -> Recording:
    """Open a file with the library for the format that its first bytes show."""
    with path.open("rb") as file:
        start = file.read(64)
    if n_bytes == 0:
        raise BadFile("empty: the file has no bytes")
    if _is_for_libsndfile(path, start):
        return libsndfile.Recording(path)
    from generate.audio.decoders import ffmpeg

    if fault := truncation(path):
        raise BadFile(fault)
    return ffmpeg.Recording(path)


def _is_for_libsndfile(path: Path, start: bytes) -> bool:
    """Whether libsndfile decodes the file, and all of it."""
    if start[:4] not in LIBSNDFILES or start[8:12] == b"AVI ":
        return False
    if start[:4] == b"OggS":
        return any(codec in start for codec in IN_OGG)
    return start[:4] != b"fLaC" or flac.ends_as_promised(path)
