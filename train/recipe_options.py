"""The options of a recipe on a command line, which several commands share."""

from __future__ import annotations

import argparse
from dataclasses import fields

from generate.runtime.one_or_several import SEVERAL
from train.quality import QUALITIES
from train.recipe import AUGMENTS, NONE, OF_FINE_TUNING, PROTOCOLS, SELECTS, Recipe


def add_recipe_options(
    parser: argparse.ArgumentParser, *, with_protocol: bool = True, most_used: argparse._ArgumentGroup | None = None
) -> None:
    """The options of a recipe.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    with_protocol : bool
        Add `--protocol` and `--allow-recording-overlap`; not where a command chooses the protocol itself.
    most_used : argparse group, optional
        For the few that most people use; default: each is in the group of its kind.
    """
    default = Recipe()
    group = parser.add_argument_group("classifier")
    (most_used or group).add_argument(
        "--quality",
        choices=QUALITIES,
        help="how a pretrained model is trained: fast fits its last layer alone, standard fine-tunes all of it, best "
        "fine-tunes a larger one for longer (default: standard)",
    )
    (most_used or group).add_argument("--model", metavar="NAME", help=f"see below (default: {default.model})")
    group.add_argument(
        "--weights",
        metavar="W",
        help="imagenet, none, or a file of weights (default: imagenet; none for cnn7, cnn9 and crnn, which have no "
        "others)",
    )
    group.add_argument(
        "--ensemble",
        type=int,
        metavar="N",
        help="number of models whose probabilities are averaged (default: 2 of cnn7, cnn9 or crnn from scratch, else "
        "1)",
    )
    group.add_argument("--input-size", type=int, metavar="PX", help="side of the images (default: the model's own)")
    group.add_argument(
        "--dropout", type=float, metavar="P", help=f"before the last layer (default: {default.dropout:g})"
    )
    group.add_argument("--l1", type=float, metavar="X", help=f"penalty on the weights (default: {default.l1:g})")
    group.add_argument("--l2", type=float, metavar="X", help=f"penalty on their squares (default: {default.l2:g})")

    group = parser.add_argument_group("images to train on")
    (most_used or group).add_argument(
        "--train-variants",
        **SEVERAL,
        metavar="V",
        help="stored variants to train on, such as pitch=+2 trim, or none (default: all)",
    )
    group.add_argument(
        "--augment",
        **SEVERAL,
        choices=[*AUGMENTS, NONE],
        help="random transforms in each epoch: spectrogram (time shift and warp, band shift, masks, mixup), image "
        f"(Keras's ImageDataGenerator), both, or none (default: {' '.join(default.augment)})",
    )
    group.add_argument(
        "--image-preset", help=f"paper or sound: values of the image transforms (default: {default.image_preset})"
    )
    group.add_argument("--image-values", **SEVERAL, metavar="N=V", help="single ones, such as rotation_range=10")
    group.add_argument(
        "--spectrogram-values",
        **SEVERAL,
        metavar="N=V",
        help="how strong: time_shift, time_warp, band_shift, frequency_mask, time_mask, mixup; such as mixup=0, "
        "n_time_masks=1",
    )

    group = parser.add_argument_group("split")
    group.add_argument("--classes", **SEVERAL, metavar="CLASS", help="use only these classes (default: all)")
    (most_used or group).add_argument("--leave-out", **SEVERAL, metavar="CLASS", help="use all classes but these")
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
    group.add_argument(
        "--views",
        type=int,
        metavar="N",
        help="instead of --epochs: how often each clip is shown, in whatever variant; fewer than "
        "160 clips more often, with pretrained weights",
    )
    group.add_argument("--batch-size", type=int, metavar="N", help=f"images per step (default: {default.batch_size})")
    group.add_argument(
        "--learning-rate",
        type=float,
        metavar="X",
        help="the maximum, between a warm-up and a cosine decay (default: 0.001 from scratch and for "
        "efficientnet_lite*, 0.0001 for other pretrained models)",
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
        help="of a pretrained model, fine-tune all layers or the last N (default: all)",
    )
    group.add_argument(
        "--patience", type=int, metavar="N", help="with --select validation: stop after N epochs without a lower loss"
    )
    group.add_argument(
        "--class-weights", action="store_true", default=None, help="weight the loss so that each class counts the same"
    )
    group.add_argument("--label-smoothing", type=float, metavar="X", help=f"default: {default.label_smoothing:g}")
    group.add_argument("--weight-decay", type=float, metavar="X", help=f"of AdamW (default: {default.weight_decay:g})")
    group.add_argument(
        "--mixed-precision", action="store_true", default=None, help="half precision (bfloat16), on a GPU"
    )
    group.add_argument("--seed", type=int, metavar="N", help=f"random seed (default: {default.seed})")


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
    if given.get("weights") == "":
        raise ValueError("--weights must be imagenet, none, or a file of weights. Got ''. Give one, or leave it out.")
    recipe = Recipe.of_quality(options.quality, given)
    fine_tuning = (recipe.fine_tunes, "fine-tuning, which --quality fast and --epochs 0 omit")
    uses = dict.fromkeys(sorted(OF_FINE_TUNING), fine_tuning)
    uses["image_preset"] = ("image" in recipe.augment, "--augment image")
    for name, (is_used, where) in uses.items():
        if name in given and not is_used and (name, recipe.augment) != ("augment", ()):
            option = "--" + name.replace("_", "-")
            raise ValueError(f"{option} must be combined with {where}, or it is not used. Add that, or leave it out.")
    return recipe


def given_recipe(options: argparse.Namespace) -> dict[str, object]:
    """The options of a recipe that were given, each by its own name."""
    names = {field.name for field in fields(Recipe)}
    return {name: value for name, value in vars(options).items() if name in names and value is not None}
