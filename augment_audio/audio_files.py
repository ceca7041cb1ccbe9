"""Variants of audio files, as WAV files."""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from augment_audio.background_files import find_backgrounds
from augment_audio.dsp.downmix import downmix
from augment_audio.dsp.offset import without_offset
from augment_audio.engines import open_audio
from augment_audio.make import make_variant
from augment_audio.packages import check_packages
from augment_audio.request import Request, check_sample_rate
from augment_audio.variant import ORIGINAL, Variant


@dataclass(frozen=True)
class Written:
    """A file that was written.

    Parameters
    ----------
    path : Path
    duration_s : float
    attenuation_db : float
        By how many decibels it was made quieter, to stay within full scale.
    """

    path: Path
    duration_s: float
    attenuation_db: float


def write_variants(
    paths: Sequence[Path],
    folder: Path,
    requests: Sequence[Request],
    *,
    variants: Mapping[str, Variant],
    engine: str,
    seed: int = 0,
) -> Iterator[Written]:
    """Write the original and the variants of audio files as `<stem>__<variant>.wav`.

    Parameters
    ----------
    paths : sequence of Path
        Audio files whose names differ.
    folder : Path
        Made if it is not there; files of these names in it are replaced.
    requests : sequence of Request
        As `parse_requests` gives them.
    variants : Mapping of str to Variant
    engine : str
        A key of `ENGINES`.
    seed : int

    Yields
    ------
    Written
        Each file, as soon as it is written.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file or a package is not there, a file cannot be decoded or is empty, two have the same name, or a value
        cannot be had at a file's sample rate.
    """
    _refuse_equal_names(paths)
    check_packages(requests, variants)
    backgrounds = find_backgrounds(requests)
    if folder.is_file():
        raise ValueError(f"The output must be a folder. Got the file {str(folder)!r}.")
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        y, sr = read_mono(path)
        check_sample_rate(requests, variants, sr)
        sound = open_audio(y, sr, engine=engine)
        yield write_wav(folder / f"{path.stem}__{ORIGINAL}.wav", sound.y, sr)
        for request in requests:
            y = make_variant(sound, request, variants, seed=seed, clip_id=path.stem, backgrounds=backgrounds)
            yield write_wav(folder / f"{path.stem}__{request.name}.wav", y, sr)


def expand(paths: Sequence[Path]) -> list[Path]:
    """Expand `*` and `?`, which the command line of Windows leaves to the program."""
    names = [[str(path)] if path.exists() else sorted(glob.glob(str(path))) or [str(path)] for path in paths]
    return [Path(name) for found in names for name in found]


def _refuse_equal_names(paths: Sequence[Path]) -> None:
    """The variants of one file must not overwrite those of another."""
    stems = [path.stem.casefold() for path in paths]
    for path in paths:
        if stems.count(path.stem.casefold()) > 1:
            raise ValueError(f"Two audio files are called {path.stem!r}. Write them into different folders.")


def read_mono(path: Path) -> tuple[np.ndarray, int]:
    """Decode an audio file, and average its channels; the loudest alone where they cancel each other out.

    The DC offset is removed.

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
    sr : int

    Raises
    ------
    FileNotFoundError, ValueError
        If it is not there, cannot be decoded, or is empty.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no audio file {str(path)!r}.")
    try:
        channels, sr = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{str(path)!r} is not readable as audio: {error.error_string.strip().rstrip('.')}. WAV, FLAC, Ogg and MP3 "
            "are read here; convert other formats (M4A, video) to WAV first, with ffmpeg or Audacity."
        ) from None
    if len(channels) == 0:
        raise ValueError(f"{str(path)!r} holds no samples.")
    if not np.isfinite(channels).all():
        raise ValueError(f"{str(path)!r} is damaged: it holds NaN or infinity.")
    return without_offset(downmix(channels), sr)[0], sr


def write_wav(path: Path, y: np.ndarray, sr: int) -> Written:
    """Write 16-bit WAV atomically, quieter where it would be clipped at full scale.

    Parameters
    ----------
    path : Path
        Replaced if it is there.
    y : np.ndarray, shape=(n,), float32
        1 is full scale; values beyond are allowed.
    sr : int
        Sample rate in hertz.
    """
    peak = max(float(np.abs(y).max()), 1.0)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    encoded = io.BytesIO()  # libsndfile does not report a full disk
    soundfile.write(encoded, y / peak, sr, format="WAV", subtype="PCM_16")
    try:
        temporary.write_bytes(encoded.getbuffer())
        os.replace(temporary, path)
    except OSError as error:
        if error.errno and not error.filename:
            error.filename = str(path)  # a failed write does not name its file
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return Written(path, len(y) / sr, 20 * float(np.log10(peak)))
