"""The runs of an ablation: their budgets, which are left to train, and those that are finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from augment_audio import ORIGINAL
from generate.runtime.wording import count, shown
from train.ablate.gains import CLASS, OVERALL, widened
from train.ablate.plan import ALL, AblationPlan, Planned, recipe_of
from train.compare.table import read_runs
from train.recipe import Recipe
from train.report.intervals import LEVEL, recordings_needed
from train.report.paired_differences import Finished
from train.runs.run_folder import CONFIG, REPORT, read_run
from train.training.equal_budget import images_seen, with_budget
from train.wording import listed

if TYPE_CHECKING:
    from train.training.prepare import Prepared

MOST_DIFFERENT = 0.1
"""Part by which the images that a run sees may differ from those of the first before it is said."""


def prepare_run(plan: AblationPlan, planned: Planned, recipe: Recipe, **place: object) -> Prepared:
    """Make a run ready, new or begun.

    Parameters
    ----------
    plan : AblationPlan
    planned : Planned
        One of its runs.
    recipe : Recipe
        Of this run; skipped where it has begun, since it goes on as it began.
    place
        `cache` of `train.training.prepare.prepare`.
    """
    from train.training.prepare import prepare, resume

    folder = plan.folder / planned.name
    if (folder / CONFIG).is_file():
        return resume(folder, **place)
    return prepare(plan.images, recipe, folds=plan.folds, name=planned.name, runs=plan.folder, **place)


def budgets(plan: AblationPlan, first: Prepared) -> dict[str, Recipe]:
    """The recipe of each run, with so many epochs that all see about as many images as the first.

    Parameters
    ----------
    plan : AblationPlan
    first : Prepared
        The run with all variants.

    Returns
    -------
    dict of str to Recipe
        By the names of the runs.
    """
    seen = images_seen(first)
    recipes = {planned.name: recipe_of(plan, planned) for planned in plan.runs}
    return {
        planned.name: recipes[planned.name]
        if planned.name == ALL
        else with_budget(recipes[planned.name], seen, n_train=n_train_of(first, planned))
        for planned in plan.runs
    }


def n_train_of(first: Prepared, planned: Planned) -> int:
    """Images that a run trains on in its first fold.

    Parameters
    ----------
    first : Prepared
        The run with all variants.
    planned : Planned
        A run with some of these.
    """
    variants = first.table["variant"].iloc[first.splits[0].train]
    return int(variants.isin([ORIGINAL, *planned.train_variants]).sum())


def is_finished(plan: AblationPlan, planned: Planned) -> bool:
    """Whether a run has nothing left to do."""
    folder = plan.folder / planned.name
    if not (folder / CONFIG).is_file():
        return False
    run = read_run(folder)
    return run.finished_folds == run.folds and (folder / REPORT).is_file()


def unfinished(plan: AblationPlan, recipes: Mapping[str, Recipe], **place: object) -> Iterator[tuple[str, Prepared]]:
    """Each run that is left, made ready when its turn comes.

    Parameters
    ----------
    plan : AblationPlan
    recipes : Mapping of str to Recipe
        As `budgets` gives them.
    place
        See `prepare_run`.

    Yields
    ------
    name : str
    prepared : Prepared
    """
    for number, planned in enumerate(plan.runs, start=1):
        if is_finished(plan, planned):
            print(f"Run {number} of {len(plan.runs)}, {planned.name}: finished before")
            continue
        print(f"Run {number} of {len(plan.runs)}, {planned.name}:")
        yield planned.name, prepare_run(plan, planned, recipes[planned.name], **place)


def read_finished(plan: AblationPlan) -> dict[str, Finished]:
    """All runs by their names, in the order of the plan.

    Parameters
    ----------
    plan : AblationPlan

    Raises
    ------
    ValueError
        If one is not finished, or not as this program wrote it.
    """
    runs, skipped = read_runs(plan.folder / planned.name for planned in plan.runs)
    if skipped:
        raise ValueError(f"{skipped[0]} The same command goes on with it.")
    found = {run.name: run for run in runs}
    return {planned.name: found[planned.name] for planned in plan.runs}


def overview_text(plan: AblationPlan, first: Prepared, recipes: Mapping[str, Recipe]) -> str:
    """What is going to be trained, and what to mind about it.

    Parameters
    ----------
    plan : AblationPlan
    first : Prepared
        The run with all variants.
    recipes : Mapping of str to Recipe
        As `budgets` gives them.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    n_folds, n_all = len(first.splits), len(first.run.all_folds)
    folds = count(n_folds, "fold") + (f" of {n_all}" if n_folds < n_all else "")
    width = max(len(planned.name) for planned in plan.runs)
    n_to_see = sum(images_seen(first).values())
    lines = [
        f"Ablation in {shown(plan.folder)}: {count(len(plan.runs), 'run')}, each on the same {folds}. In fold "
        f"{first.splits[0].name}:"
    ]
    uneven = []
    for planned in plan.runs:
        n_train = n_train_of(first, planned)
        epochs = n_to_see // n_train
        if planned.name != ALL:
            epochs = recipes[planned.name].epochs + (recipes[planned.name].head_epochs or 0)
        n_seen = epochs * n_train
        if abs(n_seen / n_to_see - 1) > MOST_DIFFERENT:
            uneven.append(planned.name)
        done = ", finished" if is_finished(plan, planned) else ""
        lines.append(
            f"  {planned.name:<{width}}  {n_train:>7,} images, {count(epochs, 'epoch')}: {n_seen:,} seen{done}"
        )
    return "\n".join([*lines, *(f"  Note: {note}" for note in _notes(plan, first, uneven))])


def _notes(plan: AblationPlan, first: Prepared, uneven: list[str]) -> Iterator[str]:
    """What to know before hours are spent."""
    if uneven:
        yield (
            f"{listed(uneven)} cannot see as many images as {ALL} to {100 * MOST_DIFFERENT:g} %, since there are "
            "whole epochs alone; give more --epochs, or the figures are of different budgets too."
        )
    if len(first.splits) < len(first.run.all_folds):
        which = "fold " if len(first.splits) == 1 else "folds "
        yield (
            f"only {which}{listed(split.name for split in first.splits)} of {len(first.run.all_folds)}; fewer clips "
            "tell less."
        )
    if plan.idle:
        yield (
            f"every image of {listed(plan.idle)} equals its original; nobody trains on those, so there is nothing to "
            "leave out."
        )
    tested = first.table.iloc[[row for split in first.splits for row in split.test]]
    n_recordings = tested.groupby("label")["source_id"].nunique()
    n_looks = {OVERALL: len(plan.without), CLASS: len(plan.without) * len(n_recordings)}
    needed = {scope: recordings_needed(widened(LEVEL, n_looks=n)) for scope, n in n_looks.items()}
    if tested["source_id"].nunique() < needed[OVERALL]:
        yield (
            f"with {count(tested['source_id'].nunique(), 'test recording')} no verdict can be reached, neither overall "
            f"nor for a class: it takes at least {needed[OVERALL]} that change."
        )
    elif few := [str(label) for label, n in n_recordings.items() if n < needed[CLASS]]:
        yield (
            f"too few recordings for a verdict on {listed(few)}: it takes at least {needed[CLASS]} that change "
            f"({n_looks[CLASS]:,} looks in all)."
        )
