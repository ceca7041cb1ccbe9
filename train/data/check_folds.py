"""Checks that the folds of a split can be trained and tested."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from generate.dataset.label_sets import membership
from generate.runtime.one_or_several import as_tuple
from generate.runtime.safe_names import safe_name
from generate.runtime.wording import count, listed
from train.data.grouped_folds import recordings_of
from train.data.select_classes import leave_out_option
from train.data.split import Split
from train.recipe import Recipe
from train.runs.run_folder import FINAL


def select_folds(splits: list[Split], folds: Collection[str] | None) -> list[Split]:
    """Select folds by name, in the order of the split.

    Parameters
    ----------
    splits : list of Split
        All folds of the protocol.
    folds : collection of str, optional
        Names; None: all.

    Raises
    ------
    ValueError
        If there is no such fold.
    """
    if folds is None:
        return splits
    folds, names = tuple(map(str, as_tuple(folds))), [split.name for split in splits]
    if not folds:
        raise ValueError(f"--folds must name folds of the split: {', '.join(names)}. Got none. Leave it out for all.")
    absent = [fold for fold in folds if fold not in names]
    if absent:
        raise ValueError(f"--folds must name folds of the split: {', '.join(names)}. Got {absent[0]!r}.")
    return [split for split in splits if split.name in set(folds)]


def check_fold_names(names: tuple[str, ...]) -> None:
    """Check that each fold has a folder name of its own, also where case is ignored.

    Parameters
    ----------
    names : tuple of str
        Names from the user's table, which may be any text.

    Raises
    ------
    ValueError
        If two would share a folder, or one has the name of the final model.
    """
    seen: dict[str, str] = {}
    for name in names:
        if name == FINAL:
            raise ValueError(
                f"A fold must not be called {FINAL!r}, the name of the model that is trained on all recordings. Rename "
                "it in the clips table and run `python -m generate` again."
            )
        folder = safe_name(name).casefold()
        if folder in seen:
            raise ValueError(
                f"The folds {seen[folder]!r} and {name!r} would share a folder. Rename one in the clips table and "
                "run `python -m generate` again."
            )
        seen[folder] = name


def check_classes(
    splits: list[Split], table: pd.DataFrame, classes: tuple[str, ...], recipe: Recipe, *, multilabel: bool = False
) -> None:
    """Check that every class has training images in every fold.

    Parameters
    ----------
    splits : list of Split
        The folds to train.
    table : pandas.DataFrame
        One row per image, which the splits index.
    classes : tuple of str
        All classes.
    recipe : Recipe
    multilabel : bool
        Whether an image may have several labels.

    Raises
    ------
    ValueError
        If a class has none; the message names it and the fold.
    """
    is_of = membership(list(table["label"]), classes, multilabel=multilabel)
    absent: dict[str, list[str]] = {}
    for split in splits:
        for k in np.flatnonzero(~is_of[split.train].any(axis=0)):
            absent.setdefault(classes[k], []).append(split.name)
    if not absent:
        return
    name, folds = next(iter(absent.items()))
    others = [other for other in absent if other != name]
    also = f" The same holds for {listed(map(repr, others))}." if others else ""
    n_recordings = recordings_of(table, multilabel=multilabel)
    way_out = ""
    if recipe.protocol == "folds" and not recipe.ignore_folds and n_recordings[list(absent)].min() > 1:
        way_out = ", make folds of whole recordings instead of the collection's own (--ignore-folds)"
    validation = ""
    if recipe.select == "validation":
        validation = " or in that of validation"
        way_out += ", look at no validation fold (--select last)"
    raise ValueError(
        f"With fold {folds[0]!r} as the test no image of the class {name!r} is left to train on, since all its "
        f"{count(int(n_recordings[name]), 'recording')} are in that fold{validation} (or shared with it).{also} Leave "
        f"out what cannot be learnt ({leave_out_option(absent)}){way_out}, or add recordings."
    )


def check_fold(split: Split, *, with_validation: bool) -> None:
    """Check that a fold has test images, and validation images where they are needed.

    Parameters
    ----------
    split : Split
    with_validation : bool
        Whether the epoch is selected on validation images.

    Raises
    ------
    ValueError
        If it has none; the message names the fold.
    """
    if not len(split.test):
        raise ValueError(f"Fold {split.name!r} has no test images.")
    if with_validation and not len(split.validation):
        raise ValueError(
            f"With fold {split.name!r} as the test no validation image is left: all recordings of the next fold are in "
            "the test too. Take --select last, or --ignore-folds."
        )
