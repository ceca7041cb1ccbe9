"""Who trains and who is tested: the heart of an honest figure.

Relatives are images whose `source_id` is the same: a clip and its variants, clips of one recording, recordings that
share equal audio. The honest protocol never lets relatives stand on two sides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from train.data.grouped_folds import grouped_folds
from train.recipe import PROTOCOLS, Recipe
from train.wording import listed

TEST_SHARE = 0.2
"""Of the leaky protocols: the 80 to 20 of the papers."""


@dataclass(frozen=True)
class Split:
    """One division of the images.

    Parameters
    ----------
    name : str
        The test fold, or `1` for a leaky protocol's only division.
    train, validation, test : np.ndarray, shape=(n,), int
        Row numbers of the table. Variants are in `train` alone, except under the protocol `paper`.
    n_left_out : int
        Training and validation images that were left out since relatives of theirs are tested (or validate).
    is_leaky : bool
        Whether relatives may stand on two sides.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    validation: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    n_left_out: int = 0
    is_leaky: bool = False


def splits_of(recipe: Recipe, table: pd.DataFrame) -> list[Split]:
    """`make_splits` as a recipe says.

    Parameters
    ----------
    recipe : Recipe
    table : pandas.DataFrame
        Of the chosen classes alone (`train.data.select_classes.select_classes`); see `make_splits`, as for what is
        raised.
    """
    return make_splits(
        table,
        protocol=recipe.protocol,
        with_validation=recipe.select == "validation",
        keep_relatives=recipe.keep_relatives,
        train_variants=recipe.train_variants,
        ignore_folds=recipe.ignore_folds,
        n_folds=recipe.n_folds,
        seed=recipe.seed,
    )


def make_splits(
    table: pd.DataFrame,
    *,
    protocol: str = "folds",
    with_validation: bool = False,
    keep_relatives: bool = False,
    train_variants: Collection[str] | None = None,
    ignore_folds: bool = False,
    n_folds: int | None = None,
    seed: int = 0,
) -> list[Split]:
    """Divide the images of a folder, once for each fold.

    Parameters
    ----------
    table : pandas.DataFrame
        `metadata.csv`: one row an image, with `clip_id`, `source_id`, `label`, `fold`, `variant`, `duplicate`.
    protocol : {"folds", "random-clips", "paper"}
        `folds`: the collection's own folds, each the test once; where it has none, stratified folds of whole
        recordings. `random-clips` divides clips at random, whatever their recording. `paper` pools all images and
        divides those at random. The last two are leaky.
    with_validation : bool
        Keep the next fold (for the leaky protocols: an eighth of the training part) aside to choose an epoch by.
    keep_relatives : bool
        Train as published, on relatives of the test where the collection's folds have such; the split is leaky then.
    train_variants : collection of str, optional
        Variants to train on beside the originals; default: all. Duplicates of their original are not trained on
        (under `paper` they are, as in the published figures).
    ignore_folds : bool
        Make folds of whole recordings although the collection has folds.
    n_folds : int, optional
        So many of these; see `train.data.grouped_folds.grouped_folds`.
    seed : int
        Of what is drawn at random.

    Returns
    -------
    list of Split

    Raises
    ------
    ValueError
        If the protocol is not known, a variant is not there, or the table cannot be divided.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"There is no protocol {protocol!r}; choose from {', '.join(PROTOCOLS)}.")
    table = table.reset_index(drop=True)
    wanted = _wanted(table, train_variants)
    if protocol == "paper":
        return [_paper_split(table, wanted, with_validation, seed)]
    trainable = wanted & ~table["duplicate"].to_numpy(dtype=bool)
    originals = table[table["variant"] == ORIGINAL]
    if not len(originals):
        raise ValueError("The folder holds no originals, and only they are tested; run `python -m generate` again.")
    if protocol == "random-clips":
        return [_random_clips_split(table, trainable, originals, with_validation, seed)]
    fold_of_clip = _folds(
        originals, ignore_folds=ignore_folds, n_folds=n_folds, with_validation=with_validation, seed=seed
    )
    names = sorted(fold_of_clip.unique(), key=_natural)
    if len(names) < (3 if with_validation else 2):
        raise ValueError(
            f"The images are of {len(names)} fold(s); expected at least {3 if with_validation else 2}"
            f"{', one of them to choose the epoch by' if with_validation else ''}. Let `--ignore-folds` make folds "
            f"of whole recordings, or {'take --select last' if with_validation else 'render clips of other folds too'}."
        )
    folds = table["clip_id"].map(fold_of_clip).to_numpy(dtype=object)
    return [
        _fold_split(
            table, trainable, folds, name, names[(k + 1) % len(names)] if with_validation else None, keep_relatives
        )
        for k, name in enumerate(names)
    ]


def relatives_in_training(table: pd.DataFrame, split: Split) -> int:
    """How many test images have a relative in training; 0 for an honest split.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image, with `source_id`.
    split : Split
        Of this table.
    """
    sources = pd.factorize(table["source_id"])[0]  # of texts np.isin would compare each with each
    return int(np.isin(sources[split.test], sources[split.train]).sum())


def _fold_split(
    table: pd.DataFrame,
    trainable: np.ndarray,
    folds: np.ndarray,
    test_fold: str,
    validation_fold: str | None,
    keep_relatives: bool,
) -> Split:
    """One fold tests, perhaps one validates, the rest trains, without relatives."""
    sources = pd.factorize(table["source_id"])[0]  # of texts np.isin would compare each with each
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    test = (folds == test_fold) & is_original
    validation = (folds == validation_fold) & is_original
    train = (folds != test_fold) & (folds != validation_fold) & trainable
    n_before = int(train.sum() + validation.sum())
    n_shared = 0
    if keep_relatives:
        n_shared = int(np.isin(sources[test], sources[train | validation]).sum())
    else:
        validation &= ~np.isin(sources, sources[test])
        train &= ~np.isin(sources, sources[test | validation])
    return Split(
        name=test_fold,
        train=np.flatnonzero(train),
        validation=np.flatnonzero(validation),
        test=np.flatnonzero(test),
        n_left_out=n_before - int(train.sum() + validation.sum()),
        is_leaky=n_shared > 0,
    )


def has_own_folds(table: pd.DataFrame) -> bool:
    """Whether the collection has folds: all clips have one.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image, with `clip_id` and `fold`.

    Raises
    ------
    ValueError
        If some clips have one and others not.
    """
    clips = table.drop_duplicates("clip_id")
    without = clips["fold"].astype(str) == ""
    if without.any() and not without.all():
        raise ValueError(
            f"{int(without.sum())} of {len(clips)} clips have no fold (such as {clips['clip_id'][without].iloc[0]!r}) "
            "and the others have; give all of them one, or none, or let `--ignore-folds` make folds of whole "
            "recordings."
        )
    return not without.any()


def _folds(
    originals: pd.DataFrame, *, ignore_folds: bool, n_folds: int | None, with_validation: bool, seed: int
) -> pd.Series:
    """Fold of each clip: the collection's own, or stratified folds of whole recordings."""
    clips = originals.set_index("clip_id")
    if not ignore_folds and has_own_folds(originals):
        own = clips["fold"].astype(str)
        if n_folds is not None:
            raise ValueError(
                f"--n-folds must be left out where the collection has folds of its own. Got {n_folds}, and "
                f"{own.nunique()} there ({listed(sorted(own.unique(), key=_natural))}). Add --ignore-folds to make "
                "others of whole recordings; figures are then not comparable with published ones."
            )
        return own
    return grouped_folds(clips, n_folds=n_folds, with_validation=with_validation, seed=seed)


def _random_clips_split(
    table: pd.DataFrame, trainable: np.ndarray, originals: pd.DataFrame, with_validation: bool, seed: int
) -> Split:
    """Clips at random: variants stay with their clip, but clips of one recording go where they fall."""
    clips = originals.drop_duplicates("clip_id")
    train, validation, test = _random_parts(clips["clip_id"], clips["label"], with_validation, seed)
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    return Split(
        name="1",
        train=np.flatnonzero(table["clip_id"].isin(train) & trainable),
        validation=np.flatnonzero(table["clip_id"].isin(validation) & is_original),
        test=np.flatnonzero(table["clip_id"].isin(test) & is_original),
        is_leaky=True,
    )


def _paper_split(table: pd.DataFrame, wanted: np.ndarray, with_validation: bool, seed: int) -> Split:
    """All images at random, variants of one clip on both sides, and even equal images: so it is published."""
    rows = pd.Series(np.flatnonzero(wanted))
    train, validation, test = _random_parts(rows, table["label"].iloc[rows], with_validation, seed)
    return Split(name="1", train=np.sort(train), validation=np.sort(validation), test=np.sort(test), is_leaky=True)


def _random_parts(items: pd.Series, labels: pd.Series, with_validation: bool, seed: int) -> tuple[np.ndarray, ...]:
    """Training, validation and test part, each class divided alike."""
    from sklearn.model_selection import train_test_split

    items, labels = items.to_numpy(), labels.to_numpy()
    options = {"random_state": seed}
    try:
        train, test, train_labels, _ = train_test_split(items, labels, test_size=TEST_SHARE, stratify=labels, **options)
        if not with_validation:
            return train, items[:0], test
        train, validation = train_test_split(train, test_size=0.125, stratify=train_labels, **options)
    except ValueError as error:
        raise ValueError(
            f"{len(labels)} images or clips of {len(set(labels))} classes are too few to divide at random: {error}"
        ) from None
    return train, validation, test


def _wanted(table: pd.DataFrame, train_variants: Collection[str] | None) -> np.ndarray:
    """Which images are originals or wanted variants."""
    variants = table["variant"]
    wanted = set(variants) if train_variants is None else {ORIGINAL, *train_variants}
    absent = sorted(wanted - set(variants))
    if absent:
        raise ValueError(
            f"The folder holds no images of the variant {absent[0]!r}; it has {', '.join(sorted(set(variants)))}."
        )
    return variants.isin(wanted).to_numpy()


def _natural(fold: str) -> tuple[int, int, str]:
    """Folds by number where they are numbers: 2 before 10."""
    return (0, int(fold), "") if fold.isdecimal() else (1, 0, fold)
