"""Several runs with an equal budget, to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from train.recipe import Recipe

if TYPE_CHECKING:
    from train.report.report import Report
    from train.training.prepare import Prepared


def images_seen(prepared: Prepared) -> dict[str, int]:
    """How many images go through a run's model in its first fold, each counted as often as it is shown.

    Parameters
    ----------
    prepared : Prepared

    Returns
    -------
    dict of str to int
        Name of the phase (see `train.training.schedule.Phase`) to images.
    """
    from train.training.prepare import phases_of

    split = prepared.splits[0]
    return {phase.name: phase.epochs * len(split.train) for phase in phases_of(prepared, split)}


def with_budget(recipe: Recipe, seen: Mapping[str, int], *, n_train: int) -> Recipe:
    """The recipe with so many epochs that as many images are seen as in another run, to half an epoch.

    Parameters
    ----------
    recipe : Recipe
    seen : Mapping of str to int
        Of the other run, as `images_seen` gives it.
    n_train : int
        Images that a fold of this recipe's run trains on; 1 or more.

    Returns
    -------
    Recipe
        With other `epochs`, at least 1 unless the other run has none.
    """
    return replace(recipe, epochs=max(1, round(seen["all"] / n_train)) if "all" in seen else 0)


def train_in_turn(runs: Iterable[tuple[str, Prepared]]) -> dict[str, Report]:
    """Show the plan of each run, train and test it.

    Parameters
    ----------
    runs : iterable of (str, Prepared)
        Name and run. A generator may prepare each when its turn comes, so that the images of one run alone are in
        memory.

    Returns
    -------
    dict of str to Report
        Name to report, as `train.training.cross_validation.execute` gives it.
    """
    from train.training.cross_validation import execute
    from train.training.plan import plan_text

    reports = {}
    for name, prepared in runs:
        print(plan_text(prepared), flush=True)
        reports[name] = execute(prepared)
        print()
        del prepared  # or the images of two runs are in memory when the next is made ready
    return reports
