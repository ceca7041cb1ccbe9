"""Which recordings a command may read for a folder of images: a file that names a path is no permission to open it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from generate.dataset.settings_file import SettingsFile
from generate.runtime.wording import shown


def is_in_project(path: Path) -> bool:
    """Whether a path lies in the current working directory, the project that the user works in.

    Links are followed first. The root of a disk is no project.

    Parameters
    ----------
    path : Path
    """
    project = Path.cwd().resolve()
    return project.parent != project and path.resolve().is_relative_to(project)


def recordings_of(images: Path, described: SettingsFile, *, given: Path | None = None) -> tuple[Path | None, str]:
    """The folder of the original recordings, if the user named it or it lies in the project.

    Parameters
    ----------
    images : Path
        The image folder.
    described : SettingsFile
        Its `settings.json`, which anybody may have written.
    given : Path, optional
        The option `--audio-folder`.

    Returns
    -------
    folder : Path or None
        None where no recording may be read.
    why_not : str
        What to do then, on one line; else empty.

    Raises
    ------
    FileNotFoundError
        If `given` is no folder.
    """
    if given is not None:
        if not given.is_dir():
            raise FileNotFoundError(
                f"--audio-folder must be the folder of the recordings. Got {str(given)!r}, which is not a folder."
            )
        return given.resolve(), ""
    named = described["collection"]["audio_folder"]
    folder = Path(os.path.normpath(images.resolve() / named))  # it is relative to where links lead
    if is_in_project(folder):
        return folder.resolve(), ""
    return None, (
        f"The recordings are in {shown(folder)!r} by settings.json; to read them: --audio-folder {shown(folder)!r}"
    )


def leads_out(audio_file: str, folder: Path, *, by_links: bool = True) -> bool:
    """Whether the path of a recording leads out of the audio folder.

    Parameters
    ----------
    audio_file : str
        As in the column `audio_file` of `metadata.csv`.
    folder : Path
        Of the recordings.
    by_links : bool
        Whether a link that leads out counts too.
    """
    if re.match(r"[/\\]|[A-Za-z]:", audio_file) or ".." in re.split(r"[/\\]", audio_file):
        return True
    return by_links and not (folder / audio_file).resolve().is_relative_to(folder.resolve())
