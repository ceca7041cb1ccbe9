"""Unpack a downloaded archive safely: nothing outside its folder, and no more than was published."""

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
"""What the standard library raises on archives that are truncated, damaged, encrypted or of another kind."""
MOST_FILES = 20_000
"""Of an archive; UrbanSound8K, the largest that is published, has 8,740."""
MOST_AT_ONCE = 1 << 26
"""Bytes that are read at once; a header of more is not valid."""


class _Bounded(gzip.GzipFile):
    """A gzip file of which no more is unpacked at once than fits into memory."""

    def read(self, size: int | None = -1) -> bytes:
        """Read some bytes."""
        if size is None or not 0 <= size <= MOST_AT_ONCE:
            raise tarfile.ReadError("a header in it is larger than any")
        return super().read(size)


def unpack(archive: Path, folder: Path, *, most_bytes: int) -> None:
    """Unpack a zip or tar.gz; what could write outside the folder, or fill the disk, is refused.

    Parameters
    ----------
    archive : Path
        Its kind is detected by its first bytes, whatever its name.
    folder : Path
        Made here; must not exist.
    most_bytes : int
        Of all members together, unpacked; there may be `MOST_FILES` of them.

    Raises
    ------
    ValueError
        If the archive is broken, holds more than that, or a member is absolute, climbs with `..`, or is a link, a
        device or a file with holes.
    """
    folder.mkdir()
    with open(archive, "rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    try:
        if gzipped:
            _unpack_tar(archive, folder, most_bytes)
        else:
            _unpack_zip(archive, folder, most_bytes)
    except BROKEN as error:
        kind = "tar.gz" if gzipped else "zip"
        raise ValueError(
            f"{archive.name} is truncated, damaged or no {kind} archive ({error}). Download it again."
        ) from None


def _unpack_zip(archive: Path, folder: Path, most_bytes: int) -> None:
    with zipfile.ZipFile(archive) as packed:
        for member in packed.infolist():
            kind = stat.S_IFMT(member.external_attr >> 16)
            _refuse_unsafe(member.filename, plain=kind in (0, stat.S_IFREG, stat.S_IFDIR))
        members = packed.infolist()
        # No member gives more bytes than its header states: zipfile stops there.
        _refuse_more(len(members), sum(member.file_size for member in members), most_bytes)
        packed.extractall(folder)


def _unpack_tar(archive: Path, folder: Path, most_bytes: int) -> None:
    with _Bounded(archive) as unzipped, tarfile.open(fileobj=unzipped, mode="r:") as packed:
        n_bytes = 0
        for n_files, member in enumerate(packed, start=1):
            _refuse_unsafe(member.name, plain=(member.isreg() and not member.issparse()) or member.isdir())
            n_bytes += member.size
            _refuse_more(n_files, n_bytes, most_bytes)
            _extract(packed, member, folder)
        while chunk := unzipped.read(CHUNK_BYTES):  # gzip compares its own checksum only at the end of the file
            n_bytes += len(chunk)
            _refuse_more(0, n_bytes, most_bytes)


def _extract(packed: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        packed.extract(member, folder, filter="data")
    else:  # Python 3.11.0 to 3.11.3 have no filters; our own check came first anyway
        packed.extract(member, folder)


def _refuse_more(n_files: int, n_bytes: int, most_bytes: int) -> None:
    if n_files > MOST_FILES or n_bytes > most_bytes:
        raise ValueError(
            f"The archive is refused and nothing of it was kept: it would unpack to {n_bytes:,} bytes or more in "
            f"{n_files:,} files or more, and at most {most_bytes:,} in {MOST_FILES:,} are allowed."
        )


def _refuse_unsafe(name: str, *, plain: bool) -> None:
    outside = name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name)
    if outside or not plain:
        what = "would be written outside the folder" if outside else "is a link or a device"
        raise ValueError(f"The archive is refused and nothing of it was kept: its member {name!r} {what}.")
