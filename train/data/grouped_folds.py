"""Folds of whole recordings, for collections without published folds, or with `--ignore-folds`."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from generate.dataset.label_sets import membership, split_labels
from generate.runtime.wording import count, listed
from train.data.select_classes import leave_out_option

DEFAULT_FOLDS = 5
FEWEST_FOLDS = 2
TRIES = 20
"""Random splits to try; the first nearly always works."""


def recordings_of(clips: pd.DataFrame, *, multilabel: bool = False) -> pd.Series:
    """Number of recordings of each class, in ascending order.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row per clip, with `label` and `source_id`.
    multilabel : bool
        Whether a clip may have several labels.
    """
    if multilabel:
        clips = clips.assign(label=clips["label"].map(split_labels)).explode("label").dropna(subset="label")
    return clips.groupby("label")["source_id"].nunique().sort_values(kind="stable")


def grouped_folds(
    clips: pd.DataFrame, *, n_folds: int | None, with_validation: bool, seed: int, multilabel: bool = False
) -> pd.Series:
    """Make stratified folds of whole recordings.

    Every class has a recording in the training images of every fold. By default there are at most as many folds as the
    rarest class has recordings; with a larger `n_folds` some folds do not test that class.

    Parameters
    ----------
    clips : pandas.DataFrame
        One row per clip, indexed by `clip_id`, with `label` and `source_id`.
    n_folds : int or None
        None: `DEFAULT_FOLDS`, or as many as the rarest class has recordings.
    with_validation : bool
        Whether the next fold is used for validation, so that a class needs recordings in three folds.
    seed : int
    multilabel : bool
        Whether a clip may have several labels; folds are stratified by the sets of them then.

    Returns
    -------
    pandas.Series
        Fold of each clip: `1`, `2`, ...

    Raises
    ------
    ValueError
        If a class has too few recordings for the folds; the message names it.

    References
    ----------
    scikit-learn's `StratifiedGroupKFold`; it can put all recordings of a class into one fold, so other seeds are tried.
    """
    counts = recordings_of(clips, multilabel=multilabel)
    needed = 3 if with_validation else FEWEST_FOLDS
    rare = counts[counts < needed]
    if len(rare):
        purposes = "training, validation and test" if with_validation else "training and test"
        last = ", or take --select last" if with_validation else ""
        got = listed(f"{label!r} with {count(int(n), 'recording')}" for label, n in rare.items())
        raise ValueError(
            f"Classes must have {needed} recordings or more, for {purposes}. Got {got}. Leave them out "
            f"({leave_out_option(rare.index)}){last}, add recordings, or tell recordings apart with `--source-pattern` "
            "of `python -m generate`."
        )
    wanted = min(DEFAULT_FOLDS, int(counts.min())) if n_folds is None else n_folds
    if not needed <= wanted <= counts.max():
        raise ValueError(
            f"--n-folds must be {needed} to {counts.max()}, the number of recordings of the largest class, "
            f"{counts.index[-1]!r}. Got {wanted}. Give a number in this range, or leave it out."
        )
    for attempt in range(TRIES):
        fold = _random_folds(clips, wanted, seed + attempt)
        if _can_train(clips, fold, wanted, with_validation, list(counts.index) if multilabel else None):
            return fold
    raise ValueError(
        f"{wanted} folds must leave each class a recording for training. {TRIES} random splits were tried, and none "
        f"did: the rarest class, {counts.index[0]!r}, has {count(int(counts.iloc[0]), 'recording')}. Leave it out "
        f"({leave_out_option(counts.index[:1])}), or give another --n-folds or --seed."
    )


def fewer_folds_note(clips: pd.DataFrame, *, n_folds: int | None, multilabel: bool = False) -> str:
    """Name the class because of which there are fewer folds than `DEFAULT_FOLDS`; empty where there is none.

    Parameters
    ----------
    clips, n_folds, multilabel
        See `grouped_folds`.
    """
    counts = recordings_of(clips, multilabel=multilabel)
    fewest = int(counts.min())
    if n_folds is not None or fewest >= DEFAULT_FOLDS:
        return ""
    rare = counts[counts == fewest].index
    has, it = ("the class", "it") if len(rare) == 1 else ("the classes", "them")
    verb = "has" if len(rare) == 1 else "have"
    way_out = ""
    if counts.max() >= DEFAULT_FOLDS:
        way_out = (
            f" Leave {it} out ({leave_out_option(rare)}), or give --n-folds {DEFAULT_FOLDS}, of which "
            f"{count(DEFAULT_FOLDS - fewest, 'fold')} will not test {it}."
        )
    named = f"{has} {listed(map(repr, rare))}"
    return f"{count(fewest, 'fold')}, since {named} {verb} only {count(fewest, 'recording')}.{way_out}"


def _random_folds(clips: pd.DataFrame, n_folds: int, seed: int) -> pd.Series:
    from sklearn.model_selection import StratifiedGroupKFold

    fold = pd.Series("", index=clips.index, dtype=object)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed % 2**32)
    strata = clips["label"]
    if strata.value_counts().max() < n_folds:  # many sets of labels, each rare: scikit-learn refuses those
        strata = pd.Series("", index=clips.index)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")  # see `fewer_folds_note`
        for k, (_, test) in enumerate(splitter.split(clips, strata, clips["source_id"]), start=1):
            fold.iloc[test] = str(k)
    return fold


def _can_train(
    clips: pd.DataFrame, fold: pd.Series, n_folds: int, with_validation: bool, of_sets: list[str] | None
) -> bool:
    """Whether each fold has test clips, and each class (those `of_sets` of labels) has training clips in each fold."""
    number = fold.astype(int).to_numpy() - 1
    classes = sorted(clips["label"].unique()) if of_sets is None else of_sets
    is_of = membership(list(clips["label"]), classes, multilabel=of_sets is not None)
    has = np.stack([is_of[number == k].any(axis=0) for k in range(n_folds)])
    if len(set(number)) < n_folds:
        return False
    for k in range(n_folds):
        held_out = {k, (k + 1) % n_folds} if with_validation else {k}
        if not has[[j for j in range(n_folds) if j not in held_out]].any(axis=0).all():
            return False
    return True
