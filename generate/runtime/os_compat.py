"""What Windows, macOS and Linux do each in its own way."""

from __future__ import annotations

import glob
import os
import re
import shlex
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

IS_WINDOWS = os.name == "nt"
PATIENCE_S = 5.0
"""Virus scanners, indexers and cloud folders hold a file for so long at most."""
LONGEST_WINDOWS_PATH = 259
"""Characters, unless long paths are turned on. See Microsoft, "Maximum Path Length Limitation"."""
LEFT_BEHIND = frozenset({".DS_Store", "desktop.ini", "Thumbs.db"})
"""What Finder and Explorer put into folders that were looked at."""
_COMMANDING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters of ASCII and Latin-1 but for tab and line end, other line ends, and what turns the direction of
writing (Unicode Standard Annex 9)."""
LONG_PATHS = r"SYSTEM\CurrentControlSet\Control\FileSystem"
"""Where the registry says whether they are."""


def not_installed(error: ModuleNotFoundError) -> str:
    """What to do where a package is missing: mostly the environment is there and was not entered.

    Parameters
    ----------
    error : ModuleNotFoundError
    """
    activate = r".venv\Scripts\activate" if IS_WINDOWS else "source .venv/bin/activate (made by: make setup)"
    return f"{error.name} is not installed for this Python. Activate the environment first: {activate}"


def print_any_name() -> None:
    """Check that no name that is printed ends a run, or does anything to the terminal but be read.

    Letters that the terminal, or the file that is printed to, lacks are written as their numbers, and so are control
    characters: names come from files, and anybody may have written those.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        if stream is not None and not isinstance(stream, Harmless):
            setattr(sys, name, Harmless(stream))


def harmless(text: str) -> str:
    """Text in which every character that moves, colours or turns what a terminal shows is written as its number.

    Parameters
    ----------
    text : str
    """
    return _COMMANDING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class Harmless:
    """A stream that prints `harmless` text; all else is as it is.

    Parameters
    ----------
    stream : TextIO
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Print; a carriage return at either end stays, with which a progress bar begins and clears its line."""
        inner = text.strip("\r")
        before, _, after = text.partition(inner) if inner else (text, "", "")
        self._stream.write(before + harmless(inner) + after)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Print each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> object:
        """All else is the stream's."""
        return getattr(self._stream, name)


def quoted(argument: str | Path) -> str:
    """An argument of a command as this system's command line takes it.

    Parameters
    ----------
    argument : str or Path
    """
    text = str(argument)
    return subprocess.list2cmdline([text]) if IS_WINDOWS else shlex.quote(text)


def relative(path: Path, start: Path) -> str:
    """A path as seen from a folder, with `/`; in full where the two are on different drives of Windows.

    Parameters
    ----------
    path, start : Path
        Both absolute.
    """
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return path.as_posix()


def composed(text: str) -> str:
    """The text with one code for each letter (Unicode NFC); macOS writes `ä` as `a` and two dots.

    Parameters
    ----------
    text : str
    """
    return unicodedata.normalize("NFC", text)


def move(source: Path, target: Path) -> None:
    """Rename in one step, over what is there; on Windows, wait while another program holds one of the two.

    Parameters
    ----------
    source, target : Path
        On one disk.
    """
    end = time.monotonic() + PATIENCE_S
    wait_s = 0.02
    while True:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if not IS_WINDOWS or time.monotonic() + wait_s > end:
                raise
        time.sleep(wait_s)
        wait_s *= 2


def expanded(paths: Sequence[Path]) -> list[Path]:
    """Put what `*` and `?` stand for in their place, which the command line of Windows leaves to the program.

    Parameters
    ----------
    paths : sequence of Path
        One that exists, or stands for nothing, stays as it is.
    """
    found: list[Path] = []
    for path in paths:
        is_pattern = glob.has_magic(str(path)) and not os.path.lexists(path)
        found += [Path(name) for name in sorted(glob.glob(str(path)))] or [path] if is_pattern else [path]
    return found


def longest_path() -> int | None:
    """Characters that a path may have on this system; None where none that is met has more."""
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, LONG_PATHS) as key:
            is_on = bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        is_on = False
    return None if is_on else LONGEST_WINDOWS_PATH


def is_of_the_system(name: str) -> bool:
    """Whether a file is one that Finder or Explorer leaves in folders that were looked at.

    Parameters
    ----------
    name : str
        Of the file.
    """
    return name.startswith("._") or name in LEFT_BEHIND


def holds_something(folder: Path) -> bool:
    """Whether anything is in a folder but what the system leaves there.

    Parameters
    ----------
    folder : Path
    """
    return any(not is_of_the_system(name) for name in os.listdir(folder))


def remove_empty(folder: Path) -> None:
    """Remove a folder that holds nothing, and what the system left there.

    Parameters
    ----------
    folder : Path
        Of which `holds_something` is false.
    """
    for name in os.listdir(folder):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
