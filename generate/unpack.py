"""Unpack a downloaded archive, and nothing outside the folder that it is meant for."""

from __future__ import annotations

import gzip
import re
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

CHUNK_BYTES = 1 << 18
BROKEN = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, RuntimeError)
"""What the standard library raises on archives that are cut, damaged, encrypted or packed some other way."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar.gz; what could write outside the folder is refused.

    Parameters
    ----------
    archive : Path
        Told apart by its first bytes, whatever its name.
    folder : Path
        Made here; must not exist.

    Raises
    ------
    ValueError
        If the archive is broken, or a member is absolute, climbs with `..`, or is a link or a device.
    """
    folder.mkdir()
    with open(archive, "rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    try:
        if gzipped:
            _unpack_tar(archive, folder)
        else:
            _unpack_zip(archive, folder)
    except BROKEN as error:
        kind = "tar.gz" if gzipped else "zip"
        raise ValueError(
            f"{archive.name} is no whole {kind} archive ({error}): it was cut or damaged. Try again."
        ) from None


def _unpack_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            _refuse_unsafe(member.filename, plain=kind in (0, stat.S_IFREG, stat.S_IFDIR))
        packed.extractall(folder)


def _unpack_tar(archive: Path, folder: Path) -> None:
    # Python 3.11.0 to 3.11.3 have no filters; our own check comes first anyway.
    options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    with tarfile.open(archive, "r:gz") as packed:
        for member in packed:
            _refuse_unsafe(member.name, plain=member.isreg() or member.isdir())
            packed.extract(member, folder, **options)
        while packed.fileobj.read(CHUNK_BYTES):
            pass  # gzip compares its own checksum only at the end of the file


def _refuse_unsafe(name: str, *, plain: bool) -> None:
    outside = name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name)
    if outside or not plain:
        what = "would be written outside the folder" if outside else "is a link or a device"
        raise ValueError(f"the archive is refused and nothing of it was kept: its member {name!r} {what}.")
