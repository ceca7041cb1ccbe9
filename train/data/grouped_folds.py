"""Folds of whole recordings, for collections that have none, or whose own are skipped by `--ignore-folds`."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from generate.runtime.wording import count
from train.data.select_classes import leave_out_option
from train.wording import listed

MOST_FOLDS = 5
"""Unless `--n-folds` asks for others."""
FEWEST_FOLDS = 2
TRIES = 20
"""Divisions that are drawn before one is called impossible; the first nearly always will do."""


def recordings_of(clips: pd.DataFrame) -> pd.Series:
    """How many recordings each class has, the rarest first.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, with `label` and `source_id`.
    """
    return clips.groupby("label")["source_id"].nunique().sort_values(kind="stable")


def grouped_folds(clips: pd.DataFrame, *, n_folds: int | None, with_validation: bool, seed: int) -> pd.Series:
    """Stratified folds of whole recordings.

    In the training part of each fold every class has a recording. Where a class has fewer recordings than there are
    folds, some folds do not test it: by default there are no more folds than the rarest class has recordings, and only
    `n_folds` makes more.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row a clip, by its `clip_id`, with `label` and `source_id`.
    n_folds : int or None
        None: `MOST_FOLDS`, or as many as the rarest class has recordings.
    with_validation : bool
        Whether the next fold is kept aside too, so that a class needs recordings in three.
    seed : int

    Returns
    -------
    pandas.Series
        `1`, `2`, ... of each clip.

    Raises
    ------
    ValueError
        If a class has too few recordings, or so many folds cannot be made; the message names the class.

    References
    ----------
    scikit-learn's `StratifiedGroupKFold`; it may put all recordings of a class into one fold, so other seeds are tried.
    """
    counts = recordings_of(clips)
    needed = 3 if with_validation else FEWEST_FOLDS
    rare = counts[counts < needed]
    if len(rare):
        aside = (
            " one to learn from, one to test, and one to choose the epoch by"
            if with_validation
            else " one to learn from and one to test"
        )
        last = ", or take --select last" if with_validation else ""
        got = listed(f"{label!r} with {count(int(n), 'recording')}" for label, n in rare.items())
        raise ValueError(
            f"Classes must have {needed} recordings or more:{aside}. Got "
            f"{got}. Leave them out ({leave_out_option(rare.index)}){last}, add recordings, or tell recordings "
            "apart with `--source-pattern` of `python -m generate`."
        )
    wanted = min(MOST_FOLDS, int(counts.min())) if n_folds is None else n_folds
    if not needed <= wanted <= counts.max():
        raise ValueError(
            f"--n-folds must be {needed} to {counts.max()}, the recordings of the class that has most, "
            f"{counts.index[-1]!r}. Got {wanted}. Give a number in this range, or leave it out."
        )
    for attempt in range(TRIES):
        fold = _drawn(clips, wanted, seed + attempt)
        if _is_learnable(clips, fold, wanted, with_validation):
            return fold
    raise ValueError(
        f"{wanted} folds must leave each class a recording to learn from. {TRIES} ways of dividing were tried, and "
        f"none did: the rarest class, {counts.index[0]!r}, has {count(int(counts.iloc[0]), 'recording')}. Leave it out "
        f"({leave_out_option(counts.index[:1])}), or give another --n-folds or --seed."
    )


def fewer_folds_note(clips: pd.DataFrame, *, n_folds: int | None) -> str:
    """Which class decided that there are fewer folds than `MOST_FOLDS`; empty where none did.

    Parameters
    ----------
    clips, n_folds
        See `grouped_folds`.
    """
    counts = recordings_of(clips)
    fewest = int(counts.min())
    if n_folds is not None or fewest >= MOST_FOLDS:
        return ""
    rare = counts[counts == fewest].index
    has, it = ("the class", "it") if len(rare) == 1 else ("the classes", "them")
    verb = "has" if len(rare) == 1 else "have"
    way_out = ""
    if counts.max() >= MOST_FOLDS:
        way_out = (
            f" Leave {it} out ({leave_out_option(rare)}), or give --n-folds {MOST_FOLDS}, of which "
            f"{count(MOST_FOLDS - fewest, 'fold')} then do{'es' if MOST_FOLDS - fewest == 1 else ''} not test {it}."
        )
    named = f"{has} {listed(map(repr, rare))}"
    return f"{count(fewest, 'fold')}, since {named} {verb} only {count(fewest, 'recording')}.{way_out}"


def _drawn(clips: pd.DataFrame, n_folds: int, seed: int) -> pd.Series:
    from sklearn.model_selection import StratifiedGroupKFold

    fold = pd.Series("", index=clips.index, dtype=object)
    division = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # `fewer_folds_note` says it
        for k, (_, test) in enumerate(division.split(clips, clips["label"], clips["source_id"]), start=1):
            fold.iloc[test] = str(k)
    return fold


def _is_learnable(clips: pd.DataFrame, fold: pd.Series, n_folds: int, with_validation: bool) -> bool:
    """Whether each fold tests something, and each class is in what is left to train on."""
    number = fold.astype(int).to_numpy() - 1
    classes, label = np.unique(clips["label"], return_inverse=True)
    has = np.zeros((n_folds, len(classes)), dtype=bool)
    has[number, label] = True
    if not has.any(axis=1).all():
        return False
    for k in range(n_folds):
        aside = {k, (k + 1) % n_folds} if with_validation else {k}
        if not has[[j for j in range(n_folds) if j not in aside]].any(axis=0).all():
            return False
    return True
