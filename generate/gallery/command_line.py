"""`python -m generate.gallery IMAGES`: make the page of an image folder again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.command_line import clips_a_class
from generate.gallery.make import gallery_text, make_gallery
from generate.rendering.options import RenderOptions
from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.number_options import whole_number


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page again and return the exit status."""
    options = _build_parser().parse_args(arguments)
    return guarded("generate.gallery", lambda: _gallery(options), interrupted="Audio that was written stays.")


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generate.gallery",
        description="Make the page of an image folder again: IMAGES/index.html, which opens by a double click.",
        epilog=exit_statuses(),
    )
    add = parser.add_argument
    add("images", metavar="IMAGES", type=Path, help="image folder, such as outputs/images/ESC-10")
    add(
        "--listen",
        type=clips_a_class,
        default=RenderOptions.listen,
        metavar="N",
        help="write the audio variants of N clips a class, or of `all` (default: %(default)s; 0: none)",
    )
    add(
        "--audio-folder",
        metavar="FOLDER",
        type=Path,
        help="folder of the recordings (default: the one that settings.json names, if it is in the working directory)",
    )
    add(
        "--variants-file",
        metavar="FILE.py",
        default="",
        help="your own variants, to write their audio too; this file is run, and one that an image folder names never",
    )
    add("--workers", type=whole_number, default=0, metavar="N", help="processes (default: one a core)")
    return parser


def _gallery(options: argparse.Namespace) -> int:
    missing = make_gallery(
        options.images,
        listen=options.listen,
        workers=options.workers,
        audio_folder=options.audio_folder,
        variants_file=options.variants_file,
    )
    print(gallery_text(options.images, missing))
    return 0
