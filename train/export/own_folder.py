"""The folder of an export: only its own files are replaced, and all of them at once."""

from __future__ import annotations

import shutil
from pathlib import Path

from generate.runtime.os_compat import is_system_file
from generate.runtime.output_folder import check_nothing_lost

MANIFEST = "export.json"


def check_folder(folder: Path) -> None:
    """Check that a folder is new, or holds an earlier export and nothing else.

    Raises
    ------
    ValueError
        If it is a file or a link, or holds other files; the message names the first of them.
    """
    if folder.is_symlink():
        raise ValueError(f"--output must be a folder. Got {str(folder)!r}, which is a link. Give another name.")
    check_nothing_lost(folder, "--output", files_in(folder), manifest=MANIFEST)


def files_in(folder: Path) -> list[str]:
    """Paths of all files in a folder, relative to it, with slashes; without those that systems leave there."""
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in found if not is_system_file(path.name))


def move_into_place(made: Path, folder: Path) -> None:
    """Put a folder that was made beside it in the place of an earlier export.

    Parameters
    ----------
    made : Path
        On the same disk.
    folder : Path
        Checked by `check_folder`.
    """
    check_folder(folder)
    if folder.exists():
        shutil.rmtree(folder)
    made.replace(folder)


def size_bytes(path: Path) -> int:
    """Of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [path / name for name in files_in(path)]
    return sum(file.stat().st_size for file in files)
