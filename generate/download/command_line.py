"""`python -m generate.download NAME`: download a published audio collection."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from generate.download.archives import DATASETS, download, is_taken, published
from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.os_compat import quoted

if TYPE_CHECKING:
    from generate.readers.collection.reader import Reader


def main(arguments: Sequence[str] | None = None, *, readers: Mapping[str, Reader] | None = None) -> int:
    """List the collections, or download one, and return the exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the program.
    readers : Mapping, optional
        Name to `Reader`. Default: `generate.readers.READERS`.
    """
    parser = _build_parser()
    options = parser.parse_args(arguments)
    if options.name is None and (options.archive or options.accept_checksum or options.keep_archive):
        parser.error("the other options need a NAME, such as esc50")
    if options.name is not None and options.list:
        parser.error("--list and NAME exclude each other; leave one out")
    collections = published(readers)
    if options.name is None:
        print(_table(collections))
        return 0
    name = options.name.lower().replace("-", "")
    if name not in collections:
        parser.error(f"NAME must be one of {', '.join(collections) or 'none'}. Got {options.name!r}.")
    return guarded(
        "generate.download",
        lambda: _download(name, collections, options),
        interrupted=f"{options.to / collections[name].title} was not made.",
    )


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generate.download",
        description="Download a published audio collection, after its licence. A published checksum is checked.",
        epilog=exit_statuses(),
    )
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="such as esc50; without it, list the collections")
    add("--list", action="store_true", help="list the collections, with size and licence")
    add("--to", metavar="FOLDER", type=Path, default=DATASETS, help=f"default: {DATASETS}")
    add("--archive", metavar="FILE", type=Path, help="local archive to use instead of downloading one")
    add("--accept-checksum", metavar="MD5", type=_md5, help="another MD5 to accept")
    add("--keep-archive", action="store_true", help="keep the downloaded archive")
    return parser


def _download(name: str, collections: Mapping[str, Reader], options: argparse.Namespace) -> int:
    target = options.to / collections[name].title
    print(_description(collections[name]), flush=True)
    if is_taken(target):
        print(f"\n{target} is already there; nothing was downloaded. Rename it to download it again.")
    else:
        download(
            name,
            to=options.to,
            archive=options.archive,
            accept_checksum=options.accept_checksum,
            keep_archive=options.keep_archive,
            readers=collections,
            log=partial(print, flush=True),
        )
    print(f"next: python -m generate {quoted(target)}")
    return 0


def _table(collections: Mapping[str, Reader]) -> str:
    rows = [("name", "title", "size", "licence")]
    for name, reader in collections.items():
        licence = textwrap.shorten(reader.licence, 60, placeholder=" ...")
        rows.append((name, reader.title, f"{reader.download_size_mb:,} MB", licence))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{n:<{widths[0]}}  {t:<{widths[1]}}  {s:>{widths[2]}}  {licence}" for n, t, s, licence in rows]
    return "\n".join([*lines, "", "To download one: python -m generate.download NAME"])


def _description(reader: Reader) -> str:
    lines = [f"{reader.title}, {reader.download_size_mb:,} MB"]
    for head, text in (("licence", reader.licence), ("cite", reader.citation)):
        words = " ".join(text.split()) or "not stated"
        lines.append(textwrap.fill(words, 100, initial_indent=f"  {head:<9}", subsequent_indent=" " * 11))
    return "\n".join(lines)


def _md5(text: str) -> str:
    if not re.fullmatch("[0-9a-fA-F]{32}", text):
        raise argparse.ArgumentTypeError(f"must be an MD5 of 32 hexadecimal digits. Got {text!r}.")
    return text.lower()
