"""From an audio file to its samples, as many channels and at the rate that it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from generate.audio.formats import HIGHEST_SR, LOWEST_SR
from generate.audio.own_noise import bits_of
from generate.truncated import for_libsndfile, tells_length, truncation

COUNTED = ("FLAC", "MP3")
"""Formats whose header counts the samples; of the others it is the size of the file that tells."""
UNKNOWN_LENGTH = 2**62
"""libsndfile gives 2^63 - 1 samples where the header does not tell."""
MOST_SAMPLES_A_BYTE = 1000
"""Digital silence, the shortest that FLAC and Opus can say, takes a byte for some 300 samples."""
BLOCK_SAMPLES = 1 << 20
PLAINER = {
    "File does not exist or is not a regular file (possibly a pipe?).": "It holds no MPEG audio.",
    "Internal error : SF_INFO struct incomplete.": "Its header tells no sample rate or number of channels that can be.",
    "Unspecified internal error.": "Its header is damaged.",
}
"""What libsndfile means, where it says something else. (The file is known to be there.)"""


class BadSound(ValueError):
    """A sound that cannot be rendered; the message is the reason, for `rejected.csv`."""


@dataclass(frozen=True)
class Decoded:
    """Samples as the file holds them.

    Parameters
    ----------
    channels : np.ndarray, shape=(n, n_channels), float32
        n > 0; full scale is 1.
    sr : int
        The file's own sample rate, in hertz.
    bits : int
        Of a sample; 16 for lossy formats, 24 for floating-point numbers. See `generate.audio.own_noise`.
    """

    channels: np.ndarray
    sr: int
    bits: int = 16


def decode(path: Path, *, start_s: float = 0.0, longest_s: float | None = None) -> Decoded:
    """Decode an audio file or a part of it; channels and sample rate stay as they are.

    Parameters
    ----------
    path : Path
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.

    Raises
    ------
    BadSound
        If it cannot be decoded, is empty or truncated.
    """
    with _reasons():
        _check_whole(path)
        with soundfile.SoundFile(for_libsndfile(path)) as file:
            own_sr, bits = file.samplerate, bits_of(file.subtype)
            if file.frames >= UNKNOWN_LENGTH:
                raise BadSound(f"it does not tell its length; write it anew: ffmpeg -i {path.name} {path.stem}.wav")
            start = round(start_s * own_sr)
            expected = file.frames - start
            if longest_s is not None:
                expected = min(expected, round(longest_s * own_sr))
            if file.frames == 0 or expected <= 0:
                raise BadSound("empty: it holds no samples")
            if start and file.seek(start) != start:
                raise BadSound(f"damaged: its part from {start_s:g} s on is not found")
            channels = _read(file, expected)
            is_guess = _is_guess(file, path)
    if len(channels) < expected and not (is_guess and len(channels)):
        raise BadSound(f"truncated: its header promises {expected} samples and {len(channels)} could be decoded")
    return Decoded(channels, own_sr, bits)


def check_there(path: Path, at_s: float) -> None:
    """See that a recording is whole; of one that only counts its samples, that it goes on to a moment.

    Nothing is decoded but what stands there.

    Parameters
    ----------
    path : Path
    at_s : float
        Before the end that its header promises, in seconds.

    Raises
    ------
    BadSound
        If it does not, or cannot be read; the message is the reason.
    """
    with _reasons():
        _check_whole(path)
        with soundfile.SoundFile(for_libsndfile(path)) as file:
            if file.format not in COUNTED or _is_guess(file, path):
                return
            n_samples, at = file.frames, int(at_s * file.samplerate)
            try:
                is_there = file.seek(at) == at and len(file.read(1)) == 1
            except soundfile.LibsndfileError:  # says no more than that it did not find it
                is_there = False
    if not is_there:
        raise BadSound(f"truncated or damaged: its header promises {n_samples} samples, and the last are not there")


@contextmanager
def _reasons() -> Iterator[None]:
    """What goes wrong with a file in it becomes a reason."""
    try:
        yield
    except soundfile.LibsndfileError as error:
        words = error.error_string.strip()
        raise BadSound(f"not readable as sound: {PLAINER.get(words, words)}") from None
    except OSError as error:
        raise BadSound(f"not readable: {error.strerror or error}") from None


def _check_whole(path: Path) -> None:
    """See that a file is not empty, and as large as its header says."""
    if path.stat().st_size == 0:
        raise BadSound("empty: the file has no bytes")
    shortfall = truncation(path)
    if shortfall:
        raise BadSound(shortfall)


def _is_guess(file: soundfile.SoundFile, path: Path) -> bool:
    """Whether libsndfile can but guess how many samples there are."""
    return file.format == "MP3" and not tells_length(path)


def _read(file: soundfile.SoundFile, n_samples: int) -> np.ndarray:
    """Read in blocks, so that no memory is taken for samples that only the header promises."""
    blocks = []
    while n_samples > 0:
        block = file.read(min(n_samples, BLOCK_SAMPLES), dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        n_samples -= len(block)
        blocks.append(block)
    return np.concatenate(blocks) if blocks else np.zeros((0, file.channels), dtype=np.float32)


def duration_s(path: Path) -> float | None:
    """Length by the header alone, in seconds; None where it cannot be read, is not told or cannot be true."""
    try:
        header = soundfile.info(for_libsndfile(path))
        n_bytes = path.stat().st_size
    except (soundfile.LibsndfileError, OSError):
        return None
    if not LOWEST_SR <= header.samplerate <= HIGHEST_SR or header.frames > MOST_SAMPLES_A_BYTE * n_bytes:
        return None
    return header.frames / header.samplerate
