"""Which recordings a folder of images may make a command read: what a file names is no permission to open it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from generate.runtime.wording import shown


def is_in_project(path: Path) -> bool:
    """Whether a path lies in the current working directory, which is the project that the user works in.

    Links are followed first. A whole disk is no project.

    Parameters
    ----------
    path : Path
    """
    project = Path.cwd().resolve()
    return project.parent != project and path.resolve().is_relative_to(project)


def recordings_of(
    images: Path, described: Mapping[str, object], *, given: Path | None = None
) -> tuple[Path | None, str]:
    """The folder of the original recordings, if the user named it or it lies in the project.

    Parameters
    ----------
    images : Path
        The image folder.
    described : Mapping
        Of its `settings.json`, which anybody may have written.
    given : Path, optional
        What `--audio-folder` gave.

    Returns
    -------
    folder : Path or None
        None where nothing may be read.
    why_not : str
        What to do then, in one line; else empty.

    Raises
    ------
    FileNotFoundError
        If `given` is no folder.
    """
    if given is not None:
        if not given.is_dir():
            raise FileNotFoundError(
                f"--audio-folder must be the folder of the recordings. Got {str(given)!r}, which is none."
            )
        return given.resolve(), ""
    named = (described.get("collection") or {}).get("audio_folder", "")
    folder = Path(os.path.normpath(images.absolute() / named))
    if is_in_project(folder):
        return folder.resolve(), ""
    return None, (
        f"The recordings are in {shown(folder)!r} by settings.json; to read them: --audio-folder {shown(folder)!r}"
    )


def leads_out(sound: str, folder: Path, *, by_links: bool = True) -> bool:
    """Whether the path of a recording leads out of the folder that it is said to lie in.

    Parameters
    ----------
    sound : str
        As in the column `sound` of `metadata.csv`.
    folder : Path
        Of the recordings.
    by_links : bool
        Whether a link that leads out counts too.
    """
    if re.match(r"[/\\]|[A-Za-z]:", sound) or ".." in re.split(r"[/\\]", sound):
        return True
    return by_links and not (folder / sound).resolve().is_relative_to(folder.resolve())
