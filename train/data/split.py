"""Splitting images into training, validation and test images.

Images of one recording have the same `source_id`: a clip and its variants, all clips of the recording, and clips with
equal audio. The grouped split never puts images of one recording on two sides, nor one that was mixed into an image as
its background (`background_source_id`). The leaky protocols do, to show how much too high accuracies are then.
Clips that a review added (`reviewed`) are trained on and never tested: a model chose them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.runtime.wording import listed
from train.data.grouped_folds import grouped_folds
from train.data.random_parts import split_clips, split_images
from train.data.reviewed import is_added
from train.data.shared_recordings import count_held, hold_recordings_of
from train.recipe import PROTOCOLS, Recipe


@dataclass(frozen=True)
class Split:
    """One split of the images.

    Parameters
    ----------
    name : str
        The test fold, or `1` for the only split of a leaky protocol.
    train, validation, test : np.ndarray, shape=(n,), int
        Row numbers of the table. Variants are only in `train`, except under the protocol `paper`.
    n_left_out : int
        Training and validation images that were left out: their recording or background is tested (or validated).
    is_leaky : bool
        Whether images of one recording may be on two sides.
    """

    name: str
    train: np.ndarray
    test: np.ndarray
    validation: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=int))
    n_left_out: int = 0
    is_leaky: bool = False


def tested_in(splits: Iterable[Split], table: pd.DataFrame) -> dict[str, list[str]]:
    """The images that each fold tests, by `file_name`.

    Parameters
    ----------
    splits : iterable of Split
    table : pandas.DataFrame
        To which their rows refer.
    """
    return {split.name: list(table["file_name"].iloc[split.test]) for split in splits}


def splits_of(recipe: Recipe, table: pd.DataFrame, *, multilabel: bool = False) -> list[Split]:
    """Split the images of a recipe; see `make_splits`.

    Parameters
    ----------
    recipe : Recipe
    table : pandas.DataFrame
        One row per image of the recipe's classes (`train.data.select_classes.select_classes`).
    multilabel : bool
        Whether an image may have several labels.
    """
    return make_splits(
        table,
        protocol=recipe.protocol,
        with_validation=recipe.select == "validation",
        allow_recording_overlap=recipe.allow_recording_overlap,
        train_variants=recipe.train_variants,
        ignore_folds=recipe.ignore_folds,
        n_folds=recipe.n_folds,
        seed=recipe.seed,
        multilabel=multilabel,
    )


def make_splits(
    table: pd.DataFrame,
    *,
    protocol: str = "folds",
    with_validation: bool = False,
    allow_recording_overlap: bool = False,
    train_variants: Collection[str] | None = None,
    ignore_folds: bool = False,
    n_folds: int | None = None,
    seed: int = 0,
    multilabel: bool = False,
) -> list[Split]:
    """Split the images of a folder, once for each fold.

    Parameters
    ----------
    table : pandas.DataFrame
        `metadata.csv`: one row per image, with `clip_id`, `source_id`, `label`, `fold`, `variant`, `duplicate`,
        `reviewed`, and `background_source_id` where backgrounds may be mixed in.
    protocol : {"folds", "random-clips", "paper"}
        `folds`: the published folds of the collection, each the test once; where it has none, stratified folds of
        whole recordings. `random-clips` splits clips at random, whatever their recording. `paper` splits all images
        at random, variants too. The last two are leaky.
    with_validation : bool
        Use the next fold (for the leaky protocols: an eighth of the training images) to select the epoch.
    allow_recording_overlap : bool
        Where published folds share recordings, train on those of the test too, as published; the split is leaky then.
    train_variants : collection of str, optional
        Variants to train on beside the originals; default: all. Images that equal their original are not trained on
        (under `paper` they are, as for the published accuracies).
    ignore_folds : bool
        Make folds of whole recordings even if the collection has published folds.
    n_folds : int, optional
        Number of these; see `train.data.grouped_folds.grouped_folds`.
    seed : int
        Of random splits.
    multilabel : bool
        Whether an image may have several labels; see `generate.dataset.label_sets`.

    Returns
    -------
    list of Split

    Raises
    ------
    ValueError
        If the protocol or a variant does not exist, or the table cannot be split.
    """
    if protocol not in PROTOCOLS:
        raise ValueError(f"protocol must be one of {', '.join(PROTOCOLS)}. Got {protocol!r}.")
    table = table.reset_index(drop=True)
    wanted, added = _wanted(table, train_variants), is_added(table)
    trainable = wanted & ~table["duplicate"].to_numpy(dtype=bool)
    originals = table[(table["variant"] == ORIGINAL) & ~added]
    if protocol != "folds" and len(originals):
        parts = split_images if protocol == "paper" else split_clips
        rows = wanted if protocol == "paper" else trainable
        train, validation, test = parts(table, rows, added, with_validation, seed, is_stratified=not multilabel)
        return [Split(name="1", train=train, validation=validation, test=test, is_leaky=True)]
    if not len(originals):
        raise ValueError("The folder has no originals, and only originals are tested. Run `python -m generate` again.")
    fold_of_clip = _folds(
        originals,
        ignore_folds=ignore_folds,
        n_folds=n_folds,
        with_validation=with_validation,
        seed=seed,
        multilabel=multilabel,
    )
    names = sorted(fold_of_clip.unique(), key=_natural)
    if len(names) < (3 if with_validation else 2):
        raise ValueError(
            f"The images must be of {3 if with_validation else 2} folds or more"
            f"{', one of them for validation' if with_validation else ''}. Got {len(names)}. Let `--ignore-folds` make "
            f"folds of whole recordings, or {'take --select last' if with_validation else 'render other folds too'}."
        )
    folds = table["clip_id"].map(fold_of_clip).to_numpy(dtype=object)
    return [
        _fold_split(
            table,
            trainable,
            folds,
            name,
            names[(k + 1) % len(names)] if with_validation else None,
            allow_recording_overlap,
        )
        for k, name in enumerate(names)
    ]


def count_shared_recordings(table: pd.DataFrame, split: Split) -> int:
    """Number of test images of a recording that training images hold too; 0 for a grouped split.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, with `source_id`.
    split : Split
        Of this table.
    """
    return count_held(table, split.train, split.test)


def _fold_split(
    table: pd.DataFrame,
    trainable: np.ndarray,
    folds: np.ndarray,
    test_fold: str,
    validation_fold: str | None,
    allow_recording_overlap: bool,
) -> Split:
    """Test one fold, perhaps validate on another, and train on the others without the recordings of either."""
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    test = (folds == test_fold) & is_original
    validation = (folds == validation_fold) & is_original
    train = (folds != test_fold) & (folds != validation_fold) & trainable
    n_before = int(train.sum() + validation.sum())
    n_shared = 0
    if allow_recording_overlap:
        n_shared = count_held(table, train | validation, test)
    else:
        validation &= ~hold_recordings_of(table, test)
        train &= ~hold_recordings_of(table, test | validation)
    return Split(
        name=test_fold,
        train=np.flatnonzero(train),
        validation=np.flatnonzero(validation),
        test=np.flatnonzero(test),
        n_left_out=n_before - int(train.sum() + validation.sum()),
        is_leaky=n_shared > 0,
    )


def has_own_folds(table: pd.DataFrame) -> bool:
    """Whether the collection has published folds: every clip has one, but for those that a review added.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, with `clip_id` and `fold`.

    Raises
    ------
    ValueError
        If some clips have a fold and others do not.
    """
    clips = table[~is_added(table)].drop_duplicates("clip_id")
    without = clips["fold"].astype(str) == ""
    if without.any() and not without.all():
        raise ValueError(
            f"All clips must have a fold, or none. Got {int(without.sum())} of {len(clips)} clips without a fold, such "
            f"as {clips['clip_id'][without].iloc[0]!r}. Add their folds, or let `--ignore-folds` make folds of whole "
            "recordings."
        )
    return not without.any()


def _folds(
    originals: pd.DataFrame,
    *,
    ignore_folds: bool,
    n_folds: int | None,
    with_validation: bool,
    seed: int,
    multilabel: bool,
) -> pd.Series:
    """Fold of each clip: the published one, or one of stratified folds of whole recordings."""
    clips = originals.set_index("clip_id")
    if not ignore_folds and has_own_folds(originals):
        published = clips["fold"].astype(str)
        if n_folds is not None:
            raise ValueError(
                f"--n-folds must be left out for a collection with published folds. Got {n_folds}, and "
                f"{published.nunique()} published folds ({listed(sorted(published.unique(), key=_natural))}). Add "
                "--ignore-folds to make other folds; the accuracy is then not comparable with published ones."
            )
        return published
    return grouped_folds(clips, n_folds=n_folds, with_validation=with_validation, seed=seed, multilabel=multilabel)


def _wanted(table: pd.DataFrame, train_variants: Collection[str] | None) -> np.ndarray:
    """Which images are originals or wanted variants."""
    variants = table["variant"]
    wanted = set(variants) if train_variants is None else {ORIGINAL, *train_variants}
    absent = sorted(wanted - set(variants))
    if absent:
        raise ValueError(
            f"--train-variants must name variants in the folder: {', '.join(sorted(set(variants)))}. Got {absent[0]!r}."
        )
    return variants.isin(wanted).to_numpy()


def _natural(fold: str) -> tuple[int, int, str]:
    """Sort key of a fold: by number where it is a number, 2 before 10."""
    return (0, int(fold), "") if fold.isdecimal() else (1, 0, fold)
