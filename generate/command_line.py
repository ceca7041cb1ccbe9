"""The command line of stage one: options, their help, and the config file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from generate.dataset.image_size import parse_image_size
from generate.dataset.planes import HELP as PLANES_HELP
from generate.dataset.settings import CHANNELS, DENOISE_DB, LONGS, PADS, REFERENCES, Settings
from generate.rendering.options import OVERLAPPING, RenderOptions, WindowOptions
from generate.runtime.exit_codes import exit_statuses
from generate.runtime.number_options import whole_number
from generate.runtime.one_or_several import SEVERAL
from generate.runtime.toml_config import parse_with_config

DESCRIPTION = """\
Turn a folder of labelled audio into a folder of spectrogram images for an image classifier.

Each clip gives one image of itself and one of each audio variant (higher, lower, slower, faster, trimmed ...).
Run it again at any time: only images that are missing or out of date are rendered."""

EXAMPLES = """\
examples:
  python -m generate demo                           audio that the program synthesises
  python -m generate datasets/my_sounds             one folder a class, any names
  python -m generate datasets/ESC-50 --subset esc10
  python -m generate datasets/my_sounds outputs/images/noisy --variants pitch=+2 stretch=0.7 noise=20
  python -m generate datasets/my_sounds --feature gammatone --image-size 320x240 --colormap viridis
  python -m generate datasets/my_sounds --dry-run   show the plan, render nothing

variants: pitch=SEMITONES stretch=RATE trim[=DB] remove_silence[=DB] shift=SECONDS roll=SECONDS noise=SNR_DB
  gain=DB speed=RATE background=FOLDER@SNR_DB reverb=SECONDS mp3=KBIT_S lowpass=HZ clip=DB denoise[=DB],
  or a preset: paper (pitch=+2 pitch=-2 stretch=0.7 stretch=1.2 trim), none (originals only).
  Several at once, in one variant: pitch=+2+stretch=0.7"""

TABLE_COLUMNS = {
    "file": "file, filename, path, ...",
    "label": "label, class, category, ...",
    "fold": "fold",
    "source": "recording, source, source_id, ...",
}
"""Roles of columns, with some of the names that `readers/csv_file.py` recognises."""
NATIVE = "native"
NOT_IN_A_CONFIG = frozenset({"help", "config", "audio_folder", "output", "csv"})


def build_parser() -> argparse.ArgumentParser:
    """All options; settings of an image have no default here, so that those given can be told from the others."""
    parser = argparse.ArgumentParser(
        prog="python -m generate",
        usage="%(prog)s AUDIO_FOLDER [OUTPUT] [options]",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses('3 too many clips rejected')}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    run, image = default_of(RenderOptions), default_of(Settings)
    _add_most_used(parser.add_argument_group("most used"), image)
    _add_collection(parser.add_argument_group("collection (detected from the folder unless given)"))
    _add_annotations(parser.add_argument_group("annotated recordings"), default_of(WindowOptions))
    _add_audio(parser.add_argument_group("audio"), image)
    _add_variants(parser.add_argument_group("audio variants"), image)
    _add_image(parser.add_argument_group("image"), image)
    _add_running(parser.add_argument_group("run"), run)
    return parser


def default_of(options: type) -> dict[str, Any]:
    """The default of each field of a dataclass by its name; empty for those that have none."""
    return {field.name: "" if field.default is MISSING else field.default for field in fields(options)}


def _add_most_used(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    add("audio_folder", metavar="AUDIO_FOLDER", help="folder of the audio collection, or 'demo'")
    add("output", metavar="OUTPUT", nargs="?", help="image folder (default: outputs/images/<name of AUDIO_FOLDER>)")
    add("--labels", metavar="FILE.csv", type=Path, help="table with one row a file")
    formats = "Raven, Audacity, Kaleidoscope, Label Studio, or tables with start, end and label"
    add("--annotations", metavar="PATH", type=Path, help=f"file or folder that labels parts of recordings: {formats}")
    add(
        "--source-pattern",
        metavar="REGEX",
        default="",
        help='finds the original recording in a file name, such as "^(.*?)_"; clips of one recording stay on one side '
        "of every split",
    )
    seconds = f"duration that an image shows (default: {default['seconds']:g}; UrbanSound8K: 4, AudioSet: 10)"
    add("--seconds", type=float, metavar="S", help=seconds)
    variants = " ".join(default["variants"])
    add("--variants", **SEVERAL, metavar="V", help=f"audio variants, see below (default: {variants})")
    size = "{}x{}".format(*default["image_size"])
    add("--image-size", type=_image_size, metavar="SIZE", help=f"224, 320x240 or native (default: {size})")
    add("--limit", type=whole_number, metavar="N", help="at most N clips, stratified by class, recording and fold")
    add("--classes", **SEVERAL, default=[], metavar="CLASS", help="only these classes (default: all)")
    add("--config", metavar="FILE.toml", type=Path, help="file with any of these options; the command line wins")
    add("--dry-run", action="store_true", help="show the plan, render nothing")


def _add_collection(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--leave-out", **SEVERAL, default=[], metavar="CLASS", help="all classes but these")
    reviews = "labels that were reviewed on a page review.html: changed, dropped, or of windows of new recordings"
    add("--labels-from", **SEVERAL, default=[], type=Path, metavar="review.csv", help=reviews)
    layouts = "esc50, esc10, urbansound8k, gtzan, audioset, csv, names, splits (train, test ...), folds or folders"
    add("--layout", metavar="NAME", help=layouts)
    add("--subset", metavar="NAME", default="", help="with ESC-50: esc10; with GTZAN: fault-filtered")
    for role, names in TABLE_COLUMNS.items():
        add(f"--{role}-column", metavar="COLUMN", default="", help=f"column of --labels, if none of: {names}")
    add("--label-columns", **SEVERAL, default=[], metavar="COLUMN", help="several labels a clip: 1 or 0 for each class")
    add("--label-separator", default="", metavar="TEXT", help="several labels a clip, in one column, such as ';'")
    add("--name-pattern", metavar="PATTERN", default="", help='file names, such as "{label}_{source}_{take}"')


def _add_annotations(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    share = f"fraction of an event, or of the window (default: {default['min_overlap']:g})"
    add("--min-overlap", type=float, metavar="P", help=f"a window has the label of an event if they share this {share}")
    both = (
        "windows with the labels of two classes: leave out, use the first, or give them both (default: "
        f"{default['overlapping']})"
    )
    add("--overlapping", choices=OVERLAPPING, help=both)
    without = (
        f"class _background: N windows without an event for each event, or none (default: {default['background']:g})"
    )
    add("--background", type=_background, metavar="N", help=without)
    add("--window-hop-s", type=float, metavar="S", help="from a window to the next (default: half of --seconds)")
    group.set_defaults(**default)


def _add_audio(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    add("--sr", type=int, metavar="HZ", help=f"sample rate (default: {default['sr']})")
    add(
        "--channels",
        choices=CHANNELS,
        help="of several channels: their mean, one of them, or auto, the mean unless they cancel each other, else the "
        f"loudest (default: {default['channels']}); stereo: all, as --planes left right mid",
    )
    by_how_much = f"reduce noise in every image, by {DENOISE_DB:g} or DB decibels (default: off)"
    add("--denoise", dest="denoise_db", nargs="?", const=DENOISE_DB, type=float, metavar="DB", help=by_how_much)
    add(
        "--pad",
        choices=PADS,
        help="what fills a shorter clip: silence after it, its repetition, or silence before and after it, in random "
        f"shares (default: {default['pad']})",
    )
    add(
        "--long",
        choices=LONGS,
        help="of a longer recording: the beginning, or consecutive pieces (default: first for ESC and UrbanSound8K, "
        "else split)",
    )


def _add_variants(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    add("--variants-file", metavar="FILE.py", help="variants of your own; see docs/generate.md")
    add(
        "--engine",
        help="what changes pitch and tempo: rubberband (the library), rubberband-program, librosa, or auto, the first "
        f"of these that is installed (default: {default['engine']})",
    )
    add("--seed", type=int, metavar="N", help=f"seed of random variants (default: {default['seed']})")


def _add_image(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    add("--feature", help=f"mel, log, mfcc, gammatone, pcen or cqt (default: {default['feature']})")
    add("--colormap", metavar="NAME", help=f"a colormap of matplotlib, or gray (default: {default['colormap']})")
    add("--planes", **SEVERAL, metavar="P", help=PLANES_HELP)
    add("--n-bands", type=int, metavar="N", help=f"mel, PCEN or gammatone bands (default: {default['n_bands']})")
    add("--n-mfcc", type=int, metavar="N", help=f"coefficients (default: {default['n_mfcc']})")
    add("--bins-per-octave", type=int, metavar="N", help=f"rows of cqt (default: {default['bins_per_octave']})")
    add("--n-fft", type=int, metavar="N", help="window in samples (default: about 46 ms, 2048 at 44100 Hz)")
    add("--hop-length", type=int, metavar="N", help="step in samples (default: a quarter of the window)")
    add("--fmin-hz", type=float, metavar="HZ", help="lowest frequency (default: 0; cqt: 32.703, the note C1)")
    add("--fmax-hz", type=float, metavar="HZ", help="highest frequency (default: half of --sr)")
    add("--range-db", type=float, metavar="DB", help=f"from dark to bright (default: {default['range_db']:g})")
    add(
        "--reference",
        choices=REFERENCES,
        help=f"what is brightest: each clip's own peak, or full scale (default: {default['reference']})",
    )


def _add_running(group: argparse._ArgumentGroup, default: Mapping[str, Any]) -> None:
    add = group.add_argument
    add("-h", "--help", action="help", help="show this help and exit")
    add("--overwrite", action="store_true", help="replace the images in OUTPUT; an applied review stays")
    add("--workers", type=whole_number, metavar="N", help="processes (default: one a core)")
    add("--cluster", default="", metavar="ADDRESS", help="Dask cluster on the same disk, such as tcp://scheduler:8786")
    add(
        "--listen",
        type=clips_a_class,
        default=default["listen"],
        metavar="N",
        help="for the page, write the audio variants of N clips a class, or of `all` (default: "
        f"{default['listen']}; 0: none)",
    )
    add(
        "--fan-out",
        action="store_true",
        help="distribute the images of a class over 256 subfolders, for hundreds of thousands of images",
    )
    add(
        "--max-rejected",
        type=float,
        default=default["max_rejected"],
        metavar="PERCENT",
        help=f"end with status 3 if more clips are rejected (default: {default['max_rejected']:g})",
    )


def parse(arguments: Sequence[str] | None = None, parser: argparse.ArgumentParser | None = None) -> argparse.Namespace:
    """Read the command line, and for what it does not give the config file.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the program.
    parser : argparse.ArgumentParser, optional
        Default: `build_parser()`.

    Returns
    -------
    argparse.Namespace
        Settings of an image that were not given are None; `class_variants` comes from the config file alone.

    Raises
    ------
    FileNotFoundError, ValueError
        If the config file is not there or cannot be used.
    """
    parser = parser or build_parser()
    parser.set_defaults(class_variants={})
    return parse_with_config(parser, arguments, not_in_a_config=NOT_IN_A_CONFIG, tables=frozenset({"class_variants"}))


def options_from(given: argparse.Namespace) -> RenderOptions:
    """Turn what `parse` returned into the options of stage one."""
    # Imported late: readers need pandas, which `--help` need not wait for.
    from generate.readers import ReaderOptions

    values = vars(given)
    settings = {f.name: values[f.name] for f in fields(Settings) if values.get(f.name) is not None}
    if settings.get("image_size") == NATIVE:
        settings["image_size"] = None
    return RenderOptions(
        audio_folder=given.audio_folder,
        output=Path(given.output) if given.output else None,
        layout=given.layout or "",
        reader=ReaderOptions(**{f.name: values[f.name] for f in fields(ReaderOptions)}),
        windows=WindowOptions(**{f.name: values[f.name] for f in fields(WindowOptions)}),
        settings=settings,
        labels_from=tuple(given.labels_from),
        classes=tuple(given.classes),
        leave_out=tuple(given.leave_out),
        limit=given.limit or 0,
        workers=given.workers or 0,
        cluster=given.cluster,
        listen=given.listen,
        fan_out=given.fan_out,
        overwrite=given.overwrite,
        max_rejected=given.max_rejected,
    )


def _background(text: str) -> float:
    """Parse the value of `--background`: a number, or `none`."""
    try:
        return 0.0 if text == "none" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a number, such as 1, or none. Got {text!r}.") from None


def clips_a_class(text: str) -> int:
    """Parse the value of `--listen`: a number, or `all`."""
    if text == "all":
        return sys.maxsize
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a number of clips or `all`. Got {text!r}.")
    return int(text)


def _image_size(text: str) -> tuple[int, int] | str:
    """As `parse_image_size`; `native` stays text, since None means that the option was not given."""
    try:
        return parse_image_size(text) or NATIVE
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
