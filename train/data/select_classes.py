"""Training on some of the classes of an image folder: `--classes` and `--leave-out`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas as pd

from generate.runtime.os_compat import quoted
from train.recipe import Recipe
from train.wording import listed


def select_classes(table: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """The images of the classes that a recipe is about.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image, with `label`.
    recipe : Recipe
        `classes` (None: all) and `leave_out`.

    Returns
    -------
    pandas.DataFrame
        Their rows, numbered again.

    Raises
    ------
    ValueError
        If there is no such class, with the names that are most like it, or fewer than two classes are left.
    """
    there = sorted(table["label"].unique())
    _check_known("--classes", recipe.classes or (), there)
    _check_known("--leave-out", recipe.leave_out, there)
    kept = [
        name for name in there if (recipe.classes is None or name in recipe.classes) and name not in recipe.leave_out
    ]
    if len(kept) < 2:
        what = f"only the class {kept[0]!r}" if kept else "no class"
        chosen = recipe.classes is not None or bool(recipe.leave_out)
        some = f" by --classes and --leave-out, of {listed(there, most=12)}" if chosen else ""
        what_to_do = "Name more" if chosen else "Add clips of another class and run `python -m generate` again"
        raise ValueError(
            f"The classes to train on must be two or more, since a classifier tells classes apart. Got {what}{some}. "
            f"{what_to_do}."
        )
    return table[table["label"].isin(kept)].reset_index(drop=True)


def leave_out_option(names: Iterable[str]) -> str:
    """The option that leaves classes out, as it is typed: `--leave-out dog 'great tit'`."""
    return "--leave-out " + " ".join(quoted(name) for name in names)


def _check_known(option: str, given: Iterable[str], there: list[str]) -> None:
    for name in given:
        if name not in there:
            by_case = {known.casefold(): known for known in there}
            close = [by_case[key] for key in difflib.get_close_matches(name.casefold(), by_case, n=3, cutoff=0.6)]
            hint = f"Do you mean {' or '.join(map(repr, close))}?" if close else "Give names as they stand there."
            raise ValueError(
                f"{option} must name classes of the image folder, which has {listed(there, most=12)}. Got {name!r}. "
                + hint
            )
