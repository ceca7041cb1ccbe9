"""`python -m train.leakage IMAGES`: the same model under a grouped and a leaky split."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.toml_config import parse_with_config
from train.command_line import NOT_IN_A_CONFIG, add_cache_option, folds_of
from train.leakage.leakage import baseline_results, baseline_text, train_both, trained_text
from train.recipe_options import add_recipe_options, given_recipe, recipe_from

DESCRIPTION = """\
Show how much accuracy a leaky split adds: one model with equal budget, tested once on new recordings (grouped split),
and once as in many papers, on images whose variants were trained on (leaky split)."""

EXAMPLES = """\
examples:
  python -m train.leakage outputs/images/my_sounds --quick    train nothing: the nearest-neighbour baseline
  python -m train.leakage outputs/images/my_sounds            train under both splits
  python -m train.leakage outputs/images/my_sounds --folds 1  a first look
Models: see python -m train --help."""

USED_BY_QUICK = frozenset(
    ("model", "input_size", "train_variants", "seed", "classes", "leave_out", "ignore_folds", "n_folds")
)
"""Options of a recipe that the nearest-neighbour baseline depends on; `model` gives the size of the images."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the splits and return the exit status."""
    return guarded("train.leakage", lambda: _leakage(arguments), out_of_memory="Lower --batch-size or --input-size.")


def build_parser() -> argparse.ArgumentParser:
    """The options of a recipe, and a few more."""
    parser = argparse.ArgumentParser(
        prog="python -m train.leakage",
        usage="%(prog)s IMAGES [options]",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="image folder with metadata.csv")
    parser.add_argument("--quick", action="store_true", help="train nothing: nearest-neighbour baseline on the pixels")
    parser.add_argument("--config", metavar="FILE.toml", type=Path, help="options in a file; this line overrides it")
    parser.add_argument("--folds", type=folds_of, metavar="1,3", help="folds of the grouped split (default: all)")
    parser.add_argument("--name", default="", help="name of the two run folders, before -grouped and -leaky")
    add_cache_option(parser)
    add_recipe_options(parser, with_protocol=False)
    return parser


def _leakage(arguments: Sequence[str] | None) -> int:
    options = parse_with_config(build_parser(), arguments, not_in_a_config=NOT_IN_A_CONFIG | {"quick"})
    recipe = recipe_from(options)
    if options.quick:
        _check_quick(options)
        print(baseline_text(baseline_results(options.images, recipe, cache=options.cache)))
    else:
        reports = train_both(options.images, recipe, folds=options.folds, name=options.name, cache=options.cache)
        print(trained_text(reports))
    return 0


def _check_quick(options: argparse.Namespace) -> None:
    """Refuse options that only training uses."""
    given = {*given_recipe(options), *(name for name in ("folds", "name") if getattr(options, name))}
    if unused := sorted(given - USED_BY_QUICK):
        option = f"--{unused[0].replace('_', '-')}"
        raise ValueError(f"{option} must be left out with --quick, which trains nothing. Leave out one of the two.")
