"""`python -m train.leakage IMAGES`: the same model under the honest and the leaky split, side by side."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import guarded
from generate.runtime.toml_config import parse_with_config
from train.command_line import (
    NOT_IN_A_CONFIG,
    add_place_options,
    add_recipe_options,
    folds_of,
    given_recipe,
    place_from,
    recipe_from,
)
from train.recipe import LEAKY, PROTOCOLS, Recipe
from train.training.equal_budget import images_seen, train_in_turn, with_budget

if TYPE_CHECKING:
    from train.training.prepare import Prepared

DESCRIPTION = """\
Show what dividing at random does to a figure: one model and one budget, once tested on recordings that it never heard,
and once as in many papers, with variants of the test images in training."""

EXAMPLES = """\
examples:
  python -m train.leakage outputs/images/my_sounds --quick    train nothing: the most similar image names the class
  python -m train.leakage outputs/images/my_sounds            train the small model under both splits
  python -m train.leakage outputs/images/my_sounds --folds 1  a first look"""

USED_BY_QUICK = frozenset(
    ("model", "input_size", "silent_ends", "train_variants", "seed", "classes", "leave_out", "ignore_folds", "n_folds")
)
"""Options of a recipe that the nearest neighbour depends on; `model` gives the size of the images."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the splits and return the exit status."""
    return guarded("train.leakage", lambda: _leakage(arguments), out_of_memory="Lower --batch-size or --input-size.")


def build_parser() -> argparse.ArgumentParser:
    """The options: those of a recipe, and a few of its own."""
    parser = argparse.ArgumentParser(
        prog="python -m train.leakage",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of images with metadata.csv")
    parser.add_argument("--quick", action="store_true", help="train nothing: nearest neighbour on the pixels")
    parser.add_argument(
        "--config", metavar="FILE.toml", type=Path, help="options of the recipe; this line wins over it"
    )
    parser.add_argument("--folds", type=folds_of, metavar="1,3", help="of the honest split, only these (default: all)")
    parser.add_argument("--name", default="", help="of the two run folders in outputs/runs, with -honest and -leaky")
    add_place_options(parser)
    add_recipe_options(parser, with_protocol=False)
    return parser


def _leakage(arguments: Sequence[str] | None) -> int:
    options = parse_with_config(build_parser(), arguments, not_in_a_config=NOT_IN_A_CONFIG | {"quick"})
    recipe = recipe_from(options)
    if options.quick:
        _check_quick(options)
    honest, leaky = replace(recipe, protocol="folds", keep_relatives=False), leaky_twin(recipe)
    if options.quick:
        print(quick_text(options.images, honest, cache=options.cache))
        return 0
    place = place_from(options)
    print(trained_text(options.images, honest, leaky, folds=options.folds, name=options.name, **place))
    return 0


def _check_quick(options: argparse.Namespace) -> None:
    """Nothing is trained: see that nothing is given that only training would use."""
    given = {*given_recipe(options), *(name for name in ("folds", "name") if getattr(options, name))}
    idle = sorted(given - USED_BY_QUICK)
    if idle:
        raise ValueError(
            f"--{idle[0].replace('_', '-')} is not used with --quick, which trains nothing. Leave one of them out."
        )


def leaky_twin(recipe: Recipe) -> Recipe:
    """The same recipe under the protocol of the papers, which has no folds."""
    return replace(recipe, protocol="paper", keep_relatives=False, ignore_folds=False, n_folds=None)


def quick_text(image_folder: Path, recipe: Recipe, *, cache: str = "auto") -> str:
    """Nearest neighbour under each protocol; nothing is trained.

    Parameters
    ----------
    image_folder : Path
        A folder of images that `python -m generate` made.
    recipe : Recipe
        Its protocol is skipped: each of `PROTOCOLS` is tried.
    cache : {"auto", "memory", "disk"}
        Where the images are held; see `train.data.disk_cache`.

    Returns
    -------
    str
        A line a protocol, and what it means; without a newline at the end.
    """
    import numpy as np

    from generate.runtime.wording import count
    from train.data.image_folder import open_images, read_images
    from train.data.select_classes import select_classes
    from train.data.split import relatives_in_training, splits_of
    from train.models.registry import model_named
    from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
    from train.wording import percent

    settings, table = read_images(image_folder)
    table = select_classes(table, recipe)
    # As large as the models see them, so that the figure is the one that a run's report has.
    size = (recipe.input_size or model_named(recipe.model).size,) * 2
    images = open_images(image_folder, settings, table, size=size, silent_ends=recipe.silent_ends, cache=cache)
    shrunk, labels = shrink(images.pixels), table["label"].to_numpy()
    n_clips = count(table["clip_id"].nunique(), "clip")
    lines = [
        f"{images}: {settings['collection']['name']}, {count(len(table), 'image')} of {n_clips}",
        "Part of the test images whose most similar training image is of the same class (no learning at all):",
    ]
    any_related = False
    for protocol in PROTOCOLS:
        splits = splits_of(replace(leaky_twin(recipe), protocol=protocol) if protocol in LEAKY else recipe, table)
        sizes = [len(split.test) for split in splits]
        right = np.average([nearest_neighbour_accuracy(shrunk, labels, split) for split in splits], weights=sizes)
        n_related = sum(relatives_in_training(table, split) for split in splits)
        mark = "leaky " if protocol in LEAKY else "honest"
        lines.append(
            f"  {mark} {protocol:<13} {percent(float(right)):>7} of {count(sum(sizes), 'test image')}, "
            f"{n_related:,} of them with a relative in training"
        )
        any_related |= n_related > 0
    lines.append(
        "What memory alone can do under a leaky split, any model can: such a figure says nothing of new recordings."
        if any_related
        else "No test image has a relative in training here, so nothing leaks: one clip a recording, and no variants."
    )
    return "\n".join(lines)


def trained_text(
    image_folder: Path,
    honest: Recipe,
    leaky: Recipe,
    *,
    folds: Sequence[str] | None = None,
    name: str = "",
    **place: object,
) -> str:
    """Train under both protocols, and put the figures side by side.

    Parameters
    ----------
    image_folder : Path
        A folder of images that `python -m generate` made.
    honest, leaky : Recipe
        The same but for the protocol; the leaky one gets the epochs that `with_budget_of` gives it.
    folds : sequence of str, optional
        Of the honest split, train only these; default: all.
    name : str
        Of the two run folders, before `-honest` and `-leaky`; default: the images' and the model's.
    place
        `cache` of `train.training.prepare.prepare`.

    Returns
    -------
    str
        A line a split, and the difference; without a newline at the end. The runs stay in `train.runs.run_name.RUNS`.
    """
    from train import backend

    backend.set_up()
    from generate.runtime.wording import count
    from train.report.interval_text import interval_in_words
    from train.runs.run_name import RUNS, new_folder
    from train.training.prepare import prepare
    from train.wording import percent

    base = name or f"{image_folder.resolve().name}-{honest.model}"
    # Both at first: what cannot be divided is said before anything is trained.
    honest_run = prepare(image_folder, honest, folds=folds, name=new_folder(RUNS, f"{base}-honest").name, **place)
    leaky_run = prepare(image_folder, leaky, name=new_folder(RUNS, f"{base}-leaky").name, **place)
    leaky_run = with_budget_of(honest_run, leaky_run)
    reports = train_in_turn([("honest", honest_run), ("leaky", leaky_run)])
    lines = [f"{honest.model} on {image_folder}, the same recipe and budget under both splits:"]
    for kind, report in reports.items():
        pooled, n_related = report["pooled"], report["protocol"]["relatives_in_training"]
        lines.append(
            f"  {kind:<6} {percent(pooled['accuracy']):>7} ({interval_in_words(pooled)}; "
            f"{count(pooled['n_images'], 'test image')}, {n_related:,} with a relative in training; nearest "
            f"neighbour {percent(pooled['nearest_neighbour_accuracy'])})"
        )
    lines.append(f"  the leaky split gives {gap_text(reports['honest']['pooled'], reports['leaky']['pooled'])}")
    return "\n".join(lines)


def gap_text(honest: Mapping[str, object], leaky: Mapping[str, object]) -> str:
    """By how much the leaky accuracy is higher, and whether these tests tell it from noise.

    Parameters
    ----------
    honest, leaky : Mapping
        `pooled` of the two reports.
    """
    points = f"{100 * (leaky['accuracy'] - honest['accuracy']):+.1f} percentage points"
    if honest["low"] is None or leaky["low"] is None:
        return f"{points}; these are too few recordings to tell whether that is more than noise."
    if leaky["low"] > honest["high"]:
        return f"{points}, which no new recording would give."
    if leaky["high"] < honest["low"]:
        return f"{points}: here memory was no help."
    return f"{points}: the intervals overlap, so these tests are too few to tell it from noise."


def with_budget_of(honest: Prepared, leaky: Prepared) -> Prepared:
    """The leaky run with so many epochs that it sees as many images as a fold of the honest one, to half an epoch.

    Under the leaky split there are more training images, since fewer are tested and even equal ones are kept.

    Parameters
    ----------
    honest, leaky : Prepared
        Runs on the same images. Only the first fold of each counts.

    Returns
    -------
    Prepared
        `leaky` with other `epochs` and `head_epochs`, each at least 1.
    """
    recipe = with_budget(leaky.run.recipe, images_seen(honest), n_train=len(leaky.splits[0].train))
    return replace(leaky, run=replace(leaky.run, recipe=recipe))
