"""`python -m train.ablate IMAGES`: which stored variant helped which class, by leaving each out in turn."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.exit_codes import guarded
from generate.runtime.lock import locked
from generate.runtime.toml_config import parse_with_config
from generate.runtime.wording import shown
from train.ablate import text as ablation_text
from train.ablate.class_variants import class_variants_toml
from train.ablate.gains import ALL_VARIANTS, gains, suggestion
from train.ablate.plan import ALL, AblationPlan, check_folder, make_plan, recipe_of, write_plan
from train.ablate.runs import budgets, overview_text, prepare_run, read_finished, unfinished
from train.command_line import NOT_IN_A_CONFIG, add_place_options, add_recipe_options, folds_of, place_from, recipe_from
from train.data.chosen_classes import of_chosen_classes
from train.data.image_folder import read_images
from train.recipe import Recipe
from train.report.make_report import make_report
from train.report.paired_differences import paired_clips
from train.report.summary import WIDTH
from train.runs.run_folder import read_run
from train.training.equal_budget import train_in_turn

DESCRIPTION = """\
Find which stored variant helped which class: train once with all variants, once without each of them, and once on
originals alone, all on the same honest folds with the same recipe and budget, and hold the test clips against each
other. It also suggests variants for single classes, as a file for `python -m generate AUDIO_FOLDER --config FILE`: a
hypothesis, to be validated on other folds or sounds."""

EXAMPLES = """\
examples:
  python -m train.ablate outputs/images/my_sounds --dry-run                  how many runs there will be
  python -m train.ablate outputs/images/my_sounds                            all variants: a run for each, and two
  python -m train.ablate outputs/images/my_sounds --variants pitch=+2,trim   leave out only these, each in turn
  python -m train.ablate outputs/images/my_sounds --folds 1,2,3              keep folds to validate a suggestion on
The same command again goes on where it was stopped. Models: see python -m train --help.

exit status: 0 all well, 1 cannot start or go on (the message says why), 2 wrong use, 130 interrupted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Ablate and return the exit status."""
    return guarded(
        "train.ablate",
        lambda: _ablate(arguments),
        interrupted="The same command goes on where it was stopped.",
        out_of_memory="Lower --batch-size or --input-size, and give another --name.",
    )


def build_parser() -> argparse.ArgumentParser:
    """The options: those of a recipe, and a few of its own."""
    parser = argparse.ArgumentParser(
        prog="python -m train.ablate",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", metavar="IMAGES", type=Path, help="folder of images with metadata.csv")
    parser.add_argument(
        "--config", metavar="FILE.toml", type=Path, help="options of the recipe; this line wins over it"
    )
    parser.add_argument(
        "--variants",
        nargs="+",
        metavar="V",
        help="leave out only these in turn (default: each of --train-variants, and so each that is stored)",
    )
    parser.add_argument("--folds", type=folds_of, metavar="1,3", help="train and test only these (default: all)")
    parser.add_argument(
        "--name", default="", help="of the folder in outputs/runs (default: images, model and -ablation)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the plan and do nothing")
    add_place_options(parser)
    add_recipe_options(parser)
    return parser


def _names(given: Sequence[str] | None) -> list[str] | None:
    """Variants as they were given, with spaces or commas between them."""
    return [name for text in given for name in text.replace(",", " ").split()] if given else None


def _ablate(arguments: Sequence[str] | None) -> int:
    options = parse_with_config(build_parser(), arguments, not_in_a_config=NOT_IN_A_CONFIG)
    recipe, place = recipe_from(options), place_from(options)
    plan = plan_of(options.images, recipe, folds=options.folds, ablate=_names(options.variants), name=options.name)
    # Only now: loading Keras takes seconds that a refusal need not wait for.
    from train import backend

    backend.set_up()
    from train.training.plan import plan_text

    first = prepare_run(plan, plan.runs[0], recipe_of(plan, plan.runs[0]), **place)
    recipes = budgets(plan, first)
    if options.dry_run:
        print(plan_text(first))
    print(overview_text(plan, first, recipes), flush=True)
    if options.dry_run:
        print("Dry run: nothing was trained.")
        return 0
    del first
    with locked(plan.folder):
        write_plan(plan)
        train_in_turn(unfinished(plan, recipes, **place))
        print(write_findings(plan))
    return 0


def plan_of(
    images: Path,
    recipe: Recipe,
    *,
    folds: Sequence[str] | None = None,
    ablate: Sequence[str] | None = None,
    name: str = "",
) -> AblationPlan:
    """Which runs there are to be, in which folder; nothing is written.

    Parameters
    ----------
    images : Path
        A folder of images that `python -m generate` made.
    recipe : Recipe
    folds, ablate : sequence of str, optional
        Train only these folds; leave out only these variants.
    name : str
        Of the folder in `train.runs.run_name.RUNS`; default: the images' and the model's, and `-ablation`.

    Raises
    ------
    FileNotFoundError, ValueError
        See `train.ablate.plan.make_plan` and `check_folder`.
    """
    from train.runs.run_name import RUNS, check_name

    check_name(name, RUNS)
    settings, table = read_images(images)
    folder = RUNS / (name or f"{images.resolve().name}-{recipe.model}-ablation")
    plan = make_plan(folder, images, recipe, settings, table, folds=folds, ablate=ablate)
    check_folder(plan)
    return plan


def _wrapped(text: str) -> str:
    """Sentences in lines that fit a terminal."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def write_findings(plan: AblationPlan) -> str:
    """Write what the finished runs say: `ablation.csv`, `class_variants.toml` and `README.md`, and into one page.

    Parameters
    ----------
    plan : AblationPlan
        Whose runs are all finished.

    Returns
    -------
    str
        The same for the terminal; lines without a newline at the end.

    Raises
    ------
    ValueError
        If a run is not finished.
    """
    finished = read_finished(plan)
    settings, images = read_images(plan.images)
    paired = {variant: paired_clips(finished[ALL], finished[name]) for variant, name in plan.without.items()}
    images = of_chosen_classes(images, plan.recipe)
    classes = sorted(images["label"].unique())
    table = with_images(gains(paired, classes), images, plan)
    stored = stored_variants(images, plan.variants)
    suggested = suggestion(table, stored)
    reports = {name: run.report for name, run in finished.items()}
    toml = class_variants_toml(
        suggested,
        table,
        variants=plan.variants,
        variants_file=str(settings["settings"].get("variants_file") or ""),
        about=ablation_text.about_toml(plan),
    )
    card = ablation_text.card_text(plan, reports, table, suggested=suggested, stored=stored)
    gains_file = plan.folder / ablation_text.TABLE
    before = gains_file.read_bytes() if gains_file.is_file() else b""
    tables.write_table(gains_file, table)
    write_text_atomically(plan.folder / ablation_text.TOML, toml)
    write_text_atomically(plan.folder / ablation_text.CARD, card)
    if gains_file.read_bytes() != before:
        with locked(plan.folder / ALL, wait=True):
            make_report(read_run(plan.folder / ALL))  # whose page shows the gains
    return "\n\n".join(
        [
            ablation_text.runs_text(reports),
            _wrapped(ablation_text.MEANING),
            ablation_text.table_text(table),
            _wrapped(f"{ablation_text.looks_text(table)} {ablation_text.NOISE_OF_TRAINING}"),
            _wrapped(f"{ablation_text.suggestion_text(suggested, stored)} {ablation_text.HYPOTHESIS}"),
            f"In {shown(plan.folder)}: {ablation_text.CARD} (begin there), {ablation_text.TABLE}, {ablation_text.TOML}",
        ]
    )


def stored_variants(images: pd.DataFrame, variants: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Which variants the sounds of each class have.

    Parameters
    ----------
    images : pandas.DataFrame
        `metadata.csv`, with `label` and `variant`.
    variants : sequence of str
        Those to look for; they order the result.

    Returns
    -------
    dict of str to tuple of str
    """
    of_class = images.groupby("label")["variant"].agg(set)
    return {str(label): tuple(name for name in variants if name in has) for label, has in of_class.items()}


def with_images(table: pd.DataFrame, images: pd.DataFrame, plan: AblationPlan) -> pd.DataFrame:
    """The gains, and how many images the variant gave to training: the column `n_images`.

    Parameters
    ----------
    table : pandas.DataFrame
        As `train.ablate.gains.gains` gives it.
    images : pandas.DataFrame
        `metadata.csv`; those that equal their original do not count.
    plan : AblationPlan

    Returns
    -------
    pandas.DataFrame
    """
    given = images[~images["duplicate"] & images["variant"].isin(plan.variants)]
    n = given.groupby(["variant", "label"]).size()
    counts = []
    for variant, label in zip(table["variant"], table["label"], strict=True):
        part = n if variant == ALL_VARIANTS else n[n.index.get_level_values("variant") == variant]
        counts.append(int(part[part.index.get_level_values("label") == label].sum() if label else part.sum()))
    return table.assign(n_images=counts)
