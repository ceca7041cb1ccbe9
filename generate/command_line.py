"""What the user types: options, their help, and the config file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from generate.dataset.settings import CHANNELS, LONGS, PADS, REFERENCES, Settings, parse_image_size
from generate.defaults import LISTEN, MAX_REJECTED_PERCENT
from generate.runtime.toml_config import parse_with_config

if TYPE_CHECKING:
    from generate.rendering.options import RenderOptions

DESCRIPTION = """\
Turn a folder of labelled sounds into a folder of spectrogram images, ready for an image classifier.

Each sound gives an image of itself and one of each variant (higher, lower, slower, faster, trimmed ...).
Run it again at any time: only what is missing or has changed is rendered."""

EXAMPLES = """\
examples:
  python -m generate demo                           sounds that the program makes itself
  python -m generate datasets/my_sounds             one folder a class, any names
  python -m generate datasets/ESC-50 --subset esc10
  python -m generate datasets/my_sounds outputs/images/noisy --variants pitch=+2 stretch=0.7 noise=20
  python -m generate datasets/my_sounds --feature gammatone --image-size 320x240 --colormap viridis
  python -m generate datasets/my_sounds --dry-run   show the plan and do nothing

variants: pitch=SEMITONES stretch=RATE trim[=DB] shift=SECONDS roll=SECONDS noise=SNR_DB gain=DB speed=RATE,
  or a preset: paper (pitch=+2 pitch=-2 stretch=0.7 stretch=1.2 trim), none (originals only).
exit status: 0 all well, 1 cannot start, 2 wrong use, 3 too much was rejected, 130 interrupted."""


USUAL = {
    "file": "file, filename, path, ...",
    "label": "label, class, category, ...",
    "fold": "fold",
    "source": "recording, source, source_id, ...",
}
"""Of the names that `readers/csv_file.py` knows, which takes pandas to import."""
NATIVE = "native"
NOT_IN_A_CONFIG = frozenset({"help", "config", "audio_folder", "output"})


def build_parser() -> argparse.ArgumentParser:
    """All options; those of an image have no default here, so that it is known which were given."""
    default = {field.name: field.default for field in fields(Settings)}
    parser = argparse.ArgumentParser(
        prog="python -m generate",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio_folder", metavar="AUDIO_FOLDER", help="folder of the sound collection, or 'demo'")
    parser.add_argument("output", metavar="OUTPUT", nargs="?", help="default: outputs/images/<name of AUDIO_FOLDER>")
    parser.add_argument("--config", metavar="FILE.toml", type=Path, help="any of these options; this line wins over it")

    group = parser.add_argument_group("how the sounds are laid out (found out from the folder, if not told)")
    group.add_argument(
        "--layout",
        metavar="NAME",
        help="esc50, esc10, urbansound8k, gtzan, csv, names, splits (train, test, validation), folds or folders",
    )
    group.add_argument("--subset", metavar="NAME", default="", help="with ESC-50: esc10")
    group.add_argument(
        "--source-pattern",
        metavar="REGEX",
        default="",
        help='which part of a file\'s name tells the original recording, such as "^(.*?)_"; clips of one recording '
        "are never separated by a split",
    )
    group.add_argument("--labels", metavar="FILE.csv", type=Path, help="a table with one row for each file")
    for role in ("file", "label", "fold", "source"):
        group.add_argument(
            f"--{role}-column", metavar="COLUMN", default="", help=f"its name, if not one of: {USUAL[role]}"
        )
    group.add_argument("--name-pattern", metavar="PATTERN", default="", help='such as "{label}_{source}_{take}"')
    group.add_argument("--classes", nargs="+", default=[], metavar="CLASS", help="only these classes (default: all)")
    group.add_argument("--leave-out", nargs="+", default=[], metavar="CLASS", help="all classes but these")

    group = parser.add_argument_group("audio_file")
    group.add_argument("--sr", type=int, metavar="HZ", help=f"sample rate (default: {default['sr']})")
    group.add_argument(
        "--channels",
        choices=CHANNELS,
        help="of a file with several, their mean, one, or auto: the mean, and the loudest where they cancel each other "
        f"(default: {default['channels']})",
    )
    group.add_argument("--seconds", type=float, metavar="S", help="length of an image (default: 5; UrbanSound8K: 4)")
    group.add_argument("--pad", choices=PADS, help=f"what fills a shorter sound (default: {default['pad']})")
    group.add_argument(
        "--long",
        choices=LONGS,
        help="of a longer recording take its beginning, or split it into pieces (default: first for ESC and "
        "UrbanSound8K, else split)",
    )

    group = parser.add_argument_group("variants")
    group.add_argument("--variants", nargs="+", metavar="V", help="see below (default: paper)")
    group.add_argument("--variants-file", metavar="FILE.py", help="variants of your own; see the README")
    group.add_argument(
        "--engine",
        help="what changes pitch and tempo: rubberband (the library), rubberband-program, librosa, or auto (the first "
        "of them that is there)",
    )
    group.add_argument("--seed", type=int, metavar="N", help=f"for random variants (default: {default['seed']})")

    group = parser.add_argument_group("image")
    group.add_argument("--feature", help=f"mel, log, mfcc or gammatone (default: {default['feature']})")
    group.add_argument("--image-size", type=_image_size, metavar="SIZE", help="224, 320x240 or native (default: 224)")
    group.add_argument("--colormap", metavar="NAME", help=f"of matplotlib, or gray (default: {default['colormap']})")
    group.add_argument("--n-bands", type=int, metavar="N", help=f"mel, gammatone (default: {default['n_bands']})")
    group.add_argument("--n-mfcc", type=int, metavar="N", help=f"coefficients (default: {default['n_mfcc']})")
    group.add_argument(
        "--n-fft", type=int, metavar="N", help="samples a window (default: about 46 ms, 2048 at 44100 Hz)"
    )
    group.add_argument("--hop-length", type=int, metavar="N", help="samples a step (default: a quarter of a window)")
    group.add_argument("--fmin-hz", type=float, metavar="HZ", help="lowest frequency (default: 0)")
    group.add_argument("--fmax-hz", type=float, metavar="HZ", help="highest frequency (default: half of --sr)")
    group.add_argument("--range-db", type=float, metavar="DB", help="from dark to bright (default: 80)")
    group.add_argument(
        "--reference",
        choices=REFERENCES,
        help="what is brightest: each clip's own peak, or the loudest the format holds (default: peak)",
    )

    group = parser.add_argument_group("running")
    group.add_argument("--workers", type=positive, metavar="N", help="processes (default: all cores)")
    group.add_argument(
        "--cluster",
        default="",
        metavar="ADDRESS",
        help="render on a Dask cluster, such as tcp://scheduler:8786, that sees the same disk",
    )
    group.add_argument(
        "--listen",
        type=clips_a_class,
        default=LISTEN,
        metavar="N",
        help="write the sounds of N clips a class beside their images (or of `all`), for the page (default: "
        f"{LISTEN}; 0: none)",
    )
    group.add_argument(
        "--fan-out",
        action="store_true",
        help="spread the images of a class over 256 folders below its own, for hundreds of thousands of images",
    )
    group.add_argument(
        "--limit", type=positive, metavar="N", help="only so many clips, evenly from all classes, recordings and folds"
    )
    group.add_argument("--dry-run", action="store_true", help="show the plan and do nothing")
    group.add_argument("--overwrite", action="store_true", help="replace the images that are in OUTPUT")
    group.add_argument(
        "--max-rejected",
        type=float,
        default=MAX_REJECTED_PERCENT,
        metavar="PERCENT",
        help=f"with more rejected sounds the exit status is 3 (default: {MAX_REJECTED_PERCENT:g})",
    )
    return parser


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, and under it the config file.

    Returns
    -------
    argparse.Namespace
        Options of an image that nobody gave are None; `class_variants` comes from the config file alone.

    Raises
    ------
    FileNotFoundError, ValueError
        If the config file is not there or cannot be used.
    """
    parser = build_parser()
    parser.set_defaults(class_variants={})
    return parse_with_config(parser, arguments, not_in_a_config=NOT_IN_A_CONFIG, tables=frozenset({"class_variants"}))


def options_from(given: argparse.Namespace) -> RenderOptions:
    """What `parse` gave, as `generate.rendering.prepare.prepare` takes it."""
    # Only now: what it is made of imports pandas, which `--help` need not wait for.
    from generate.readers import ReaderOptions
    from generate.rendering.options import RenderOptions

    values = vars(given)
    settings = {f.name: values[f.name] for f in fields(Settings) if values.get(f.name) is not None}
    if settings.get("image_size") == NATIVE:
        settings["image_size"] = None
    return RenderOptions(
        audio_folder=given.audio_folder,
        output=Path(given.output) if given.output else None,
        layout=given.layout or "",
        reader=ReaderOptions(**{f.name: values[f.name] for f in fields(ReaderOptions)}),
        settings=settings,
        classes=tuple(given.classes),
        leave_out=tuple(given.leave_out),
        limit=given.limit or 0,
        workers=given.workers or 0,
        cluster=given.cluster,
        listen=given.listen,
        fan_out=given.fan_out,
        overwrite=given.overwrite,
    )


def clips_a_class(text: str | int) -> int:
    """Read the value of `--listen`: a number, or `all`, which is more than any number of clips."""
    if text == "all":
        return sys.maxsize
    if not str(text).isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of clips nor `all`")
    return int(text)


def _image_size(text: str | int) -> tuple[int, int] | str:
    """As `parse_image_size`; "native" stays text, since None means that nothing was given."""
    try:
        return parse_image_size(text) or NATIVE
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def positive(text: str | int) -> int:
    """Read an option that is a number from 1 on."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is too small; give 1 or more")
    return value
