"""`python -m generate.gallery IMAGES`: make the page of a folder of images again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generate.command_line import clips_a_class, positive
from generate.dataset import folder
from generate.defaults import LISTEN
from generate.gallery.make import gallery_text, make_gallery
from generate.runtime.lock import locked
from generate.runtime.terminal import escape_output
from generate.runtime.wording import what_failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the page again and return the exit status."""
    escape_output()
    parser = argparse.ArgumentParser(
        prog="python -m generate.gallery",
        description="Make the page of a folder of images again: IMAGES/index.html, which opens by a double click.",
        epilog="exit status: 0 all well, 1 no page could be made (the message says why), 2 wrong use.",
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of images, such as outputs/images/ESC-10")
    parser.add_argument(
        "--listen",
        type=clips_a_class,
        default=LISTEN,
        metavar="N",
        help=f"write the sound of each variant of N clips a class, or of `all` (default: {LISTEN}; 0: none)",
    )
    parser.add_argument(
        "--audio-folder",
        metavar="FOLDER",
        type=Path,
        help="the recordings (default: the folder that settings.json names, if it lies in the working directory)",
    )
    parser.add_argument(
        "--variants-file",
        metavar="FILE.py",
        default="",
        help="your own variants, to make their sounds too; this file is run, and none that a folder names ever is",
    )
    parser.add_argument("--workers", type=positive, default=0, metavar="N", help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    try:
        folder.check_finished(options.images)  # before the lock, which would be a file in somebody else's folder
        with locked(options.images):
            unheard = make_gallery(
                options.images,
                listen=options.listen,
                workers=options.workers,
                audio_folder=options.audio_folder,
                variants_file=options.variants_file,
            )
    except (ValueError, OSError) as error:
        print(f"generate.gallery: {what_failed(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The sounds that are written stay.", file=sys.stderr)
        return 130
    print("\n".join([gallery_text(options.images, unheard.reasons), *(f"  {note}" for note in unheard.notes)]))
    return 0
