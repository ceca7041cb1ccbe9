"""Find the sounds in a folder, and count what is passed over."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from generate.audio import AUDIO_SUFFIXES, UNDECODED_SUFFIXES

ARCHIVE_LEFTOVERS = frozenset({"__MACOSX"})
"""Folders that macOS puts into zip files; they hold no sounds, though their files are named as if."""


def find_sounds(folder: Path) -> tuple[list[str], Counter]:
    """List all sounds at any depth; links are followed, a loop of links once.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    paths : list of str
        Relative to the folder, with `/`, sorted. Sounds of kinds that cannot be decoded are in it, so that
        they are rejected by name and not passed over.
    passed_over : collections.Counter
        Hidden files and folders, and other files by their ending.
    """
    paths: list[str] = []
    passed_over: Counter = Counter()
    seen = {os.path.realpath(folder)}
    waiting = [(os.fspath(folder), "")]
    while waiting:
        real, prefix = waiting.pop()
        for entry in os.scandir(real):
            suffix = os.path.splitext(entry.name)[1].lower()
            if entry.name.startswith(".") or entry.name in ARCHIVE_LEFTOVERS:
                passed_over["hidden"] += 1
            elif entry.is_dir():
                target = os.path.realpath(entry.path)
                if target in seen:
                    passed_over["folders seen before"] += 1
                else:
                    seen.add(target)
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
            elif suffix in AUDIO_SUFFIXES or suffix in UNDECODED_SUFFIXES:
                paths.append(prefix + entry.name)
            else:
                passed_over[suffix or "no ending"] += 1
    return sorted(paths), passed_over
