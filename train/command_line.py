"""The options of `python -m train`, their help, and the config file."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from generate.runtime.toml_config import parse_with_config
from train.defaults import CACHES, EXPLAINED_TESTS
from train.recipe import AUGMENTS, PROTOCOLS, QUALITIES, SELECTS, SILENT_ENDS, Recipe

DESCRIPTION = """\
Train an image classifier on the images that `python -m generate` made, and test it on recordings that are not in its
training set.

Each fold is the test set once. The accuracy is that on all of them together, with a 95 % confidence interval."""

EXAMPLES = """\
examples:
  python -m train outputs/images/my_sounds                           a small model, from scratch
  python -m train outputs/images/my_sounds --folds 1 --epochs 5      a first look
  python -m train outputs/images/my_sounds --model resnet152 --weights imagenet --augment image    (wants a GPU)
  python -m train outputs/images/my_sounds --train-variants none     originals alone; the images stay
  python -m train outputs/images/my_sounds --leave-out thrush        without a class that has one recording
  python -m train --resume outputs/runs/my_sounds-cnn9               resume a run that was stopped
  python -m train outputs/images/my_sounds --cluster local:4         four folds at once, one on each of four GPUs

models: cnn7 cnn9 (small, from scratch), alexnet squeezenet resnet18 resnet34 densenet161, and all of
  keras.applications by their lower-case names: resnet50 resnet152 densenet121 efficientnetv2b0 mobilenetv2 ...
exit status: 0 success, 1 failure (the message says why), 2 wrong usage, 130 interrupted."""

NOT_IN_A_CONFIG = frozenset({"help", "config", "images", "resume", "dry_run"})
NONE = "none"


def build_parser() -> argparse.ArgumentParser:
    """All options. Those of a recipe have no default here, which shows which were given; `Recipe` has the defaults."""
    parser = argparse.ArgumentParser(
        prog="python -m train",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", nargs="?", type=Path, help="folder of images with metadata.csv")
    parser.add_argument(
        "--config", metavar="FILE.toml", type=Path, help="any of these options; the command line overrides it"
    )
    add_recipe_options(parser)

    group = parser.add_argument_group("running")
    group.add_argument("--folds", type=folds_of, metavar="1,3", help="train only these (default: all)")
    group.add_argument("--name", default="", help="of the run's folder in outputs/runs (default: images and model)")
    group.add_argument("--resume", metavar="RUN", type=Path, help="resume a run, with its own recipe")
    group.add_argument("--dry-run", action="store_true", help="show the plan and do nothing")
    group.add_argument(
        "--explain",
        type=int,
        default=EXPLAINED_TESTS,
        metavar="N",
        help="test images for which the run's page shows what the model attends to, errors first "
        f"(default: {EXPLAINED_TESTS}; 0: none)",
    )
    add_audio_folder_option(group)
    add_place_options(group)
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        default="",
        help="train the folds on a Dask cluster, one fold per worker at a time: the address of a scheduler, whose "
        "workers must see the same folders, or local:N for N workers on this machine, on its GPUs in turn",
    )
    group.add_argument("--tensorboard", action="store_true", help="write logs for it into the run's folder")
    return parser


def add_audio_folder_option(group: argparse._ActionsContainer) -> None:
    """The folder of the recordings that a run's page plays."""
    group.add_argument(
        "--audio-folder",
        metavar="FOLDER",
        type=Path,
        help="the recordings that the page plays (default: the folder that the images' settings.json names, if it is "
        "in the working directory)",
    )


def add_place_options(group: argparse._ActionsContainer) -> None:
    """Where images are held while a model is trained: not in a recipe, since the results are the same."""
    group.add_argument(
        "--cache",
        choices=CACHES,
        default=CACHES[0],
        help="hold the decoded images in memory, or in a file beside the images on disk; the results are the same "
        "(default: auto: on disk if they take more than half of the free memory)",
    )


def place_from(options: argparse.Namespace) -> dict[str, str]:
    """The values of `add_place_options`, as arguments of `train.training.prepare.prepare`."""
    return {"cache": options.cache}


def add_recipe_options(parser: argparse.ArgumentParser, *, with_protocol: bool = True) -> None:
    """The options of a recipe; without its protocol, where a command trains with several."""
    default = Recipe()
    group = parser.add_argument_group("classifier")
    group.add_argument(
        "--quality",
        choices=QUALITIES,
        help="of a pretrained model: fast fits its last layer alone, standard fine-tunes it, best does so for longer "
        "(default: standard)",
    )
    group.add_argument("--model", metavar="NAME", help=f"see below (default: {default.model})")
    group.add_argument(
        "--weights",
        metavar="W",
        help="imagenet, none, or a file of weights (default: imagenet; none for cnn7 and cnn9, which have no others)",
    )
    group.add_argument(
        "--ensemble",
        type=int,
        metavar="N",
        help="number of models whose probabilities are averaged (default: 2 of cnn7 or cnn9 from scratch, else 1)",
    )
    group.add_argument("--input-size", type=int, metavar="PX", help="side of the images (default: the model's own)")
    group.add_argument(
        "--dropout", type=float, metavar="P", help=f"before the last layer (default: {default.dropout:g})"
    )
    group.add_argument("--l1", type=float, metavar="X", help=f"penalty on the weights (default: {default.l1:g})")
    group.add_argument("--l2", type=float, metavar="X", help=f"penalty on their squares (default: {default.l2:g})")

    group = parser.add_argument_group("images to train on")
    group.add_argument(
        "--train-variants",
        nargs="+",
        metavar="V",
        help="stored variants to train on, such as pitch=+2 trim, or none (default: all)",
    )
    group.add_argument(
        "--augment",
        nargs="+",
        choices=[*AUGMENTS, NONE],
        help="random transforms in each epoch: spectrogram (time shift and warp, band shift, masks, mixup), image "
        f"(Keras's ImageDataGenerator), both, or none (default: {' '.join(default.augment)})",
    )
    group.add_argument(
        "--image-preset", help=f"paper or sound: values of the image transforms (default: {default.image_preset})"
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
        help=f"keep them, or cut them and repeat the rest over the whole width (default: {default.silent_ends})",
    )

    group = parser.add_argument_group("split")
    group.add_argument("--classes", nargs="+", metavar="CLASS", help="use only these classes (default: all)")
    group.add_argument("--leave-out", nargs="+", metavar="CLASS", help="use all classes but these")
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
        help="number of folds of whole recordings, even if a rare class is then not tested in each (default: 5, or as "
        "many as the rarest class has recordings); not with the collection's own folds",
    )
    if with_protocol:
        group.add_argument(
            "--protocol",
            choices=PROTOCOLS,
            help="folds: recordings are never divided. The other two are LEAKY, to show the difference: clips at "
            f"random, or as in many papers all images at random (default: {default.protocol})",
        )
        group.add_argument(
            "--allow-recording-overlap",
            action="store_true",
            default=None,
            help="train on images of tested recordings where the collection's own folds divide recordings (leaky)",
        )
    group.add_argument(
        "--select",
        choices=SELECTS,
        help="test the last weights, or those of the epoch with the least loss on a validation fold (default: "
        f"{default.select})",
    )

    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="passes over the training images, after the last layer of a pretrained model was fitted (default: as many "
        "as show each clip, in whatever variant, 20 times; 120 times from scratch)",
    )
    group.add_argument("--batch-size", type=int, metavar="N", help=f"default: {default.batch_size}")
    group.add_argument(
        "--learning-rate",
        type=float,
        metavar="X",
        help="the maximum, between a warm-up and a cosine decay (default: 0.001)",
    )
    group.add_argument(
        "--warmup",
        type=float,
        metavar="P",
        help=f"fraction of the steps in which the rate rises (default: {default.warmup})",
    )
    group.add_argument(
        "--unfreeze",
        type=str,
        metavar="all|N",
        help="of a pretrained model, fine-tune all layers or the last N (default: all; of efficientnet_lite those from "
        "the fourth of its seven stages on)",
    )
    group.add_argument(
        "--patience", type=int, metavar="N", help="with --select validation: stop after N epochs without a lower loss"
    )
    group.add_argument(
        "--class-weights", action="store_true", default=None, help="weight the loss so that each class counts the same"
    )
    group.add_argument("--label-smoothing", type=float, metavar="X", help=f"default: {default.label_smoothing:g}")
    group.add_argument("--weight-decay", type=float, metavar="X", help=f"of AdamW (default: {default.weight_decay:g})")
    group.add_argument("--mixed-precision", action="store_true", default=None, help="half precision, on a GPU")
    group.add_argument("--seed", type=int, metavar="N", help=f"default: {default.seed}")


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
    """Make the recipe of the options that were given; else it has its defaults.

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
    recipe = Recipe.from_values(given)
    for name, is_used, where in (
        ("image_preset", "image" in recipe.augment, "--augment image"),
        ("allow_recording_overlap", recipe.protocol == "folds", "--protocol folds"),
    ):
        if name in given and not is_used:
            option = "--" + name.replace("_", "-")
            raise ValueError(f"{option} must be combined with {where}, or it is not used. Add that, or leave it out.")
    return recipe


def given_recipe(options: argparse.Namespace) -> dict[str, object]:
    """The options of a recipe that were given, and those that `--quality` stands for."""
    names = {field.name for field in fields(Recipe)}
    given = {name: value for name, value in vars(options).items() if name in names and value is not None}
    if options.quality is not None:
        given = {**QUALITIES[options.quality], **given}
    for name in ("augment", "train_variants"):
        if name in given and NONE in given[name]:
            if len(given[name]) > 1:
                raise ValueError(f"--{name.replace('_', '-')} must be none, or names without it. Got {given[name]}.")
            given[name] = ()
    return given


def folds_of(text: str | list[object]) -> tuple[str, ...]:
    """Read `1,3`, a name with a comma in quotes, or a list of a config file."""
    parts = text if isinstance(text, list) else next(csv.reader([str(text)], skipinitialspace=True), [])
    folds = tuple(name for part in parts if (name := str(part).strip()))
    if not folds:
        raise argparse.ArgumentTypeError("write one or more folds, such as 1,3")
    return folds
