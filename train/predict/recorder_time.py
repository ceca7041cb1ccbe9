"""When a recording was made, as its recorder wrote it: in the file's comment, in GUANO, or in the file's name.

Sources: Open Acoustic Devices' AudioMoth firmware (comment, and names such as `20210505_053000.WAV`); the GUANO
metadata specification 1.0 (https://guano-md.org: a RIFF chunk `guan` with lines `Timestamp: ...`); Wildlife Acoustics'
Song Meters (names such as `SITE1_20210505_053000.wav`). Nothing else is read as a time: a library that tries any date
in a name (aru-metadata-parser 1.0) finds one in `clip_3.wav` too.
"""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from generate.audio.containers.chunks import LAYOUTS, walk

COMMENT = re.compile(r"Recorded at (\d\d:\d\d:\d\d(?:\.\d+)?) (\d\d/\d\d/\d{4}) \(UTC([+-]\d{1,2}(?::\d\d)?)?\)")
NAME = re.compile(r"(?:^|_)(\d{8})[_T](\d{6})(?:_|(Z?)$)")
MAX_CHUNK_BYTES = 1 << 20
YEARS = range(1970, 2200)
"""Of a recorder whose clock was set; an event at the end of the year 9999 would end in none."""


def recorded_at(path: Path) -> datetime | None:
    """When a recording begins; without a zone where the recorder wrote none, None where it wrote nothing.

    Parameters
    ----------
    path : Path

    Examples
    --------
    >>> recorded_at(Path("SITE1_20210505_053000.wav"))
    datetime.datetime(2021, 5, 5, 5, 30)
    >>> recorded_at(Path("clip_3.wav"))
    """
    texts = _texts(path)
    for found in (_of_guano(texts.get("guan", "")), _of_audiomoth(texts.get("ICMT", "")), _of_the_name(path.stem)):
        if found and found.year in YEARS:
            return found
    return None


def _texts(path: Path) -> dict[str, str]:
    """The texts `guan` and `ICMT` of a WAV file, if it has them."""
    texts: dict[str, str] = {}
    with suppress(OSError, struct.error), path.open("rb") as file:
        layout = LAYOUTS.get(file.read(4))
        if layout is None or layout.samples != b"data" or layout.pad != 2:
            return texts
        n_bytes = file.seek(0, 2)
        for name, at, size in walk(file, n_bytes, layout):
            if name not in (b"guan", b"LIST") or size > MAX_CHUNK_BYTES:
                continue
            file.seek(at)
            content = file.read(size)
            if name == b"guan":
                texts["guan"] = content.decode("utf-8", "replace")
            elif content[:4] == b"INFO" and (found := content.find(b"ICMT")) >= 0:
                (length,) = struct.unpack_from("<I", content, found + 4)
                texts["ICMT"] = content[found + 8 : found + 8 + length].rstrip(b"\0").decode("utf-8", "replace")
    return texts


def _of_guano(text: str) -> datetime | None:
    """The line `Timestamp` of GUANO, in ISO 8601."""
    line = next((line for line in text.splitlines() if line.startswith("Timestamp:")), "")
    try:
        return datetime.fromisoformat(line.partition(":")[2].strip())
    except ValueError:
        return None


def _of_audiomoth(comment: str) -> datetime | None:
    """Such as `Recorded at 19:17:30 21/02/2018 (UTC-5) by AudioMoth ...`."""
    found = COMMENT.search(comment)
    if not found:
        return None
    sign, hours, minutes = re.fullmatch(r"([+-]?)(\d*):?(\d*)", found[3] or "").groups()  # type: ignore[union-attr]
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        at = datetime.strptime(f"{found[1].partition('.')[0]} {found[2]}", "%H:%M:%S %d/%m/%Y")
        return at.replace(tzinfo=timezone(offset))
    except ValueError:
        return None


def _of_the_name(stem: str) -> datetime | None:
    found = NAME.search(stem)
    try:
        at = datetime.strptime(f"{found[1]} {found[2]}", "%Y%m%d %H%M%S") if found else None
        return at.replace(tzinfo=UTC) if at and found and found[3] else at
    except ValueError:  # no such day
        return None
