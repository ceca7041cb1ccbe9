"""`python -m train.ablate IMAGES`: train without each stored variant in turn, and compare."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.dataset import tables
from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.lock import locked
from generate.runtime.one_or_several import SEVERAL
from generate.runtime.output_file import check_output_file
from generate.runtime.toml_config import parse_with_config
from generate.runtime.wording import count, shown
from train.ablate.ablation import (
    ALL,
    Ablation,
    finished_runs,
    is_finished,
    n_train,
    open_run,
    plan_ablation,
    recipes_of,
    unfinished_runs,
)
from train.ablate.differences import differences, differences_text
from train.command_line import NOT_IN_A_CONFIG, add_cache_option, folds_of
from train.compare.table import table_of, table_text
from train.recipe import Recipe
from train.recipe_options import add_recipe_options, recipe_from
from train.training.equal_budget import images_seen, train_in_turn

if TYPE_CHECKING:
    from train.training.prepare import Prepared

TABLE = "ablation.csv"
DESCRIPTION = """\
Find out which stored variants help: train once with all variants, once without each of them, and once on originals
only, on the same grouped folds, with the same recipe and about as many images seen, and compare on the test clips."""

EXAMPLES = """\
examples:
  python -m train.ablate outputs/images/my_sounds --dry-run                  list the runs
  python -m train.ablate outputs/images/my_sounds                            a run for each variant, and two more
  python -m train.ablate outputs/images/my_sounds --variants pitch=+2,trim   leave out only these, one at a time
The runs are ordinary run folders in outputs/runs/NAME; ablation.csv there has the differences for each class.
The same command again resumes. Models: see python -m train --help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the ablation and return the exit status."""
    return guarded(
        "train.ablate",
        lambda: _ablate(arguments),
        interrupted="Run the same command again to resume.",
        out_of_memory="Lower --batch-size or --input-size, and give another --name.",
    )


def build_parser() -> argparse.ArgumentParser:
    """The options of a recipe, and a few more."""
    parser = argparse.ArgumentParser(
        prog="python -m train.ablate",
        usage="%(prog)s IMAGES [options]",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="image folder with metadata.csv")
    parser.add_argument(
        "--config", metavar="FILE.toml", type=Path, help="options in a file; the command line overrides it"
    )
    parser.add_argument(
        "--variants",
        **SEVERAL,
        metavar="V",
        help="leave out only these, one at a time (default: all)",
    )
    parser.add_argument("--folds", type=folds_of, metavar="1,3", help="train and test only these folds (default: all)")
    parser.add_argument("--name", default="", help="folder name in outputs/runs (default: images, model, -ablation)")
    parser.add_argument("--dry-run", action="store_true", help="list the runs and train nothing")
    add_cache_option(parser)
    add_recipe_options(parser, with_protocol=False)
    return parser


def _ablate(arguments: Sequence[str] | None) -> int:
    options = parse_with_config(build_parser(), arguments, not_in_a_config=NOT_IN_A_CONFIG)
    variants = [name for text in options.variants or () for name in text.replace(",", " ").split()]
    ablation = plan_ablation(
        options.images, recipe_from(options), folds=options.folds, variants=variants, name=options.name
    )
    if ablation.folder.is_dir():
        check_output_file(ablation.folder / TABLE, "--name", begins="run,left_out,")
    # Loading Keras takes seconds, so only after the options are known to be right.
    from train import backend

    backend.set_up()
    first = open_run(ablation, ALL, ablation.recipe, cache=options.cache, may_download=not options.dry_run)
    recipes = recipes_of(ablation, first)
    print(_overview(ablation, first, recipes), flush=True)
    if options.dry_run:
        print("Dry run: nothing was trained.")
        return 0
    del first  # frees its images
    with locked(ablation.folder):
        train_in_turn(unfinished_runs(ablation, recipes, cache=options.cache))
        runs = finished_runs(ablation)
        table = differences(runs, ablation.left_out, baseline=ALL)
        tables.write_table(ablation.folder / TABLE, table)
    finished = list(runs.values())
    print(f"{table_text(finished, table_of(finished))}\n\n{differences_text(table, baseline=ALL)}")
    print(f"The differences for all classes are in {shown(ablation.folder / TABLE)}.")
    return 0


def _overview(ablation: Ablation, first: Prepared, recipes: Mapping[str, Recipe]) -> str:
    """What will be trained, one line per run."""
    of_phases = images_seen(first)
    width, seen = max(map(len, recipes)), sum(of_phases.values())
    folds = f"{count(len(first.splits), 'fold')} of {len(first.run.all_folds)}"
    lines = [f"Ablation in {shown(ablation.folder)}: {count(len(recipes), 'run')}, each on {folds}. Images per fold:"]
    for name, recipe in recipes.items():
        n = n_train(ablation, name, first)
        epochs = seen // n if name == ALL else (recipe.epochs or 0) + ("head" in of_phases)
        done = ", finished" if is_finished(ablation.folder / name) else ""
        lines.append(f"  {name:<{width}}  {n:>7,} in {count(epochs, 'epoch')}: {epochs * n:,} seen{done}")
    return "\n".join(lines)
