"""Check an output folder of an option: new, or one that the same command wrote before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from generate.runtime.json_check import read_json
from generate.runtime.os_compat import is_system_file


def check_output_folder(folder: Path, option: str, *, marker: str, is_own: Callable[[str], object]) -> None:
    """Check that a folder may be written into, before any work.

    Parameters
    ----------
    folder : Path
        As the user gave it; need not exist.
    option : str
        Such as `--output`.
    marker : str
        A file, relative to the folder, that is there once the command has written into it.
    is_own : callable
        `is_own(name)`, whether a name in the folder is one that an interrupted command leaves before the marker.

    Raises
    ------
    ValueError
        If it is a file or a broken link, or holds other files and no marker; the message names the first of them.

    Examples
    --------
    >>> check_output_folder(Path("new"), "--output", marker="table.csv", is_own={".lock"}.__contains__)
    """
    if not os.path.lexists(folder):
        return
    check_is_folder(folder, option)
    if (folder / marker).is_file():
        return
    foreign = sorted(name for name in os.listdir(folder) if not is_own(name) and not is_system_file(name))
    if foreign:
        raise ValueError(
            f"{option} must be a new folder, or one that this command wrote before. Got {str(folder)!r}, which holds "
            f"{foreign[0]!r} and no {marker}. Give another one."
        )


def check_nothing_lost(folder: Path, option: str, names: Iterable[str], *, manifest: str) -> None:
    """Check that a command would replace its own files alone, in a folder that may hold others.

    Parameters
    ----------
    folder, option
        See `check_output_folder`.
    names : iterable of str
        What would be replaced, relative to the folder.
    manifest : str
        The file that names what the command wrote; see `files_listed`.

    Raises
    ------
    ValueError
        If the folder is a file or a broken link, or holds one of these names that is not in the manifest.
    """
    if not os.path.lexists(folder):
        return
    check_is_folder(folder, option)
    own = files_listed(folder / manifest)
    foreign = [name for name in names if os.path.lexists(folder / name) and name not in own]
    if foreign:
        raise ValueError(
            f"{option} must be a new folder, or one that this command wrote before. Got {str(folder)!r}, whose "
            f"{foreign[0]!r} it did not write, and which would be lost. Give another one."
        )


def check_is_folder(folder: Path, option: str) -> None:
    """Check that what is there is a folder.

    Parameters
    ----------
    folder, option
        See `check_output_folder`.

    Raises
    ------
    ValueError
    """
    if not folder.is_dir():
        raise ValueError(
            f"{option} must be a folder. Got {str(folder)!r}, which is a file or a broken link. Give another one."
        )


def files_listed(manifest: Path) -> frozenset[str]:
    """The texts under `files` in a JSON file; none where there is no such file.

    Parameters
    ----------
    manifest : Path
    """
    try:
        content = read_json(manifest)
    except (OSError, ValueError):
        return frozenset()
    files = content.get("files") if isinstance(content, dict) else None
    return frozenset(name for name in files if isinstance(name, str)) if isinstance(files, list) else frozenset()
