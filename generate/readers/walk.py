"""Find the sounds in a folder, and count what is skipped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from generate.audio import AUDIO_SUFFIXES

OF_THE_SYSTEM = frozenset({"__MACOSX", "System Volume Information", "$RECYCLE.BIN"})
"""Folders that macOS puts into zip files, whose files are named as if they were sounds, and Windows on every disk."""


def find_audio_files(folder: Path) -> tuple[list[str], Counter]:
    """List all sounds at any depth; links are followed, a loop of links once.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    paths : list of str
        Relative to the folder, with `/`, sorted. Links to sounds that are gone are in it, so that they are rejected by
        name and not skipped.
    skipped : collections.Counter
        Hidden files and folders, and other files by their ending.
    """
    paths: list[str] = []
    skipped: Counter = Counter()
    seen: set[str] = set()
    # Links are followed after all else, so that a folder is listed under its own name where it has one here.
    waiting, links = [(os.fspath(folder), "")], []
    while waiting or links:
        place, prefix = waiting.pop() if waiting else links.pop(0)
        target = os.path.realpath(place)
        if target in seen:
            skipped["links to folders that are listed already"] += 1
            continue
        seen.add(target)
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            suffix = os.path.splitext(entry.name)[1].lower()
            if entry.name.startswith(".") or entry.name in OF_THE_SYSTEM:
                skipped["hidden"] += 1
            elif _is_folder(entry):
                (links if entry.is_symlink() else waiting).append((entry.path, f"{prefix}{entry.name}/"))
            elif not _is_file(entry):
                skipped["pipes and devices"] += 1
            elif suffix in AUDIO_SUFFIXES:
                paths.append(prefix + entry.name)
            else:
                skipped[suffix or "no ending"] += 1
    return sorted(paths), skipped


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    # What is no link is told by the listing itself: a question to the disk for each of a million files takes a while.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, a link to one, or a link that leads nowhere; no pipe, no device."""
    if entry.is_symlink():
        return os.path.isfile(entry.path) or not os.path.exists(entry.path)
    return entry.is_file(follow_symlinks=False)


def folder_of_most(folder: Path, places: Sequence[str], names: Iterable[str]) -> str:
    """In which of some folders most of the files lie that a published table names.

    Parameters
    ----------
    folder : Path
        The sound folder.
    places : sequence of str
        Folders in it, relative; the first is the one of the published archive.
    names : iterable of str
        Relative to these.

    Returns
    -------
    str
        To put before a name; ends with `/` where it is not empty. With no file anywhere: the first of the places.
    """
    names = list(names)
    prefixes = [f"{place}/" if place else "" for place in places]
    found = [sum(os.path.isfile(folder / f"{prefix}{name}") for name in names) for prefix in prefixes]
    return prefixes[found.index(max(found))]


def not_named(folder: Path, named: Set[str]) -> Counter:
    """Audio files that a published table does not name, such as copies at another sample rate, for `skipped`.

    Parameters
    ----------
    folder : Path
        The sound folder.
    named : set of str
        Paths, relative to it.
    """
    others = [path for path in find_audio_files(folder)[0] if path not in named]
    return Counter({f"audio files that the table does not name, such as {others[0]}": len(others)} if others else {})
