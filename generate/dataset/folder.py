"""The image folder: who may write into it, and what stands in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from generate.dataset import mp3
from generate.dataset import tables as manifest
from generate.dataset.file_names import FANNED, SUFFIX
from generate.runtime.lock import LOCK
from generate.runtime.os_compat import composed, is_of_the_system

TABLES = (manifest.METADATA, manifest.REJECTED, manifest.SETTINGS, manifest.JOURNAL)
PAGE = "index.html"
PIXEL_CACHE = ".pixels-"
"""How files of `train.data.disk_cache` begin, which hold what the images show."""
AUDIO_SUFFIX = ".mp3"
"""Of the sounds that stand beside some images: the format that every browser plays."""
TEMPORARY = re.compile(rf"(.+\.(png|mp3)|{'|'.join(map(re.escape, [*TABLES, PAGE]))})\.\d+\.tmp")
"""What a file is called that is not whole yet; see `whole_file`."""


def check_ours(images: Path) -> None:
    """Check that a folder is new, or was made by this program.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or holds something else.
    """
    if not images.exists():
        return
    if not images.is_dir():
        raise ValueError(f"{str(images)!r} is a file; give a folder for the images.")
    if (images / manifest.SETTINGS).exists():
        manifest.read_settings(images / manifest.SETTINGS)
        return
    foreign = sorted(
        name
        for name in os.listdir(images)
        if name != LOCK and not TEMPORARY.fullmatch(name) and not is_of_the_system(name)
    )
    if foreign:
        raise ValueError(
            f"{str(images)!r} holds {foreign[0]!r} and no {manifest.SETTINGS}, so this program did not make it; give "
            "another OUTPUT."
        )


def check_finished(images: Path) -> None:
    """Check that a folder holds images that this program made; nothing is written.

    Parameters
    ----------
    images : Path

    Raises
    ------
    FileNotFoundError
        If it lacks a table of a finished run.
    """
    for name in (manifest.SETTINGS, manifest.METADATA):
        if not (images / name).is_file():
            raise FileNotFoundError(
                f"The folder {str(images)!r} holds no {name}; give a folder of images. To make one: "
                "python -m generate AUDIO_FOLDER"
            )


def check_settings(images: Path, wanted: Mapping[str, object]) -> None:
    """Check that a folder is new, or was made with the same settings.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    wanted : Mapping
        What `settings.json` would hold.

    Raises
    ------
    ValueError
        If the folder holds something else, or images of other settings; both are named.
    """
    check_ours(images)
    if not (images / manifest.SETTINGS).exists():
        return
    there = manifest.read_settings(images / manifest.SETTINGS)
    collections = [dict(side.get("collection", {})) for side in (there, wanted)]
    for name in ("layout", "subset", "labels", "source_pattern", "name_pattern", "source_column"):
        before, now = (collection.get(name, "") for collection in collections)
        if before != now:
            raise ValueError(
                f"{str(images)!r} holds images of a collection that was read in another way: {name} is {before!r} "
                f"there and {now!r} here. Give the same, another OUTPUT, or replace the images with --overwrite."
            )
    before, now = (bool(side.get("fan_out", False)) for side in (there, wanted))
    if before != now:
        ways = {True: "in folders of two digits below each class (--fan-out)", False: "straight in the class folders"}
        raise ValueError(
            f"{str(images)!r} holds its images {ways[before]}, and this run would put them {ways[now]}. Give the "
            "same, another OUTPUT, or replace the images with --overwrite."
        )
    if there["fingerprint"] != wanted["fingerprint"]:
        raise ValueError(
            f"{str(images)!r} holds images of other settings: {_differences(there, wanted)}. Give another OUTPUT, "
            "the same settings, or replace the images with --overwrite."
        )


def _differences(there: Mapping, wanted: Mapping) -> str:
    """Both sides of every setting that is not the same."""
    before = {**there["settings"], "engine": there.get("engine")}
    now = {**wanted["settings"], "engine": wanted.get("engine")}
    pairs = [
        f"{name} is {before.get(name)} there and {now.get(name)} here"
        for name in now
        if name not in ("variants", "class_variants") and before.get(name) != now.get(name)
    ]
    return "; ".join(pairs) or "they were rendered by another version of this program or of a variants file"


def list_images(images: Path) -> frozenset[str]:
    """All PNG files of the classes, by their names in the folder; empty ones, of a power cut, do not count."""
    return frozenset(name for name, file in files_in(images) if name.endswith(SUFFIX) and _n_bytes(file))


def list_audio(images: Path) -> frozenset[str]:
    """All sounds that this program wrote beside images, by their names in the folder.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    """
    return frozenset(name for name, file in files_in(images) if name.endswith(AUDIO_SUFFIX) and mp3.is_ours(file.path))


def audio_of(image: str) -> str:
    """Name of the sound of an image, by the image's name."""
    return image.removesuffix(SUFFIX) + AUDIO_SUFFIX


def named_images(images: Path) -> frozenset[str]:
    """The images that the tables of a folder name; none where those cannot be read (`--overwrite` fixes that)."""
    try:
        return frozenset(known_images(images)["file_name"])
    except (ValueError, OSError):
        return frozenset()


def known_images(images: Path) -> pd.DataFrame:
    """Rows of the images that were noted, by a finished run or by one that was stopped.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.

    Returns
    -------
    pandas.DataFrame
        Columns `manifest.COLUMNS`; where an image has two rows, the last one holds.
    """
    tables = []
    if (images / manifest.METADATA).exists():
        tables.append(manifest.read_metadata(images / manifest.METADATA))
    if (images / manifest.JOURNAL).exists():
        tables.append(manifest.read_journal(images / manifest.JOURNAL))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(manifest.COLUMNS))


def files_in(images: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What lies in the class folders and in those that `--fan-out` makes in them, with its name in the folder."""
    # All names that this program writes are composed; some disks of macOS give them back decomposed.
    classes = _folders(images) if images.is_dir() else []
    for a_class in classes:
        with os.scandir(a_class.path) as files:
            for file in files:
                if FANNED.fullmatch(file.name) and file.is_dir():
                    with os.scandir(file.path) as fanned:
                        yield from ((composed(f"{a_class.name}/{file.name}/{entry.name}"), entry) for entry in fanned)
                else:
                    yield composed(f"{a_class.name}/{file.name}"), file


def _folders(images: Path) -> list[os.DirEntry[str]]:
    with os.scandir(images) as entries:
        return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _n_bytes(file: os.DirEntry[str]) -> int:
    """Size of a file; 0 of a link that leads nowhere and of a folder, neither of which is an image."""
    try:
        return file.stat().st_size if file.is_file() else 0
    except OSError:
        return 0
