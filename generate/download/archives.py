"""Download a published audio collection: fetch its archive, check the checksum, unpack.

The archive and its content stay in a hidden temporary folder beside the target until all is complete; the last step
gives the folder its final name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generate.download.unpack import unpack
from generate.runtime.os_compat import has_content, quoted, remove_empty_folder, replace_file

if TYPE_CHECKING:
    from generate.readers.collection.reader import Reader

DATASETS = Path("datasets")
CHUNK_BYTES = 1 << 18
MOST_EXPANSION = 2
"""Most bytes of a collection for each byte of its archive: audio shrinks by less than half (ESC-50 from 882 MB to
646)."""
LEAST_BOUND = 10_000_000
"""Bytes; no archive is refused for less."""


def published(readers: Mapping[str, Reader] | None = None) -> dict[str, Reader]:
    """Collections that can be downloaded, by name.

    Parameters
    ----------
    readers : Mapping, optional
        Name to `Reader`. Default: `generate.readers.READERS`.
    """
    if readers is None:
        # Imported late: readers need pandas, which `--help` need not wait for.
        from generate.readers import READERS

        readers = READERS
    return {name: reader for name, reader in readers.items() if reader.url}


def is_taken(folder: Path) -> bool:
    """Whether there is anything at the place of a collection but an empty folder."""
    empty = folder.is_dir() and not folder.is_symlink() and not has_content(folder)
    return os.path.lexists(folder) and not empty


def download(
    name: str,
    *,
    to: Path = DATASETS,
    archive: Path | None = None,
    accept_checksum: str | None = None,
    keep_archive: bool = False,
    readers: Mapping[str, Reader] | None = None,
    log: Callable[[str], None] = lambda text: None,
) -> Path:
    """Fetch, check and unpack one collection.

    Parameters
    ----------
    name : str
        A key of `published()`, such as `esc50`.
    to : Path
        Folder to put it in, which need not exist.
    archive : Path, optional
        Local archive to use instead of downloading one; it is left as it is.
    accept_checksum : str, optional
        Another MD5 to accept, in hexadecimal.
    keep_archive : bool
        Keep the downloaded archive beside the collection.
    readers : Mapping, optional
        See `published`.
    log : callable
        Called with a line on each step.

    Returns
    -------
    Path
        The folder of the collection, `to / reader.title`.

    Raises
    ------
    KeyError
        If there is no such collection.
    ValueError
        If the checksum is not a known one, or the archive is broken or unsafe.
    OSError
        If the archive cannot be downloaded, the disk has not enough space, or the folder is there.

    Examples
    --------
    >>> download("esc50", log=print)  # doctest: +SKIP
    """
    reader = published(readers)[name]
    target = to / reader.title
    if is_taken(target):
        raise FileExistsError(f"{target} is already there. Rename it to download the collection again.")
    if archive is not None and not archive.is_file():
        raise FileNotFoundError(f"There is no archive {str(archive)!r}.")
    to.mkdir(parents=True, exist_ok=True)
    _check_disk_space(to, reader, archive)
    kept = to / (reader.title + _ending(reader.url))
    if keep_archive and archive is None and os.path.lexists(kept):
        raise FileExistsError(f"{kept} is already there. To unpack it: --archive {quoted(kept)}; or rename it.")
    command = f"python -m generate.download {name}" + (f" --to {quoted(to)}" if to != DATASETS else "")
    with tempfile.TemporaryDirectory(prefix=f".{reader.title}-", dir=to, ignore_cleanup_errors=True) as work:
        file = archive or _fetch_archive(reader, Path(work, kept.name), kept=kept, command=command, log=log)
        known = [md5.lower() for md5 in (*reader.md5, accept_checksum) if md5]
        if unknown := _unknown_md5(file, known, log):
            if archive is None:
                file = file.replace(kept.with_name(kept.name + ".unverified"))
            raise ValueError(
                f"{file}: its MD5 is {unknown}, expected {' or '.join(known)}. Nothing was unpacked.\n"
                "If the download was cut or changed, delete the file and try again. If you know that the\n"
                "publisher changed the archive (GitHub packs its zips again at times):\n"
                f"    {command} --archive {quoted(file)} --accept-checksum {unknown}"
            )
        log("unpacking")
        collection = _unpacked(file, Path(work, "unpacked"), reader)
        if target.is_dir():
            remove_empty_folder(target)  # Windows does not move a folder onto an empty one
        replace_file(collection, target)
        if keep_archive and archive is None:
            replace_file(file, kept)
            log(f"the archive is kept as {kept}")
    log(f"{target} is ready")
    return target


def _ending(url: str) -> str:
    """`.zip`, `.tar.gz`, `.tgz` or nothing."""
    path = urlsplit(url).path.lower()
    return next((ending for ending in (".tar.gz", ".tgz", ".zip") if path.endswith(ending)), "")


def _check_disk_space(to: Path, reader: Reader, archive: Path | None) -> None:
    needed = 3 * reader.download_size_mb * 10**6 if archive is None else 2 * archive.stat().st_size
    free = shutil.disk_usage(to).free
    if free < needed:
        raise OSError(
            f"{to} has {free / 1e9:.1f} GB free, and {reader.title} needs about {needed / 1e9:.1f} GB to unpack. "
            "Free some, or give another folder with --to FOLDER."
        )


def _fetch_archive(reader: Reader, path: Path, *, kept: Path, command: str, log: Callable[[str], None]) -> Path:
    """Download the archive of a collection; where that fails, the error names the way by hand."""
    log(f"\ndownloading {reader.url}")
    try:
        _fetch(reader.url, path, about_bytes=reader.download_size_mb * 10**6)
    except ConnectionError as error:
        raise ConnectionError(
            f"The download failed: {reader.url}: {error}.\n"
            f"Try again later, or open that address in a browser, save the file as {kept}, then\n"
            f"    {command} --archive {quoted(kept)}"
        ) from None
    return path


def _fetch(url: str, path: Path, *, about_bytes: int) -> None:
    """Download one file, with a progress bar on a terminal; a `ConnectionError` has the reason of a failure."""
    import pooch
    import requests
    from tqdm import tqdm

    # Not compressed: some servers call a .tar.gz compressed text, and it would arrive unpacked.
    downloader = pooch.HTTPDownloader(chunk_size=CHUNK_BYTES, headers={"Accept-Encoding": "identity"})
    bar = {"total": about_bytes or None, "unit": "B", "unit_scale": True, "disable": None, "ncols": 79}
    try:
        with open(path, "wb") as file, tqdm.wrapattr(file, "write", bytes=False, **bar) as output:
            downloader(url, output, None)
    except requests.RequestException as error:
        if error.response is not None:
            reason = f"the server answered {error.response.status_code} {error.response.reason}"
        else:
            root: BaseException = error
            while (cause := root.__cause__ or root.__context__) is not None:
                root = cause
            reason = getattr(root, "strerror", None) or str(root) or type(root).__name__
        raise ConnectionError(reason) from None


def _unknown_md5(archive: Path, known: Sequence[str], log: Callable[[str], None]) -> str:
    """The MD5 of an archive if it is not a known one; empty if it is, or none is known."""
    if not known:
        log(f"no checksum is published for this archive; its SHA-256 is {_digest(archive, 'sha256')}")
        return ""
    md5 = _digest(archive, "md5")
    if md5 not in known:
        return md5
    log(f"checksum is right (MD5 {md5})")
    return ""


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _unpacked(archive: Path, folder: Path, reader: Reader) -> Path:
    """Unpack an archive, and give the folder in it that is the collection."""
    unpack(archive, folder, most_bytes=max(LEAST_BOUND, MOST_EXPANSION * reader.download_size_mb * 10**6))
    collection = folder / reader.archive_folder
    if not collection.is_dir():
        found = ", ".join(sorted(os.listdir(folder))[:5]) or "nothing"
        raise ValueError(f"{archive.name} must have a folder {reader.archive_folder!r}. Got {found}.")
    return collection
