"""Folders of background recordings: found and checked before work starts, and read as clips are."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import Background, Request, background_recording
from generate.audio import LONGEST_BEGINNING, BadAudio, Loaded, MissingChannel, load
from generate.audio.equal_files import EqualFiles
from generate.dataset import mp3
from generate.dataset.settings import Settings
from generate.readers.audio_folder.walk import find_audio_files
from generate.readers.collection.source_pattern import source_in_name
from generate.runtime.safe_names import printable
from generate.runtime.wording import listed
from generate.workers.durations import durations


@dataclass(frozen=True)
class BackgroundFolder:
    """A folder of background recordings, and which recordings they are.

    Parameters
    ----------
    background : Background
    source_ids : tuple of str
        The original recording of each file: that of the collection which is the same file, that in its name, or its
        own.
    n_bytes, mtimes_ns : tuple of int
        Sizes and times of modification.
    """

    background: Background
    source_ids: tuple[str, ...]
    n_bytes: tuple[int, ...]
    mtimes_ns: tuple[int, ...]


NO_BACKGROUND: dict[str, object] = {
    "background_file": "",
    "background_source_id": "",
    "background_bytes": 0,
    "background_mtime_ns": 0,
}


def mixed_in(
    request: Request | None, backgrounds: Mapping[str, BackgroundFolder], *, seed: int, clip_id: str
) -> dict[str, object]:
    """The recording that a variant of a clip is mixed with.

    Parameters
    ----------
    request : Request or None
        None: the original.
    backgrounds : Mapping of str to BackgroundFolder
        By the path of the folder.
    seed : int
    clip_id : str

    Returns
    -------
    dict
        Columns of `metadata.csv`, those of `NO_BACKGROUND`.
    """
    if request is None or request.background is None:
        return NO_BACKGROUND
    found = backgrounds[request.background.folder]
    k = background_recording(found.background, request, seed=seed, clip_id=clip_id)
    values = (printable(found.background.files[k]), found.source_ids[k], found.n_bytes[k], found.mtimes_ns[k])
    return dict(zip(NO_BACKGROUND, values, strict=True))


def with_sources_of_now(rows: pd.DataFrame, backgrounds: Mapping[str, BackgroundFolder]) -> pd.DataFrame:
    """Rows of `metadata.csv` with the recordings of their backgrounds as they are known now.

    A background may have become a recording of the collection since an image was rendered.

    Parameters
    ----------
    rows : pandas.DataFrame
    backgrounds : Mapping of str to BackgroundFolder
        By the path of the folder.
    """
    source_of = {
        (printable(file), *size_and_time): source
        for found in backgrounds.values()
        for file, source, *size_and_time in zip(
            found.background.files, found.source_ids, found.n_bytes, found.mtimes_ns, strict=True
        )
    }
    keys = zip(rows["background_file"], rows["background_bytes"], rows["background_mtime_ns"], strict=True)
    sources = [source_of.get(key, before) for key, before in zip(keys, rows["background_source_id"], strict=True)]
    return rows.assign(background_source_id=pd.Series(sources, index=rows.index, dtype=object))


def beginning_sha256(
    request: Request | None, backgrounds: Mapping[str, BackgroundFolder], settings: Settings, *, clip_id: str
) -> str:
    """SHA-256 of the beginning of that recording, which a clip that begins it has as `audio_sha256`.

    Parameters
    ----------
    request, backgrounds, clip_id
        See `mixed_in`.
    settings : Settings
        Of the images: how much is read of a clip.

    Returns
    -------
    str
        Empty where there is no background.

    Raises
    ------
    BadAudio
        If it cannot be read.
    """
    if request is None or request.background is None:
        return ""
    found = backgrounds[request.background.folder]
    k = background_recording(found.background, request, seed=settings.seed, clip_id=clip_id)
    return sha256_of(found.background.folder / found.background.files[k], settings)


def find_backgrounds(
    folders: Mapping[str, str],
    clips: pd.DataFrame,
    audio_folder: Path,
    *,
    channels: str,
    workers: int,
    source_pattern: str = "",
) -> dict[str, BackgroundFolder]:
    """Find the recordings of the folders of variants, and which of them are recordings of the collection.

    Parameters
    ----------
    folders : Mapping of str to str
        As `augment_audio.background_folders` gives them.
    clips : pandas.DataFrame
        The clips table of the whole collection, with `path` and `source_id`.
    audio_folder : Path
        Its folder.
    channels, workers
        See `find_background`.
    source_pattern : str
        Regular expression for the original recording in the names of other files; empty: each is its own.

    Returns
    -------
    dict of str to BackgroundFolder
        By the path of the folder.

    Raises
    ------
    FileNotFoundError, ValueError
        See `find_background`.
    """
    found = {}
    for name, path in folders.items():
        background = find_background(Path(path), f"background={name}", channels=channels, workers=workers)
        stats = [os.stat(background.folder / file) for file in background.files]
        own = [
            source_in_name(file, source_pattern) or f"background:{name}/{printable(file)}" for file in background.files
        ]
        found[path] = BackgroundFolder(
            background,
            tuple(_of_collection(background, clips, audio_folder, default=own)),
            tuple(stat.st_size for stat in stats),
            tuple(stat.st_mtime_ns for stat in stats),
        )
    return found


def _of_collection(background: Background, clips: pd.DataFrame, audio_folder: Path, *, default: list[str]) -> list[str]:
    """The recordings of the collection that are the same files, byte for byte; the default for all others."""
    source_of = {audio_folder / path: source for path, source in zip(clips["path"], clips["source_id"], strict=True)}
    collection = EqualFiles(source_of)
    same = [collection.first_equal(background.folder / file) for file in background.files]
    return [own if path is None else source_of[path] for path, own in zip(same, default, strict=True)]


def find_background(folder: Path, option: str, *, channels: str, workers: int) -> Background:
    """Find the recordings in a folder, and their durations.

    Parameters
    ----------
    folder : Path
    option : str
        Where the user named it, for messages.
    channels : str
        One of `generate.dataset.settings.CHANNELS`.
    workers : int
        Processes that read durations, at most.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no audio file, or one cannot be used.
    """
    if not folder.is_dir():
        hint = "" if option.startswith("--") else " (It ends before the first `@` with a number and a space after it.)"
        raise FileNotFoundError(
            f"{option} must be a folder of recordings. Got {str(folder)!r}, which is not a folder.{hint}"
        )
    # The copies of recordings that pages play are none.
    files = [file for file in find_audio_files(folder)[0] if not mp3.is_ours(folder / file)]
    if not files:
        raise ValueError(f"{option} must hold recordings. Got {str(folder)!r} without an audio file.")
    found = durations([folder / file for file in files], workers=workers)
    bad = [f"{file}: {reason}" for file, reason in zip(files, found, strict=True) if isinstance(reason, str)]
    if bad:
        raise ValueError(
            f"{option} must hold recordings that can be read. Got {str(folder)!r} with {listed(bad)}. Take them out of "
            "it."
        )
    seconds = tuple(seconds for seconds in found if not isinstance(seconds, str))
    return Background(folder, tuple(files), seconds, functools.partial(_read, channels=channels))


def sha256_of(path: Path, settings: Settings) -> str:
    """SHA-256 of the beginning of a recording, as in the columns `audio_sha256` and `background_sha256`.

    Parameters
    ----------
    path : Path
    settings : Settings
        Of the images: how much is read of a clip.

    Raises
    ------
    BadAudio
        If it cannot be read.
    """
    longest_s = settings.seconds * (1 if settings.long == "split" else LONGEST_BEGINNING)
    return _beginning(path, settings.sr, longest_s, settings.channels)


def _read(path: Path, sr: int, *, start_s: float, longest_s: float, channels: str) -> np.ndarray:
    """Read a part of a background recording as one channel; of silence, zeros."""
    return _load(path, sr, start_s, longest_s, "auto" if channels == "stereo" else channels).y


@functools.lru_cache(maxsize=4096)
def _beginning(path: Path, sr: int, longest_s: float, channels: str) -> str:
    """Kept, since a recording is mixed into many clips."""
    return _load(path, sr, 0.0, longest_s, channels).sha256


def _load(path: Path, sr: int, start_s: float, longest_s: float, channels: str) -> Loaded:
    read = functools.partial(load, path, sr, start_s=start_s, longest_s=longest_s)
    try:
        try:
            return read(channels=channels)
        except MissingChannel:  # which clips need, and backgrounds do not
            return read(channels="auto")
    except BadAudio as error:  # not a `BadFile`, since the clip's file is another one
        raise BadAudio(f"the background {path.name!r}: {error}") from None
