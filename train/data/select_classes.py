"""Training on some classes of an image folder: `--classes` and `--leave-out`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import pandas as pd

from generate.dataset.label_sets import classes_of, join_labels, split_labels
from generate.runtime.one_or_several import option_text
from generate.runtime.wording import listed
from train.recipe import Recipe


def select_classes(table: pd.DataFrame, recipe: Recipe, *, multilabel: bool = False) -> pd.DataFrame:
    """Select the images of the classes that a recipe trains on.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, with `label`.
    recipe : Recipe
        `classes` (None: all) and `leave_out`.
    multilabel : bool
        Whether an image may have several labels.

    Returns
    -------
    pandas.DataFrame
        The rows of these classes, with a new index; with several labels an image all rows, without the other labels.

    Raises
    ------
    ValueError
        If a class does not exist, or too few classes are left: two are needed, or one with several labels an image.
    """
    existing = list(classes_of(table["label"], multilabel=multilabel))
    _check_known("--classes", recipe.classes or (), existing)
    _check_known("--leave-out", recipe.leave_out, existing)
    kept = [
        name for name in existing if (recipe.classes is None or name in recipe.classes) and name not in recipe.leave_out
    ]
    least, in_words = (1, "one") if multilabel else (2, "two")
    if len(kept) < least:
        what = f"only the class {kept[0]!r}" if kept else "no class"
        chosen = recipe.classes is not None or bool(recipe.leave_out)
        some = f" by --classes and --leave-out, of {listed(existing, most=12)}" if chosen else ""
        what_to_do = "Name more" if chosen else "Add clips of another class and run `python -m generate` again"
        raise ValueError(f"The classes to train on must be {in_words} or more. Got {what}{some}. {what_to_do}.")
    if multilabel:
        fewer = {text: join_labels(set(split_labels(text)) & set(kept)) for text in set(table["label"])}
        return table.assign(label=table["label"].map(fewer)).reset_index(drop=True)
    return table[table["label"].isin(kept)].reset_index(drop=True)


def leave_out_option(names: Iterable[str]) -> str:
    """The option as a user types it: `--leave-out dog 'great tit'`."""
    return option_text("--leave-out", names)


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
