"""From a sound file to checked mono samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from generate.truncated import for_libsndfile, tells_length, truncation

AUDIO_SUFFIXES = frozenset(
    (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf")
    + (".w64", ".rf64", ".voc", ".nist", ".sph")
)
"""What libsndfile decodes."""
UNDECODED_SUFFIXES = frozenset(
    (".m4a", ".aac", ".mp4", ".wma", ".amr", ".3gp", ".webm", ".mka", ".ape", ".wv", ".mpc", ".ra")
)
"""Sounds all the same; named to the user instead of passed over."""

HIGHEST_SAMPLE = 1e5
"""Float files that hold 16-bit numbers reach 32,768. Beyond this it is damage, not sound."""
LOWEST_SR, HIGHEST_SR = 1000, 384_000
"""In hertz. A damaged header that tells 7 Hz would make of a second of sound an hour, and thousands of pieces."""
LONGEST_BEGINNING = 4.0
"""Of a long recording whose beginning alone is wanted, this many times the picture's length is read: the fastest
stretch is by 4, so no variant can need more."""


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
class Loaded:
    """Samples and what was found out on the way.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at the rate asked for, n > 0, finite, from -1 to 1.
    sha256 : str
        Of the mono samples as 16-bit numbers and their own rate: equal for equal sounds under different names.
    peak_dbfs : float
        Largest sample before anything was changed, in decibels of full scale; -inf for digital silence.
    """

    y: np.ndarray
    sha256: str
    peak_dbfs: float


def load(path: Path, sr: int, *, start_s: float = 0.0, longest_s: float | None = None) -> Loaded:
    """Decode a sound or a part of it, average its channels, check it and bring it to one rate.

    Parameters
    ----------
    path : Path
    sr : int
        Sample rate wanted, in hertz.
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.

    Raises
    ------
    BadSound
        If it cannot be decoded, is empty, truncated or holds values that are no sound.
    """
    with _reasons():
        _check_whole(path)
        with soundfile.SoundFile(for_libsndfile(path)) as file:
            own_sr = file.samplerate
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
            y = _read_mono(file, expected)
            is_guess = _is_guess(file, path)
    if len(y) < expected and not (is_guess and len(y)):
        raise BadSound(f"truncated: its header promises {expected} samples and {len(y)} could be decoded")
    return _checked(y, own_sr, sr)


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


def _read_mono(file: soundfile.SoundFile, n_samples: int) -> np.ndarray:
    """Read in blocks, so that no memory is taken for samples that only the header promises."""
    blocks = []
    while n_samples > 0:
        channels = file.read(min(n_samples, BLOCK_SAMPLES), dtype="float32", always_2d=True)
        if len(channels) == 0:
            break
        n_samples -= len(channels)
        blocks.append(channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1, dtype=np.float32))
    return np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)


def _checked(y: np.ndarray, own_sr: int, sr: int) -> Loaded:
    """Refuse what is no sound, keep the rest within full scale, and resample."""
    peak = float(np.maximum(y.max(), -y.min()))  # NaN, if there is any, comes through both
    if not np.isfinite(peak):
        raise BadSound("not finite: it holds NaN or infinity")
    if peak > HIGHEST_SAMPLE:
        raise BadSound(f"damaged: samples reach {peak:.3g}, and full scale is 1")
    if not LOWEST_SR <= own_sr <= HIGHEST_SR:
        raise BadSound(f"its sample rate is {own_sr} Hz; sounds have {LOWEST_SR:,} to {HIGHEST_SR:,}")
    sixteen_bits = np.clip(y, -1, 1)
    sixteen_bits *= np.float32(32767)
    sixteen_bits = np.rint(sixteen_bits, out=sixteen_bits).astype("<i2")
    sha256 = hashlib.sha256(own_sr.to_bytes(8, "little"))
    sha256.update(sixteen_bits)
    if own_sr != sr:
        y = soxr.resample(y, own_sr, sr)
        if len(y) == 0:
            raise BadSound(f"too short: it holds {len(sixteen_bits)} samples at {own_sr} Hz")
    # Only now, since resampling raises peaks too.
    highest = peak if own_sr == sr else float(np.maximum(y.max(), -y.min()))
    if highest > 1:
        y = y / np.float32(highest)
    return Loaded(y, sha256.hexdigest(), 20 * float(np.log10(peak)) if peak > 0 else -np.inf)


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
