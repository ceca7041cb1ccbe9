"""Background recordings in a folder, of the formats that libsndfile decodes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from augment_audio.background import Background
from augment_audio.dsp.downmix import downmix
from augment_audio.dsp.offset import without_offset
from augment_audio.request import Request, background_folders

SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"))
"""Of the background recordings that are found here; `python -m generate` reads more."""


def find_backgrounds(requests: Iterable[Request]) -> dict[str, Background]:
    """Find the recordings of the folders of some variants.

    Parameters
    ----------
    requests : iterable of Request

    Returns
    -------
    dict of str to Background
        By the path of the folder, for `make_variant`.

    Raises
    ------
    FileNotFoundError, ValueError
        See `find_background`.
    """
    return {path: find_background(Path(path)) for path in background_folders(requests).values()}


def find_background(folder: Path) -> Background:
    """Find the recordings in a folder, of the formats that are read here.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no folder, holds no recording, or one that cannot be decoded.
    """
    import soundfile

    if not folder.is_dir():
        raise FileNotFoundError(f"A background must be a folder of recordings. There is no folder {str(folder)!r}.")
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(
            f"A background must be a folder of recordings. Got {str(folder)!r}, which holds none "
            f"({', '.join(sorted(SUFFIXES))} are read here)."
        )
    seconds = []
    for file in files:
        try:
            seconds.append(soundfile.info(folder / file).duration)
        except soundfile.LibsndfileError as error:
            raise ValueError(f"{str(folder / file)!r} is not readable as audio: {error.error_string}") from None
    return Background(folder, tuple(map(str, files)), tuple(seconds), read_part)


def read_part(path: Path, sr: int, *, start_s: float, longest_s: float) -> np.ndarray:
    """Decode a part of an audio file, average its channels (`augment_audio.dsp.downmix`), and resample it.

    The DC offset is removed.

    Parameters
    ----------
    path : Path
    sr : int
        Sample rate of the result, in hertz.
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    import soundfile
    import soxr

    with soundfile.SoundFile(path) as file:
        file.seek(min(file.frames, int(start_s * file.samplerate)))
        channels = file.read(math.ceil(longest_s * file.samplerate), dtype="float32", always_2d=True)
        y, _ = without_offset(downmix(channels), file.samplerate)
        return y if file.samplerate == sr else soxr.resample(y, file.samplerate, sr)
