"""The options of `python -m train`, their help, and the config file."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses
from generate.runtime.number_options import whole_number_or_zero
from generate.runtime.toml_config import parse_with_config
from train.defaults import CACHES, EXPLAINED_TESTS
from train.recipe_options import add_recipe_options

DESCRIPTION = """\
Train an image classifier on the images that `python -m generate` made, and test it on recordings that are not in its
training set.

Each fold is the test set once. The accuracy is that on all of them together, with a 95 % confidence interval."""

EXAMPLES = """\
examples:
  python -m train outputs/images/my_sounds                           fine-tune a small pretrained model
  python -m train outputs/images/my_sounds --quality fast            a first look, in about a minute
  python -m train outputs/images/my_sounds --model resnet152 --augment image    (wants a GPU)
  python -m train outputs/images/my_sounds --model cnn9              a small model from scratch
  python -m train outputs/images/my_sounds --train-variants none     originals alone; the images stay
  python -m train outputs/images/my_sounds --leave-out thrush        without a class that has one recording
  python -m train --resume outputs/runs/my_sounds-efficientnet_lite0    resume a run that was stopped
  python -m train outputs/images/my_sounds --cluster local:4         four folds at once, one on each of four GPUs

models: efficientnet_lite0 _lite1 _lite2, cnn7 cnn9 crnn (small, from scratch), alexnet squeezenet resnet18
  resnet34 densenet161, and all of keras.applications by their lower-case names: resnet50 resnet152 mobilenetv2 ..."""

NOT_IN_A_CONFIG = frozenset({"help", "config", "images", "resume", "dry_run"})


def build_parser() -> argparse.ArgumentParser:
    """All options. Those of a recipe have no default here, which shows which were given; `Recipe` has the defaults."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        usage="%(prog)s IMAGES [options]\n       %(prog)s --resume RUN [options]",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )
    most_used = parser.add_argument_group("most used")
    most_used.add_argument("images", metavar="IMAGES", nargs="?", type=Path, help="folder of images with metadata.csv")
    add_recipe_options(parser, most_used=most_used)
    add = most_used.add_argument
    add("--folds", type=folds_of, metavar="1,3", help="train only these (default: all)")
    add("--name", default="", help="name of the run folder in outputs/runs (default: images and model)")
    add("--resume", metavar="RUN", type=Path, help="resume a run, with its own recipe")
    add(
        "--final",
        action="store_true",
        help="after the folds, train one model on all recordings, which train.predict then uses; its accuracy is the "
        "cross-validated one",
    )
    add(
        "--config",
        metavar="FILE.toml",
        type=Path,
        help="any of these options but --resume and --dry-run; the command line wins",
    )
    add("--dry-run", action="store_true", help="read and check the images, show the plan, and train nothing")

    group = parser.add_argument_group("running")
    group.add_argument("-h", "--help", action="help", help="show this help and exit")
    group.add_argument(
        "--explain",
        type=whole_number_or_zero,
        default=EXPLAINED_TESTS,
        metavar="N",
        help="test images for which the run's page shows what the model attends to, errors first "
        f"(default: {EXPLAINED_TESTS}; 0: none)",
    )
    add_audio_folder_option(group)
    add_cache_option(group)
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        default="",
        help="train the folds on a Dask cluster, one fold per worker at a time: the address of a scheduler, whose "
        "workers must see the same folders, or local:N for N workers on this machine, on its GPUs in turn",
    )
    group.add_argument("--tensorboard", action="store_true", help="write logs for it into the run's folder")
    return parser


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"it must be a folder of recordings. Got {text!r}, which is not a folder.")
    return Path(text)


def add_audio_folder_option(group: argparse._ActionsContainer, *, purpose: str = "that the page plays") -> None:
    """Add `--audio-folder`, of the recordings of a run."""
    group.add_argument(
        "--audio-folder",
        metavar="FOLDER",
        type=_folder,
        help=f"the recordings {purpose} (default: the folder that the images' settings.json names, if it is in the "
        "working directory)",
    )


def add_cache_option(group: argparse._ActionsContainer) -> None:
    """Add `--cache`, which is not in a recipe, since the results are the same."""
    group.add_argument(
        "--cache",
        choices=CACHES,
        default=CACHES[0],
        help="hold the decoded images in memory, or in a file beside the images on disk; the results are the same "
        "(default: auto: on disk if they take more than half of the free memory)",
    )


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line, and under it the config file.

    Returns
    -------
    argparse.Namespace
        Options of a recipe that nobody gave are None.

    Raises
    ------
    FileNotFoundError, ValueError
        If the config file is not there or cannot be used, or options contradict each other.
    """
    parser = build_parser()
    options = parse_with_config(parser, arguments, not_in_a_config=NOT_IN_A_CONFIG)
    if options.images is None and options.resume is None:
        parser.error("give a folder of images, such as outputs/images/demo (python -m generate demo makes it)")
    return options


def folds_of(text: str | list[object]) -> tuple[str, ...]:
    """Read `1,3`, a name with a comma in quotes, or a list of a config file."""
    parts = text if isinstance(text, list) else next(csv.reader([str(text)], skipinitialspace=True), [])
    folds = tuple(name for part in parts if (name := str(part).strip()))
    if not folds:
        raise argparse.ArgumentTypeError("write one or more folds, such as 1,3")
    return folds
