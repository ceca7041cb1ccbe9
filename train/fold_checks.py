"""Whether the folds of a split can be trained and tested, before the first epoch."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from generate.readers.collection import safe_name
from train.split import Split


def chosen_folds(splits: list[Split], folds: Collection[str] | None) -> list[Split]:
    """The folds asked for, in the order of the split.

    Parameters
    ----------
    splits : list of Split
        All of the protocol.
    folds : collection of str, optional
        Names; None: all.

    Raises
    ------
    ValueError
        If there is no such fold.
    """
    if folds is None:
        return splits
    names = [split.name for split in splits]
    absent = [fold for fold in folds if fold not in names]
    if absent:
        raise ValueError(f"There is no fold {absent[0]!r}; the folds are {', '.join(names)}.")
    return [split for split in splits if split.name in set(folds)]


def check_fold_names(names: tuple[str, ...]) -> None:
    """See that folds get folders of their own, on systems that ignore case too.

    Parameters
    ----------
    names : tuple of str
        The user's own, which may hold anything.

    Raises
    ------
    ValueError
        Naming two that would share a folder.
    """
    seen: dict[str, str] = {}
    for name in names:
        folder = safe_name(name).casefold()
        if folder in seen:
            raise ValueError(
                f"The folds {seen[folder]!r} and {name!r} would share a folder; rename one in the sounds' table and "
                "run `python -m generate` again."
            )
        seen[folder] = name


def check_fold(split: Split, table: pd.DataFrame, classes: tuple[str, ...], *, with_validation: bool) -> None:
    """See that there is something of everything: of each class to train on, to test, and to choose the epoch by.

    Parameters
    ----------
    split : Split
    table : pandas.DataFrame
        One row a picture; the split's rows are its.
    classes : tuple of str
        All that are to be told apart.
    with_validation : bool
        Whether the epoch is chosen.

    Raises
    ------
    ValueError
        Naming the fold, what it lacks, and what to do.
    """
    labels = table["label"].to_numpy()
    absent = sorted(set(classes) - set(labels[split.train]))
    if absent:
        raise ValueError(
            f"With fold {split.name!r} as the test no picture of the class {absent[0]!r} is left to train on, since "
            "all its recordings are in that fold (or related to it). Add recordings, or leave the class out."
        )
    if not len(split.test):
        raise ValueError(f"Fold {split.name!r} has nothing to test.")
    if with_validation and not len(split.validation):
        raise ValueError(
            f"With fold {split.name!r} as the test nothing is left to choose the epoch by: all of the next fold are "
            "relatives of the test. Take --select last."
        )
