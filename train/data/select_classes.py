"""Training on some classes of an image folder: `--classes` and `--leave-out`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas as pd

from generate.runtime.os_compat import quoted
from train.recipe import Recipe
from train.wording import listed


def select_classes(table: pd.DataFrame, recipe: Recipe) -> pd.DataFrame:
    """Select the images of the classes that a recipe trains on.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, with `label`.
    recipe : Recipe
        `classes` (None: all) and `leave_out`.

    Returns
    -------
    pandas.DataFrame
        The rows of these classes, with a new index.

    Raises
    ------
    ValueError
        If a class does not exist, or fewer than two classes are left.
    """
    existing = sorted(table["label"].unique())
    _check_known("--classes", recipe.classes or (), existing)
    _check_known("--leave-out", recipe.leave_out, existing)
    kept = [
        name for name in existing if (recipe.classes is None or name in recipe.classes) and name not in recipe.leave_out
    ]
    if len(kept) < 2:
        what = f"only the class {kept[0]!r}" if kept else "no class"
        chosen = recipe.classes is not None or bool(recipe.leave_out)
        some = f" by --classes and --leave-out, of {listed(existing, most=12)}" if chosen else ""
        what_to_do = "Name more" if chosen else "Add clips of another class and run `python -m generate` again"
        raise ValueError(f"The classes to train on must be two or more. Got {what}{some}. {what_to_do}.")
    return table[table["label"].isin(kept)].reset_index(drop=True)


def leave_out_option(names: Iterable[str]) -> str:
    """The option as a user types it: `--leave-out dog 'great tit'`."""
    return "--leave-out " + " ".join(quoted(name) for name in names)


def _check_known(option: str, given: Iterable[str], existing: list[str]) -> None:
    for name in given:
        if name not in existing:
            by_case = {known.casefold(): known for known in existing}
            close = [by_case[key] for key in difflib.get_close_matches(name.casefold(), by_case, n=3, cutoff=0.6)]
            hint = f"Do you mean {' or '.join(map(repr, close))}?" if close else "Give names as they are written there."
            raise ValueError(
                f"{option} must name classes of the image folder, which has {listed(existing, most=12)}. Got {name!r}. "
                + hint
            )
