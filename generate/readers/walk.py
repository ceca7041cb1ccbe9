"""Find the sounds in a folder, and count what is passed over."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from generate.audio import AUDIO_SUFFIXES

OF_THE_SYSTEM = frozenset({"__MACOSX", "System Volume Information", "$RECYCLE.BIN"})
"""Folders that macOS puts into zip files, whose files are named as if they were sounds, and Windows on every disk."""


def find_sounds(folder: Path) -> tuple[list[str], Counter]:
    """List all sounds at any depth; links are followed, a loop of links once.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    paths : list of str
        Relative to the folder, with `/`, sorted. Links to sounds that are gone are in it, so that they are rejected by
        name and not skipped.
    passed_over : collections.Counter
        Hidden files and folders, and other files by their ending.
    """
    paths: list[str] = []
    passed_over: Counter = Counter()
    seen: set[str] = set()
    # Links are followed after all else, so that a folder is listed under its own name where it has one here.
    waiting, links = [(os.fspath(folder), "")], []
    while waiting or links:
        place, prefix = waiting.pop() if waiting else links.pop(0)
        target = os.path.realpath(place)
        if target in seen:
            passed_over["links to folders that are listed already"] += 1
            continue
        seen.add(target)
        for entry in sorted(os.scandir(place), key=lambda entry: entry.name):
            suffix = os.path.splitext(entry.name)[1].lower()
            if entry.name.startswith(".") or entry.name in OF_THE_SYSTEM:
                passed_over["hidden"] += 1
            elif os.path.isdir(entry.path):
                (links if entry.is_symlink() else waiting).append((entry.path, f"{prefix}{entry.name}/"))
            elif os.path.exists(entry.path) and not os.path.isfile(entry.path):
                passed_over["pipes and devices"] += 1
            elif suffix in AUDIO_SUFFIXES:
                paths.append(prefix + entry.name)
            else:
                passed_over[suffix or "no ending"] += 1
    return sorted(paths), passed_over
