"""Which files of an image folder this program made, so that it may replace or remove them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path, PurePosixPath

from generate.dataset import clip_audio, png, tables
from generate.dataset.folder import PAGE, REVIEW, TABLES, TEMPORARY, files_in
from generate.runtime.lock import LOCK
from generate.runtime.os_compat import has_content, is_system_file, nfc, remove_empty_folder

COUNTED = ".started/"
"""Folder in which a run on a cluster counts the clips that its workers began; see `generate.rendering.cluster`."""
OWN_PIXEL_CACHE = re.compile(r"\.pixels-[0-9a-f]{1,16}\.npy(\.\d+\.tmp|\.lock|\.holder)?")
"""Names of cached pixels and of the files beside them while one is written."""


def remove_temporary(images: Path) -> None:
    """Remove temporary files of a run that was killed."""
    for name, file in files_in(images):
        if TEMPORARY.fullmatch(file.name) and not _is_behind_a_link(images, name):
            (images / name).unlink(missing_ok=True)
    for path in images.glob("*.tmp"):
        if TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def remove_old_audio(images: Path) -> None:
    """Remove audio files that are older than their image, which was rendered again: they may sound otherwise."""
    for name, file in files_in(images):
        if not name.endswith(clip_audio.FLAC) or _is_behind_a_link(images, name):
            continue
        image = images / clip_audio.image_beside(name)
        if image.is_file() and file.stat().st_mtime_ns < image.stat().st_mtime_ns and clip_audio.is_ours(file.path):
            (images / name).unlink(missing_ok=True)


def remove_cached_pixels(images: Path) -> None:
    """Remove cached pixels of images that have changed."""
    for path in images.glob(".*.npy*"):
        if not OWN_PIXEL_CACHE.fullmatch(path.name):
            continue
        with suppress(PermissionError):  # on Windows, while a training run reads it; no later one will
            path.unlink(missing_ok=True)


def sort_out(images: Path, file_names: Iterable[str], known: Set[str]) -> tuple[list[str], list[str]]:
    """Split images into those that may be removed and foreign ones.

    Parameters
    ----------
    images : Path
        The image folder.
    file_names : iterable of str
        As `list_images` gives them.
    known : set of str
        Images that a row of `metadata.csv` or of the journal names, or that this run was to render.

    Returns
    -------
    own, foreign : list of str
        Own are those that are known, lie behind no link, and whose PNG metadata agrees with their name. A copy that
        the user put elsewhere is foreign.
    """
    own: list[str] = []
    foreign: list[str] = []
    for name in sorted(file_names):
        is_own = name in known and not _is_behind_a_link(images, name) and png.is_named(images / name)
        (own if is_own else foreign).append(name)
    return own, foreign


def remove_images(images: Path, own: Iterable[str]) -> None:
    """Remove images, the audio files that this program wrote beside them, and the folders that this empties.

    Parameters
    ----------
    images : Path
        The image folder.
    own : iterable of str
        As `sort_out` gives them.
    """
    own = list(own)
    for name in own:
        (images / name).unlink(missing_ok=True)
        audio = images / clip_audio.audio_beside(name)
        if not audio.is_symlink() and clip_audio.is_ours(audio):
            audio.unlink(missing_ok=True)
    emptied = {parent for name in own for parent in PurePosixPath(name).parents[:-1]}
    for folder in sorted(emptied, reverse=True):  # the deeper ones first
        if (images / folder).is_dir() and not has_content(images / folder):
            remove_empty_folder(images / folder)


def foreign_files(images: Path, known: Set[str]) -> list[str]:
    """Files in an image folder that this program did not write; links to folders are not followed.

    Parameters
    ----------
    images : Path
        The image folder, which need not exist.
    known : set of str
        Its images; see `sort_out`.

    Returns
    -------
    list of str
        Relative to the folder, with `/`, sorted.
    """
    linked = {parent for name in known for parent in map(str, PurePosixPath(name).parents)}
    found = []
    place: str
    for place, folders, files in os.walk(images):
        inside = nfc(Path(place).relative_to(images).as_posix())
        prefix = "" if inside == "." else f"{inside}/"
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        found += [name for name in (prefix + nfc(link) for link in links) if name not in linked]
        found += [prefix + nfc(name) for name in files if not _is_own(images, prefix + nfc(name), known)]
    return sorted(found)


def _is_own(images: Path, name: str, known: Set[str]) -> bool:
    """Whether this program, or the system, writes such a file into an image folder."""
    file = name.rpartition("/")[2]
    if is_system_file(file) or TEMPORARY.fullmatch(file) or name.startswith(COUNTED):
        return True
    if "/" not in name:
        return file in (LOCK, PAGE, REVIEW, *TABLES) or OWN_PIXEL_CACHE.fullmatch(file) is not None
    if name.endswith(clip_audio.FLAC):
        return clip_audio.image_beside(name) in known and clip_audio.is_ours(images / name)
    return name in known


def _is_behind_a_link(images: Path, name: str) -> bool:
    """Whether an image, or a folder between it and the image folder, is a link."""
    return any((images / part).is_symlink() for part in (name, *map(str, PurePosixPath(name).parents[:-1])))


def clear(images: Path, own: Iterable[str]) -> None:
    """Remove what this program wrote into the folder (`--overwrite`), except `settings.json` and `reviewed.csv`.

    The first shows that this program made the folder, and is replaced atomically afterwards; the second is a person's
    work.

    Parameters
    ----------
    images : Path
        The image folder.
    own : iterable of str
        Its images, as `sort_out` gives them.
    """
    # The tables are removed last: if this is interrupted, they still name the images.
    remove_images(images, own)
    for name in (tables.METADATA, tables.JOURNAL, tables.REJECTED, PAGE, REVIEW):
        (images / name).unlink(missing_ok=True)
