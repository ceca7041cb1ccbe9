"""MP3: the number of frames in its first frame (Xing, Info and VBRI headers)."""

from __future__ import annotations

import re
from pathlib import Path

HEADER = re.compile(rb"(?:Xing|Info)...(.)(....)|VBRI.{10}(....)", re.DOTALL)
PLACES = (36, 21, 13, 38, 23, 15)
"""Position in the frame, in bytes: MPEG-1 and 2, stereo and mono, with and without a checksum.

http://gabriel.mp3-tech.org/mp3infotag.html"""
LONGEST_FRAME = 4096
COUNTS_FRAMES = 1


def header(path: Path, first_place: int) -> tuple[int, int | None] | None:
    """Find the first frame, which has information on the others instead of audio.

    Parameters
    ----------
    path : Path
    first_place : int
        Position of the first frame that the demuxer returned: this one, or the next.

    Returns
    -------
    place : int
        Where the frame begins, in bytes.
    n_frames : int or None
        How many frames follow, if it is given.
    """
    begin = max(0, first_place - LONGEST_FRAME)
    with path.open("rb") as file:
        file.seek(begin)
        content = file.read(first_place - begin + 64)
    for match in reversed(list(HEADER.finditer(content))):
        places = [match.start() - k for k in PLACES if k <= match.start()]
        for place in places:
            if content[place] == 0xFF and content[place + 1] >= 0xE0:
                flags, n_frames, of_vbri = match.groups()
                if of_vbri is not None:
                    return begin + place, int.from_bytes(of_vbri, "big")
                return begin + place, int.from_bytes(n_frames, "big") if flags[0] & COUNTS_FRAMES else None
    return None
