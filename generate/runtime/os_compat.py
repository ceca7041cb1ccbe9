"""Differences between Windows, macOS and Linux: file names, renaming, paths, the command line."""

from __future__ import annotations

import glob
import os
import shlex
import subprocess
import sys
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

IS_WINDOWS = os.name == "nt"
RENAME_TIMEOUT_S = 5.0
"""Virus scanners, indexers and cloud clients keep a file open for at most this long."""
MAX_WINDOWS_PATH = 259
"""Characters, unless long paths are enabled. See Microsoft, "Maximum Path Length Limitation"."""
SYSTEM_FILES = frozenset({".DS_Store", "desktop.ini", "Thumbs.db"})
"""What Finder and Explorer write into folders that they show."""
LONG_PATHS = r"SYSTEM\CurrentControlSet\Control\FileSystem"
"""The registry key that tells whether long paths are enabled."""


def not_installed_message(error: ModuleNotFoundError) -> str:
    """The message for a missing package: mostly the environment exists and is not active.

    Parameters
    ----------
    error : ModuleNotFoundError
    """
    activate = r".venv\Scripts\activate" if IS_WINDOWS else "source .venv/bin/activate (made by: make setup)"
    return f"{error.name} is not installed for this Python. Activate the environment first: {activate}"


def quoted(argument: str | Path) -> str:
    """An argument of a command, quoted for this system's shell.

    Parameters
    ----------
    argument : str or Path
    """
    text = str(argument)
    return subprocess.list2cmdline([text]) if IS_WINDOWS else shlex.quote(text)


def relative_posix(path: Path, start: Path) -> str:
    """A path relative to a folder, with `/`; absolute where the two are on different drives of Windows.

    Parameters
    ----------
    path, start : Path
        Both absolute.
    """
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return path.as_posix()


def relative_to_page(path: Path, folder: Path) -> str:
    """A path relative to the folder of a page, as browsers follow it: they shorten `..` before they follow any link.

    Parameters
    ----------
    path : Path
    folder : Path
        Of the page, as it will be opened.

    Returns
    -------
    str
        With `/`; absolute where the two are on different drives of Windows.
    """
    opened, real = Path(os.path.normpath(folder.absolute())), path.resolve()
    place = relative_posix(real, folder.resolve())
    # The way between the real folders can be moved with both, and names none above them.
    return place if Path(os.path.normpath(opened / place)).resolve() == real else relative_posix(real, opened)


def nfc(text: str) -> str:
    """The text in Unicode normalization form C: one code point for `ä`, where macOS writes `a` and a combining mark.

    Parameters
    ----------
    text : str
    """
    return unicodedata.normalize("NFC", text)


def replace_file(source: Path, target: Path) -> None:
    """`os.replace`, atomically; on Windows it is tried again while another program has one of the files open.

    Parameters
    ----------
    source, target : Path
        On the same file system.
    """
    end = time.monotonic() + RENAME_TIMEOUT_S
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


def expand_wildcards(paths: Sequence[Path]) -> list[Path]:
    """Expand `*` and `?`, which the shell of Windows leaves to the program.

    Parameters
    ----------
    paths : sequence of Path
        A path that exists, or that matches no file, stays as it is.
    """
    found: list[Path] = []
    for path in paths:
        is_pattern = glob.has_magic(str(path)) and not os.path.lexists(path)
        found += [Path(name) for name in sorted(glob.glob(str(path)))] or [path] if is_pattern else [path]
    return found


def max_path_length() -> int | None:
    """Characters that a path may have on this system; None where there is no limit in practice."""
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, LONG_PATHS) as key:
            is_on = bool(winreg.QueryValueEx(key, "LongPathsEnabled")[0])
    except OSError:
        is_on = False
    return None if is_on else MAX_WINDOWS_PATH


def is_system_file(name: str) -> bool:
    """Whether a file is one that Finder or Explorer writes into folders that they show.

    Parameters
    ----------
    name : str
        Of the file.
    """
    return name.startswith("._") or name in SYSTEM_FILES


def has_content(folder: Path) -> bool:
    """Whether a folder holds anything but files of the system.

    Parameters
    ----------
    folder : Path
    """
    return any(not is_system_file(name) for name in os.listdir(folder))


def remove_empty_folder(folder: Path) -> None:
    """Remove a folder that holds nothing but files of the system.

    Parameters
    ----------
    folder : Path
        For which `has_content` is false.
    """
    for name in os.listdir(folder):
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
