"""Find the audio files in a folder, and count what is skipped."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from generate.audio import AUDIO_SUFFIXES

SYSTEM_FOLDERS = frozenset({"__MACOSX", "System Volume Information", "$RECYCLE.BIN", "lost+found"})
"""Folders that macOS adds to zip files, with files that have audio suffixes, and that Windows and Linux have on every
disk."""


def find_audio_files(folder: Path) -> tuple[list[str], Counter]:
    """List all audio files at any depth; links are followed, a loop of links once.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    paths : list of str
        Relative to the folder, with `/`, sorted. Broken links are included, so that they are rejected by name and not
        skipped.
    skipped : collections.Counter
        Hidden files and folders, and other files by their suffix.

    Raises
    ------
    ValueError
        If a folder may not be read: what is in it would be missing without a word.
    """
    paths: list[str] = []
    skipped: Counter = Counter()
    seen: set[str] = set()
    # Links are followed last, so that a folder inside this one is listed under its own name.
    waiting = [(os.fspath(folder), "")]
    links: list[tuple[str, str]] = []
    while waiting or links:
        place, prefix = waiting.pop() if waiting else links.pop(0)
        target = os.path.realpath(place)
        if target in seen:
            skipped["links to folders that are listed already"] += 1
            continue
        seen.add(target)
        for entry in _entries(place):
            suffix = os.path.splitext(entry.name)[1].lower()
            if entry.name.startswith(".") or entry.name in SYSTEM_FOLDERS:
                skipped["hidden"] += 1
            elif _is_folder(entry):
                (links if entry.is_symlink() else waiting).append((entry.path, f"{prefix}{entry.name}/"))
            elif not _is_file(entry):
                skipped["pipes and devices"] += 1
            elif suffix in AUDIO_SUFFIXES:
                paths.append(prefix + entry.name)
            else:
                skipped[suffix or "no suffix"] += 1
    return sorted(paths), skipped


def _entries(place: str) -> list[os.DirEntry[str]]:
    """What is in a folder, by name."""
    try:
        with os.scandir(place) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except PermissionError as error:
        raise unreadable(error) from None


def unreadable(error: OSError) -> ValueError:
    """The error of a folder that may not be read, with what to do.

    Parameters
    ----------
    error : OSError
        Of listing it.
    """
    return ValueError(
        f"A folder must be readable. Got {error.filename!r}, which you may not read. Change its permissions, or move "
        "it elsewhere."
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    # The listing itself tells the type of what is not a link; a `stat` of each of a million files is slow.
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, a link to one, or a broken link, but not a pipe or a device."""
    if entry.is_symlink():
        return os.path.isfile(entry.path) or not os.path.exists(entry.path)
    return entry.is_file(follow_symlinks=False)


def folder_of_most(folder: Path, places: Sequence[str], names: Iterable[str]) -> str:
    """The folder that holds most of the files that a published table names.

    Parameters
    ----------
    folder : Path
        The audio folder.
    places : sequence of str
        Candidates, relative to it; the first is the folder of the published archive.
    names : iterable of str
        Files, relative to the candidates.

    Returns
    -------
    str
        Prefix of a name; ends with `/` unless empty. Without any file: the first candidate.
    """
    names = list(names)
    prefixes = [f"{place}/" if place else "" for place in places]
    found = [sum(os.path.isfile(folder / f"{prefix}{name}") for name in names) for prefix in prefixes]
    return prefixes[found.index(max(found))]


def not_named(folder: Path, named: Set[str]) -> Counter:
    """Count audio files that a published table does not name, such as copies at another sample rate, for `skipped`.

    Parameters
    ----------
    folder : Path
        The audio folder.
    named : set of str
        Paths, relative to it.
    """
    others = [path for path in find_audio_files(folder)[0] if path not in named]
    return Counter({f"audio files that the table does not name, such as {others[0]}": len(others)} if others else {})
