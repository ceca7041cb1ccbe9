"""What a page plays: the recording itself, or a compressed copy of one that browsers do not play."""

from __future__ import annotations

from pathlib import Path

import soundfile

from generate.dataset import mp3
from generate.gallery.fill_page import address
from generate.gallery.page_data import PLAYED
from generate.runtime.os_compat import relative_to_page

COPY, STRIPS = "audio.mp3", ".strips"
"""Name of the copy of a recording, and the ending of the folder that it shares with the strips."""
WAV = ("WAV", "WAVEX", "RF64")
PLAYED_WAV = frozenset(("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "ULAW", "ALAW"))
HIGHEST_SR = 192_000
"""In hertz; above, not every browser plays a file."""


def is_played(path: Path) -> bool:
    """Whether browsers play a recording from any second of it.

    MP3 files are not: with a variable bit rate Chromium begins seconds beside the place
    (see `generate.dataset.mp3.long_writer`).

    Parameters
    ----------
    path : Path
    """
    suffix = path.suffix.lower()
    if suffix not in PLAYED or suffix == ".mp3":
        return False
    try:
        with path.open("rb") as file:  # by its name, libsndfile opens only those that are UTF-8
            info = soundfile.info(file)
    except (soundfile.LibsndfileError, OSError):
        return False
    is_known = info.format in ("FLAC", "OGG") or (info.format in WAV and info.subtype in PLAYED_WAV)
    return is_known and info.samplerate <= HIGHEST_SR


def is_copy(path: Path) -> bool:
    """Whether a file is the copy of a recording that a page plays, and no recording."""
    return path.name == COPY and path.parent.suffix == STRIPS and mp3.is_ours(path)


def address_of(recording: Path, folder: Path) -> str:
    """The address of a recording in a page of that folder; relative, so that both can be moved together."""
    place = relative_to_page(recording, folder)
    # There is no relative path to another drive of Windows.
    return Path(place).as_uri() if Path(place).is_absolute() else address(place)
