"""Random training, validation and test items, for the leaky protocols."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL

TEST_SHARE = 0.2
"""As in the papers."""
VALIDATION_SHARE = 0.125
"""Of the others."""


def random_parts(
    items: pd.Series, labels: pd.Series | None, with_validation: bool, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training, validation and test items.

    Parameters
    ----------
    items : pandas.Series, shape=(n,)
    labels : pandas.Series or None
        By which the parts are stratified; None where clips have sets of labels, of which many are rare.
    with_validation : bool
        Else there are no validation items.
    seed : int

    Raises
    ------
    ValueError
        If there are too few items for this.
    """
    from sklearn.model_selection import train_test_split

    values = items.to_numpy()
    classes = None if labels is None else labels.to_numpy()
    rows = np.arange(len(values))
    try:
        train, test = train_test_split(rows, test_size=TEST_SHARE, stratify=classes, random_state=seed)
        if not with_validation:
            return values[train], values[:0], values[test]
        of_train = None if classes is None else classes[train]
        train, validation = train_test_split(train, test_size=VALIDATION_SHARE, stratify=of_train, random_state=seed)
    except ValueError as error:
        of = "" if classes is None else f" of {len(set(classes))} classes"
        raise ValueError(f"{len(values)} images or clips{of} are too few for a random split: {error}") from None
    return values[train], values[validation], values[test]


def split_clips(
    table: pd.DataFrame,
    trainable: np.ndarray,
    added: np.ndarray,
    with_validation: bool,
    seed: int,
    *,
    is_stratified: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of training, validation and test images, of clips split at random: variants stay with their clip.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image.
    trainable, added : np.ndarray, shape=(n,), bool
        Which images may be trained on; which are of clips that a review added, which are never tested.
    with_validation : bool
    seed : int
    is_stratified : bool
        By label.
    """
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    clips = table[is_original & ~added].drop_duplicates("clip_id")
    train, *others = random_parts(clips["clip_id"], clips["label"] if is_stratified else None, with_validation, seed)
    rows = (table["clip_id"].isin(train).to_numpy() | added) & trainable
    validation, test = (np.flatnonzero(table["clip_id"].isin(part).to_numpy() & is_original) for part in others)
    return np.flatnonzero(rows), validation, test


def split_images(
    table: pd.DataFrame,
    wanted: np.ndarray,
    added: np.ndarray,
    with_validation: bool,
    seed: int,
    *,
    is_stratified: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of training, validation and test images, split at random as published: variants of a clip are on all sides.

    Parameters
    ----------
    table, added, with_validation, seed, is_stratified
        As of `split_clips`.
    wanted : np.ndarray, shape=(n,), bool
        Which images are split.
    """
    rows = pd.Series(np.flatnonzero(wanted & ~added))
    labels = table["label"].iloc[rows] if is_stratified else None
    train, validation, test = random_parts(rows, labels, with_validation, seed)
    return np.sort(np.concatenate([train, np.flatnonzero(wanted & added)])), validation, test
