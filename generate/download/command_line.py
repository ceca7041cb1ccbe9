"""Download a published sound collection: `python -m generate.download esc50`.

The licence is shown first and the checksum is checked. The archive and what it holds stay in a hidden
temporary folder beside the target until all is whole; the last step gives the folder its final name.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from generate.download.unpack import unpack
from generate.runtime.os_compat import has_content, quoted, remove_empty_folder, replace_file
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed

if TYPE_CHECKING:
    from generate.readers.collection.reader import Reader

CHUNK_BYTES = 1 << 18
MOST_EXPANSION = 2
"""Unpacked, a collection has at most so many bytes for each of its published archive: sounds shrink by less than half
(ESC-50 from 882 MB to 646)."""
LEAST_BOUND = 10_000_000
"""Bytes; no archive is refused for less."""


def main(arguments: Sequence[str] | None = None, *, readers: Mapping[str, Reader] | None = None) -> int:
    """List the collections, or download one.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line; default: `sys.argv[1:]`.
    readers : Mapping, optional
        Name to `Reader`; default: `generate.readers.READERS`.

    Returns
    -------
    int
        Exit status: 0 well, 1 failed. A wrong command line ends with status 2.
    """
    escape_output()
    parser = _parser()
    options = parser.parse_args(arguments)
    if readers is None:
        from generate.readers import READERS as readers
    published = {name: reader for name, reader in readers.items() if reader.url}
    if options.name is None and (options.archive or options.accept_checksum or options.keep_archive):
        parser.error("the other options go with a NAME, such as esc50")
    if options.name is not None and options.list:
        parser.error("--list shows all there is; leave the NAME out, or leave --list out")
    if options.list or options.name is None:
        print(_table(published))
        return 0
    name = options.name.lower().replace("-", "")
    if name not in published:
        parser.error(f"there is no download {options.name!r}; choose from {', '.join(published) or 'none'}")

    reader = published[name]
    target = options.to / reader.title
    print(_description(reader), flush=True)
    try:
        if _is_taken(target):
            print(f"\n{target} is already there; nothing was downloaded. Rename it to fetch it again.")
        else:
            download(
                name,
                reader,
                to=options.to,
                archive=options.archive,
                accept_checksum=options.accept_checksum,
                keep_archive=options.keep_archive,
            )
    except KeyboardInterrupt:
        print(f"\nstopped; {target} was not made", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"error: {error}. To fix it: python -m pip install -r requirements.txt", file=sys.stderr)
        return 1
    except (ValueError, OSError) as error:
        print(f"error: {what_failed(error)}", file=sys.stderr)
        return 1
    print(f"next: python -m generate {quoted(target)}")
    return 0


def download(
    name: str,
    reader: Reader,
    *,
    to: Path,
    archive: Path | None = None,
    accept_checksum: str | None = None,
    keep_archive: bool = False,
) -> Path:
    """Fetch, check and unpack one collection.

    Parameters
    ----------
    name : str
        What the user calls it, for the commands in messages.
    reader : Reader
        Where it is published, under which checksums, and what it is called.
    to : Path
        Folder to put it in; made if it is not there.
    archive : Path, optional
        An archive that is already here: nothing is downloaded, and the file is left as it is.
    accept_checksum : str, optional
        An MD5 that is good too, in hexadecimal.
    keep_archive : bool
        Keep the downloaded archive beside the collection.

    Returns
    -------
    Path
        The collection's folder, `to / reader.title`.

    Raises
    ------
    ValueError
        If the checksum fits none that is known, or the archive is broken or unsafe.
    OSError
        If the archive cannot be had, or the disk has not enough room.
    """
    if archive is not None and not archive.is_file():
        raise FileNotFoundError(f"--archive {archive}: there is no such file.")
    to.mkdir(parents=True, exist_ok=True)
    _check_space(to, reader, archive)
    ending = re.search(r"(\.tar\.gz|\.tgz|\.zip)?$", urlsplit(reader.url).path.lower())[0]
    target, kept = to / reader.title, to / f"{reader.title}{ending}"
    command = f"python -m generate.download {name}"
    if to != Path("datasets"):
        command += f" --to {quoted(to)}"
    with tempfile.TemporaryDirectory(prefix=f".{reader.title}-", dir=to, ignore_cleanup_errors=True) as work:
        came = archive or Path(work, kept.name)
        if archive is None:
            print(f"\ndownloading {reader.url}", flush=True)
            try:
                _fetch(reader.url, came, about_bytes=reader.download_size_mb * 10**6)
            except ConnectionError as error:
                raise ConnectionError(
                    f"the download failed: {reader.url}: {error}.\n"
                    f"Try again later, or open that address in a browser, save the file as {kept}, then\n"
                    f"    {command} --archive {quoted(kept)}"
                ) from None
        known = [md5.lower() for md5 in (*reader.md5, accept_checksum) if md5]
        if unknown := _unknown_md5(came, known):
            if archive is None:
                came = came.replace(kept.with_name(kept.name + ".unverified"))
            raise ValueError(
                f"{came}: its MD5 is {unknown}, expected {' or '.join(known)}. Nothing was unpacked.\n"
                "If it was cut or changed on the way, delete it and try again. If you know that the\n"
                "publisher changed the archive (GitHub packs its zips again at times):\n"
                f"    {command} --archive {quoted(came)} --accept-checksum {unknown}"
            )
        print("unpacking", flush=True)
        unpack(
            came, Path(work, "unpacked"), most_bytes=max(LEAST_BOUND, MOST_EXPANSION * reader.download_size_mb * 10**6)
        )
        collection = Path(work, "unpacked", reader.archive_folder)
        if not collection.is_dir():
            found = ", ".join(sorted(os.listdir(Path(work, "unpacked")))[:5]) or "nothing"
            raise ValueError(f"{came.name}: expected a folder {reader.archive_folder!r}, found {found}.")
        if target.is_dir():
            remove_empty_folder(target)  # only an empty folder gets as far as this; Windows does not move onto it
        replace_file(collection, target)
        if keep_archive and archive is None:
            replace_file(came, kept)
            print(f"the archive is kept as {kept}")
    print(f"{target} is ready")
    return target


def _fetch(url: str, path: Path, *, about_bytes: int) -> None:
    """Download one file, with a progress bar on a terminal; `ConnectionError` says why it failed."""
    import pooch
    import requests
    from tqdm import tqdm

    # Asked for as it is: some servers call a .tar.gz compressed text, and it would arrive unpacked.
    downloader = pooch.HTTPDownloader(chunk_size=CHUNK_BYTES, headers={"Accept-Encoding": "identity"})
    bar = {"total": about_bytes or None, "unit": "B", "unit_scale": True, "disable": None, "ncols": 79}
    try:
        with open(path, "wb") as file, tqdm.wrapattr(file, "write", bytes=False, **bar) as output:
            downloader(url, output, None)
    except requests.RequestException as error:
        if error.response is not None:
            why = f"the server answered {error.response.status_code} {error.response.reason}"
        else:
            root: BaseException = error
            while (cause := root.__cause__ or root.__context__) is not None:
                root = cause
            why = getattr(root, "strerror", None) or str(root) or type(root).__name__
        raise ConnectionError(why) from None


def _table(readers: Mapping[str, Reader]) -> str:
    rows = [("name", "title", "size", "licence")]
    for name, reader in readers.items():
        licence = textwrap.shorten(reader.licence, 60, placeholder=" ...")
        rows.append((name, reader.title, f"{reader.download_size_mb:,} MB", licence))
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{n:<{wide[0]}}  {t:<{wide[1]}}  {s:>{wide[2]}}  {licence}" for n, t, s, licence in rows]
    return "\n".join([*lines, "", "To download one: python -m generate.download NAME"])


def _description(reader: Reader) -> str:
    lines = [f"{reader.title}, {reader.download_size_mb:,} MB"]
    for head, text in (("licence", reader.licence), ("cite", reader.citation)):
        words = " ".join(text.split()) or "not stated"
        lines.append(textwrap.fill(words, 100, initial_indent=f"  {head:<9}", subsequent_indent=" " * 11))
    return "\n".join(lines)


def _check_space(to: Path, reader: Reader, archive: Path | None) -> None:
    needed = 3 * reader.download_size_mb * 10**6 if archive is None else 2 * archive.stat().st_size
    free = shutil.disk_usage(to).free
    if free < needed:
        raise OSError(
            f"{to} has {free / 1e9:.1f} GB free; {reader.title} needs about {needed / 1e9:.1f} GB to unpack. "
            "Make room, or choose another place with --to FOLDER."
        )


def _unknown_md5(archive: Path, known: Sequence[str]) -> str:
    """The archive's MD5 if others are known for it, else empty; says what was found."""
    if not known:
        sha256 = _digest(archive, "sha256")
        print(f"no checksum is published for this archive; the SHA-256 of what came is {sha256}")
        return ""
    md5 = _digest(archive, "md5")
    if md5 not in known:
        return md5
    print(f"checksum is right (MD5 {md5})")
    return ""


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _is_taken(target: Path) -> bool:
    empty = target.is_dir() and not target.is_symlink() and not has_content(target)
    return os.path.lexists(target) and not empty


def _md5(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no MD5; expected 32 hexadecimal digits")
    return text.lower()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generate.download", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="such as esc50; without it: what there is")
    add("--list", action="store_true", help="what can be downloaded, with size and licence")
    add("--to", metavar="FOLDER", type=Path, default=Path("datasets"), help="default: datasets")
    add("--archive", metavar="FILE", type=Path, help="take this archive instead of downloading")
    add("--accept-checksum", metavar="MD5", type=_md5, help="take an archive with this MD5 too")
    add("--keep-archive", action="store_true", help="do not delete the downloaded archive afterwards")
    return parser
