"""What the user types to train: options, their help, and the config file."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from generate.runtime.toml_config import parse_with_config
from train.defaults import CACHES, EXPLAINED_TESTS
from train.recipe import AUGMENTS, PROTOCOLS, SELECTS, SILENT_ENDS, Recipe

DESCRIPTION = """\
Train an image classifier on the images that `python -m generate` made, and test it on recordings that it never heard.

Each fold is the test once. The figure is of all of them together, with a 95 % interval."""

EXAMPLES = """\
examples:
  python -m train outputs/images/my_sounds                           a small model, from scratch
  python -m train outputs/images/my_sounds --folds 1 --epochs 5      a first look
  python -m train outputs/images/my_sounds --model resnet152 --weights imagenet --augment image    (wants a GPU)
  python -m train outputs/images/my_sounds --train-variants none     originals alone; the images stay
  python -m train outputs/images/my_sounds --leave-out thrush        without a class that has one recording
  python -m train --resume outputs/runs/my_sounds-cnn9               go on where it was stopped; on a second
                                                    machine that sees this folder: help with the folds that are left

models: cnn7 cnn9 (small, from scratch), alexnet squeezenet resnet18 resnet34 densenet161, and all of
  keras.applications by their lower-case names: resnet50 resnet152 densenet121 efficientnetv2b0 mobilenetv2 ...
exit status: 0 all well, 1 cannot start or go on, 2 wrong use, 130 interrupted."""

NOT_IN_A_CONFIG = frozenset({"help", "config", "images", "resume", "dry_run"})
NONE = "none"


def build_parser() -> argparse.ArgumentParser:
    """All options; those of a recipe have no default here, so that it is known which were given."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", nargs="?", type=Path, help="folder of images with metadata.csv")
    parser.add_argument("--config", metavar="FILE.toml", type=Path, help="any of these options; this line wins over it")
    add_recipe_options(parser)

    group = parser.add_argument_group("running")
    group.add_argument("--folds", type=folds_of, metavar="1,3", help="train only these (default: all)")
    group.add_argument("--name", default="", help="of the run's folder in outputs/runs (default: images and model)")
    group.add_argument("--resume", metavar="RUN", type=Path, help="go on with a run; its recipe is that of the run")
    group.add_argument("--dry-run", action="store_true", help="show the plan and do nothing")
    group.add_argument(
        "--explain",
        type=int,
        default=EXPLAINED_TESTS,
        metavar="N",
        help="tests for which the run's page shows where the model looked, mistakes first "
        f"(default: {EXPLAINED_TESTS}; 0: none)",
    )
    add_audio_folder_option(group)
    add_place_options(group)
    group.add_argument("--tensorboard", action="store_true", help="write logs for it into the run's folder")
    return parser


def add_audio_folder_option(group: argparse._ActionsContainer) -> None:
    """Where the recordings are, which a run's page lets hear."""
    group.add_argument(
        "--audio-folder",
        metavar="FOLDER",
        type=Path,
        help="the recordings, for the page (default: the folder that the images' settings.json names, if it lies in "
        "the working directory)",
    )


def add_place_options(group: argparse._ActionsContainer) -> None:
    """Where images are while a model is trained: no part of a recipe, since the figures stay."""
    group.add_argument(
        "--cache",
        choices=CACHES,
        default=CACHES[0],
        help="where the decoded images are held: memory, or disk, in a file beside the images; the figures are the "
        "same (default: auto: on disk if they take more than half of the memory that is free)",
    )


def place_from(options: argparse.Namespace) -> dict[str, object]:
    """What `add_place_options` asked for, as `train.training.prepare.prepare` takes it."""
    return {"cache": options.cache}


def add_recipe_options(parser: argparse.ArgumentParser, *, with_protocol: bool = True) -> None:
    """The options of a recipe; without those of its protocol where a command takes both kinds."""
    default = {field.name: field.default for field in fields(Recipe)}
    group = parser.add_argument_group("classifier")
    group.add_argument("--model", metavar="NAME", help=f"see below (default: {default['model']})")
    group.add_argument("--weights", metavar="W", help="none, imagenet, or a file of weights (default: none)")
    group.add_argument(
        "--ensemble",
        type=int,
        metavar="N",
        help="train so many side by side and average what they say (default: 2 of cnn7 and cnn9 from scratch, else 1)",
    )
    group.add_argument("--input-size", type=int, metavar="PX", help="side of its images (default: the model's own)")
    group.add_argument("--dropout", type=float, metavar="P", help="before the last layer (default: 0)")
    group.add_argument("--l1", type=float, metavar="X", help="penalty on the weights (default: 0)")
    group.add_argument("--l2", type=float, metavar="X", help="penalty on the squares of the weights (default: 0)")

    group = parser.add_argument_group("images to train on")
    group.add_argument(
        "--train-variants",
        nargs="+",
        metavar="V",
        help="which of the stored variants, such as pitch=+2 trim, or none (default: all that are there)",
    )
    group.add_argument(
        "--augment",
        nargs="+",
        choices=[*AUGMENTS, NONE],
        help="transforms drawn afresh in each epoch: spectrogram (time shift and warp, bands up or down, masks, "
        f"mixup), image (Keras's ImageDataGenerator), both, or none (default: {' '.join(default['augment'])})",
    )
    group.add_argument(
        "--image-preset", help=f"paper or sound: values of the image transforms (default: {default['image_preset']})"
    )
    group.add_argument("--image-values", nargs="+", metavar="N=V", help="single ones, such as rotation_range=10")
    group.add_argument(
        "--spectrogram-values",
        nargs="+",
        metavar="N=V",
        help="of time_shift, time_warp, band_shift, frequency_mask, time_mask, mixup; such as time_mask=0.3 mixup=0",
    )
    group.add_argument(
        "--silent-ends",
        choices=SILENT_ENDS,
        help=f"keep them, or cut them and repeat the sound over the whole width (default: {default['silent_ends']})",
    )

    group = parser.add_argument_group("who trains and who is tested")
    group.add_argument("--classes", nargs="+", metavar="CLASS", help="train on these classes alone (default: all)")
    group.add_argument("--leave-out", nargs="+", metavar="CLASS", help="train on all classes but these")
    group.add_argument(
        "--ignore-folds",
        action="store_true",
        default=None,
        help="make folds of whole recordings although the collection has folds of its own",
    )
    group.add_argument(
        "--n-folds",
        type=int,
        metavar="N",
        help="so many folds of whole recordings, even if a rare class is then not tested in each (default: 5, or as "
        "many as the rarest class has recordings); not with the collection's own",
    )
    if with_protocol:
        group.add_argument(
            "--protocol",
            choices=PROTOCOLS,
            help="folds (default): recordings stay together. The other two are LEAKY and there to show it: clips at "
            "random, or as in many papers all images at random",
        )
        group.add_argument(
            "--keep-relatives",
            action="store_true",
            default=None,
            help="train on relatives of the test where the collection's own folds have such (leaky, and labelled so)",
        )
    group.add_argument(
        "--select",
        choices=SELECTS,
        help="test the last weights (default), or those of the epoch that is best on a fold kept aside",
    )

    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="passes over the training images (default: as many as show each clip 120 times, in whatever variant; 20 "
        "times in fine-tuning)",
    )
    group.add_argument("--batch-size", type=int, metavar="N", help=f"default: {default['batch_size']}")
    group.add_argument(
        "--learning-rate",
        type=float,
        metavar="X",
        help="the highest; it rises to this and falls to 0 (default: 0.001 from scratch, 0.0001 in fine-tuning)",
    )
    group.add_argument(
        "--warmup",
        type=float,
        metavar="P",
        help=f"part of all steps in which the rate rises (default: {default['warmup']})",
    )
    group.add_argument("--head-epochs", type=int, metavar="N", help="with the base frozen, before the others")
    group.add_argument("--head-learning-rate", type=float, metavar="X", help="in these (default: 0.001)")
    group.add_argument("--unfreeze", type=str, metavar="all|N", help="then train all of the base, or its last N layers")
    group.add_argument("--patience", type=int, metavar="N", help="with --select validation: stop after N worse epochs")
    group.add_argument("--class-weights", action="store_true", default=None, help="make each class count the same")
    group.add_argument("--label-smoothing", type=float, metavar="X", help="default: 0")
    group.add_argument("--weight-decay", type=float, metavar="X", help="of AdamW (default: 0)")
    group.add_argument("--mixed-precision", action="store_true", default=None, help="half precision, on a GPU")
    group.add_argument("--seed", type=int, metavar="N", help=f"default: {default['seed']}")


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


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Put the recipe together: what was given, else the defaults.

    Parameters
    ----------
    options : argparse.Namespace
        As `parse` gives them.

    Raises
    ------
    ValueError
        If a value is out of its range, or an option is given that this recipe does not use.
    """
    given = given_recipe(options)
    recipe = Recipe(**given)
    for name, is_used, where in (
        ("image_preset", "image" in recipe.augment, "--augment image"),
        ("head_learning_rate", recipe.weights != "none" and recipe.head_epochs != 0, "--weights imagenet or a file"),
        ("keep_relatives", recipe.protocol == "folds", "--protocol folds"),
    ):
        if name in given and not is_used:
            option = "--" + name.replace("_", "-")
            raise ValueError(f"{option} is not used by this recipe. It goes with {where}. Add that, or leave it out.")
    return recipe


def given_recipe(options: argparse.Namespace) -> dict[str, object]:
    """The options of a recipe that were given."""
    names = {field.name for field in fields(Recipe)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    for name in ("augment", "train_variants"):
        if name in given and NONE in given[name]:
            if len(given[name]) > 1:
                raise ValueError(f"--{name.replace('_', '-')} is {' '.join(given[name])}; none stands alone.")
            given[name] = ()
    return given


def folds_of(text: str | list) -> tuple[str, ...]:
    """Read `1,3`, a name with a comma in quotes, or a list of a config file."""
    parts = text if isinstance(text, list) else next(csv.reader([str(text)], skipinitialspace=True), [])
    folds = tuple(name for part in parts if (name := str(part).strip()))
    if not folds:
        raise argparse.ArgumentTypeError("write one or more folds, such as 1,3")
    return folds
