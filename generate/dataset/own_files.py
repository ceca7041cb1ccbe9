"""Which files of an image folder are this program's, so that they may be written over or removed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path, PurePosixPath

from generate.dataset import mp3, png
from generate.dataset import tables as manifest
from generate.dataset.file_names import SUFFIX
from generate.dataset.folder import AUDIO_SUFFIX, PAGE, PIXEL_CACHE, TABLES, TEMPORARY, audio_of, files_in
from generate.runtime.lock import LOCK
from generate.runtime.os_compat import composed, holds_something, is_of_the_system, remove_empty

COUNTED = ".started/"
"""Where a run on a cluster counts the clips that its workers began; see `generate.rendering.cluster`."""
OWN_PIXEL_CACHE = re.compile(re.escape(PIXEL_CACHE) + r"[0-9a-f]{1,16}\.npy(\.\d+\.tmp|\.lock|\.holder)?")
"""What they are called, and what stands beside them while one is made."""


def remove_temporary(images: Path) -> None:
    """Remove what a run that was killed had not finished writing."""
    for name, file in files_in(images):
        if TEMPORARY.fullmatch(file.name) and not _is_behind_a_link(images, name):
            (images / name).unlink(missing_ok=True)
    for path in images.glob("*.tmp"):
        if TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def remove_cached_pixels(images: Path) -> None:
    """Remove what training made of images that are no longer those of the folder."""
    for path in images.glob(f"{PIXEL_CACHE}*"):
        if not OWN_PIXEL_CACHE.fullmatch(path.name):
            continue
        with suppress(PermissionError):  # on Windows, while it is trained from; nothing else will open it
            path.unlink(missing_ok=True)


def sort_out(images: Path, file_names: Iterable[str], known: Set[str]) -> tuple[list[str], list[str]]:
    """Tell the images that may be removed from those that are somebody else's.

    Parameters
    ----------
    images : Path
        The image folder.
    file_names : iterable of str
        As `list_images` gives them.
    known : set of str
        Images that a row of `metadata.csv` or of the journal names, or that this run was to draw.

    Returns
    -------
    own, foreign : list of str
        Own are those that are known, lie behind no link, and say themselves what they are called. A copy that the user
        put into another place is foreign.
    """
    own, foreign = [], []
    for name in sorted(file_names):
        is_own = name in known and not _is_behind_a_link(images, name) and png.is_named(images / name)
        (own if is_own else foreign).append(name)
    return own, foreign


def remove_images(images: Path, own: Iterable[str]) -> None:
    """Remove images, the sounds that this program wrote beside them, and the folders that this empties.

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
        sound = images / audio_of(name)
        if not sound.is_symlink() and mp3.is_ours(sound):
            sound.unlink(missing_ok=True)
    emptied = {parent for name in own for parent in PurePosixPath(name).parents[:-1]}
    for folder in sorted(emptied, reverse=True):  # the deeper ones first
        if (images / folder).is_dir() and not holds_something(images / folder):
            remove_empty(images / folder)


def foreign_files(images: Path, known: Set[str]) -> list[str]:
    """What lies in an image folder that this program did not put there; links to folders are not followed.

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
    for place, folders, files in os.walk(images):
        inside = composed(Path(place).relative_to(images).as_posix())
        prefix = "" if inside == "." else f"{inside}/"
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        found += [name for name in (prefix + composed(link) for link in links) if name not in linked]
        found += [prefix + composed(name) for name in files if not _is_own(images, prefix + composed(name), known)]
    return sorted(found)


def _is_own(images: Path, name: str, known: Set[str]) -> bool:
    """Whether a file is one that this program, or the system, puts into an image folder."""
    file = name.rpartition("/")[2]
    if is_of_the_system(file) or TEMPORARY.fullmatch(file) or name.startswith(COUNTED):
        return True
    if "/" not in name:
        return file in (LOCK, PAGE, *TABLES) or OWN_PIXEL_CACHE.fullmatch(file) is not None
    if name.endswith(AUDIO_SUFFIX):
        return name.removesuffix(AUDIO_SUFFIX) + SUFFIX in known and mp3.is_ours(images / name)
    return name in known


def _is_behind_a_link(images: Path, name: str) -> bool:
    """Whether an image, or a folder between it and the image folder, is a link."""
    return any((images / part).is_symlink() for part in (name, *PurePosixPath(name).parents[:-1]))


def clear(images: Path, own: Iterable[str]) -> None:
    """Remove what this program made in the folder (`--overwrite`), but for `settings.json`.

    That one says whose folder it is, and is replaced in one step afterwards.

    Parameters
    ----------
    images : Path
        The image folder.
    own : iterable of str
        Its images, as `sort_out` gives them.
    """
    # The tables go last: if this is cut short, they still say which images are this program's.
    remove_images(images, own)
    for name in (manifest.METADATA, manifest.JOURNAL, manifest.REJECTED, PAGE):
        (images / name).unlink(missing_ok=True)
