"""The image folder: which one a run may write into, and which files it holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from generate.dataset import clip_audio, tables
from generate.dataset.file_names import FANNED, SUFFIX
from generate.dataset.settings_file import SETTINGS, SettingsFile, is_multilabel, read_settings
from generate.runtime.lock import LOCK
from generate.runtime.os_compat import nfc
from generate.runtime.output_folder import check_output_folder

TABLES = (tables.METADATA, tables.REJECTED, tables.REVIEWED, SETTINGS, tables.JOURNAL)
PAGE, REVIEW = "index.html", "review.html"
PIXEL_CACHE = ".pixels-"
"""Prefix of the files of `train.data.disk_cache`, which hold the pixels of all images."""
TEMPORARY = re.compile(rf"(.+\.(png|flac)|{'|'.join(map(re.escape, [*TABLES, PAGE, REVIEW]))})\.\d+\.tmp")
"""What a file is called while it is written; see `generate.runtime.atomic_write`."""


def check_ours(images: Path) -> None:
    """Check that a folder is new, or was made by this program.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or a folder of something else.
    """
    check_output_folder(
        images, "OUTPUT", marker=SETTINGS, is_own=lambda name: name == LOCK or TEMPORARY.fullmatch(name)
    )
    if (images / SETTINGS).exists():
        read_settings(images / SETTINGS)


def audio_folder_of(images: Path) -> Path | None:
    """The audio folder that images were rendered from, which may be gone; None where the settings cannot be read."""
    try:
        named = read_settings(images / SETTINGS)["collection"]["audio_folder"]
    except (OSError, ValueError):
        return None
    return (images.resolve() / named).resolve()


def check_finished(images: Path) -> None:
    """Check that a folder holds the tables of a finished run.

    Parameters
    ----------
    images : Path

    Raises
    ------
    FileNotFoundError
        If it lacks one of them.
    """
    for name in (SETTINGS, tables.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(
                f"The folder {str(images)!r} holds no {name}. Give a folder of images; to make one: "
                "python -m generate AUDIO_FOLDER"
            )


def check_settings(images: Path, wanted: SettingsFile) -> None:
    """Check that a folder is new, or was made with the same settings.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    wanted : SettingsFile
        What `settings.json` would hold.

    Raises
    ------
    ValueError
        If the folder holds something else, or images of other settings; the differences are named.
    """
    check_ours(images)
    if not (images / SETTINGS).exists():
        return
    there = read_settings(images / SETTINGS)
    collections: list[dict[str, object]] = [{**side["collection"]} for side in (there, wanted)]
    for name in ("layout", "subset", "labels", "source_pattern", "name_pattern", "source_column"):
        before, now = (collection[name] for collection in collections)
        if before != now:
            raise ValueError(
                f"{str(images)!r} holds images of a collection that was read in another way: {name} is {before!r} "
                f"there and {now!r} here. Give the same, another OUTPUT, or replace the images with --overwrite."
            )
    several = [is_multilabel(side) for side in (there, wanted)]
    if several[0] != several[1]:
        raise ValueError(
            f"{str(images)!r} holds images with {'several labels' if several[0] else 'one label'} each, and this run "
            f"would give them {'several' if several[1] else 'one'}. Give another OUTPUT, or replace the images with "
            "--overwrite."
        )
    was_fanned, is_fanned = (side["fan_out"] for side in (there, wanted))
    if was_fanned != is_fanned:
        places = {True: "in folders of two digits below each class (--fan-out)", False: "directly in the class folders"}
        raise ValueError(
            f"{str(images)!r} holds its images {places[was_fanned]}, and this run would write them "
            f"{places[is_fanned]}. Give the same option, another OUTPUT, or replace the images with --overwrite."
        )
    if there["fingerprint"] != wanted["fingerprint"]:
        raise ValueError(
            f"{str(images)!r} holds images of other settings: {_differences(there, wanted)}. Give another OUTPUT, "
            "the same settings, or replace the images with --overwrite."
        )


def applied_review(images: Path) -> bytes:
    """The content of `reviewed.csv`; empty where no review was applied.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    """
    path = images / tables.REVIEWED
    return path.read_bytes() if path.is_file() else b""


def check_review(images: Path, before: bytes) -> None:
    """Check that no other run has applied a review since this one was prepared, which it would replace.

    Parameters
    ----------
    images : Path
    before : bytes
        What `applied_review` gave then.

    Raises
    ------
    ValueError
        If the review in the folder is another one.
    """
    if applied_review(images) != before:
        raise ValueError(
            f"The review in {str(images)!r} ({tables.REVIEWED}) must not change while a run is prepared. Got another "
            "one, which another run has applied meanwhile. Run it again."
        )


def _differences(there: SettingsFile, wanted: SettingsFile) -> str:
    """Both values of every setting that differs."""
    before, now = ({**side["settings"], "engine": side["engine"]} for side in (there, wanted))
    pairs = [
        f"{name} is {before.get(name)} there and {now.get(name)} here"
        for name in now
        if name not in ("variants", "class_variants") and before.get(name) != now.get(name)
    ]
    return "; ".join(pairs) or "they were rendered by another version of this program or of a variants file"


def list_images(images: Path) -> frozenset[str]:
    """All PNG files of the classes, relative to the folder, without empty ones that a power cut left."""
    return frozenset(name for name, file in files_in(images) if name.endswith(SUFFIX) and _n_bytes(file))


def list_audio(images: Path) -> frozenset[str]:
    """All audio files that this program wrote beside images, relative to the folder.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    """
    return frozenset(
        name for name, file in files_in(images) if name.endswith(clip_audio.FLAC) and clip_audio.is_ours(file.path)
    )


def named_images(images: Path) -> frozenset[str]:
    """Names of `known_images`; none where the tables cannot be read (`--overwrite` replaces them)."""
    try:
        return frozenset(known_images(images)["file_name"])
    except (ValueError, OSError):
        return frozenset()


def known_images(images: Path) -> pd.DataFrame:
    """Rows of all images in `metadata.csv`, and in the journal of a run that was stopped.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.

    Returns
    -------
    pandas.DataFrame
        Columns `tables.COLUMNS`; where an image has two rows, the last one is valid.
    """
    found = []
    if (images / tables.METADATA).exists():
        found.append(tables.read_metadata(images / tables.METADATA))
    if (images / tables.JOURNAL).exists():
        found.append(tables.read_journal(images / tables.JOURNAL))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(tables.COLUMNS))


def files_in(images: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files in the class folders and in the folders of `--fan-out`, with their names relative to the image folder."""
    # All names that this program writes are NFC; some file systems of macOS return them decomposed.
    classes = _folders(images) if images.is_dir() else []
    for a_class in classes:
        with os.scandir(a_class.path) as files:
            for file in files:
                if FANNED.fullmatch(file.name) and file.is_dir():
                    with os.scandir(file.path) as fanned:
                        yield from ((nfc(f"{a_class.name}/{file.name}/{entry.name}"), entry) for entry in fanned)
                else:
                    yield nfc(f"{a_class.name}/{file.name}"), file


def respell_folders(images: Path, file_names: Iterable[str]) -> None:
    """Spell class folders as the names of images do: where a system ignores case, that of `dog` is that of `Dog` too.

    Parameters
    ----------
    images : Path
        The image folder.
    file_names : iterable of str
        The images that it will hold, relative to it.
    """
    there = {nfc(entry.name).casefold(): entry.name for entry in _folders(images)}
    for name in {file_name.partition("/")[0] for file_name in file_names}:
        old = there.get(name.casefold(), name)
        if nfc(old) != name and (images / name).exists() and os.path.samefile(images / old, images / name):
            os.rename(images / old, images / name)


def _folders(images: Path) -> list[os.DirEntry[str]]:
    with os.scandir(images) as entries:
        return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _n_bytes(file: os.DirEntry[str]) -> int:
    """Size of a file; 0 for a broken link and for a folder."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0
