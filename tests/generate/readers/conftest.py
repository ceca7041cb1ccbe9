"""Small collections on the disk, and listings in any order."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest
import soundfile

from tests.conftest import SR, tone


def write_audio(folder: Path, *paths: str) -> None:
    """Write a twentieth of a second of a tone to each path, in the format of its ending."""
    for number, path in enumerate(paths):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / path, tone(300 + 50 * number, seconds=0.05), SR)


def touch(folder: Path, *paths: str) -> None:
    """Make empty files; readers do not open sounds."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


class Listing:
    """What `os.scandir` gives, in another order."""

    def __init__(self, entries):
        self.entries = entries

    def __iter__(self):
        return iter(self.entries)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def close(self):
        pass


@pytest.fixture
def forbid(monkeypatch):
    """`forbid(name)`: from then on folders of this name may not be listed, which root always may."""
    scandir, listdir = os.scandir, os.listdir

    def forbid_name(name: str) -> None:
        def listed_by(real):
            def listing(path="."):
                if os.path.basename(os.fspath(path)) == name:
                    raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
                return real(path)

            return listing

        monkeypatch.setattr(os, "scandir", listed_by(scandir))
        monkeypatch.setattr(os, "listdir", listed_by(listdir))

    return forbid_name


@pytest.fixture
def list_in_order(monkeypatch):
    """`list_in_order(seed)`: from then on the system lists folders in another order, a different one a seed."""
    scandir, listdir = os.scandir, os.listdir

    def reorder(entries: list, name, seed: int) -> list:
        entries.sort(key=name)  # whatever order this machine's disk has
        if seed < 2:
            return entries[:: -1 if seed else 1]
        random.Random(seed).shuffle(entries)
        return entries

    def set_order(seed: int) -> None:
        monkeypatch.setattr(
            os, "scandir", lambda path=".": Listing(reorder(list(scandir(path)), lambda entry: entry.name, seed))
        )
        monkeypatch.setattr(os, "listdir", lambda path=".": reorder(list(listdir(path)), str, seed))

    return set_order
