"""A part of the recordings of each class, drawn at random, and what a last layer that is fitted to it gets right."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from zlib import crc32

import numpy as np
from threadpoolctl import threadpool_limits

from train.data.split import Split
from train.training.linear_head import fit_head


def generator_of(seed: int, draw: int, fold: str) -> np.random.Generator:
    """What draws the recordings of a fold, whichever other folds there are.

    Parameters
    ----------
    seed, draw : int
    fold : str
        Its name.
    """
    return np.random.default_rng((seed, draw, crc32(fold.encode())))


def part_of_recordings(
    rows: np.ndarray, truth: np.ndarray, sources: np.ndarray, share: float, *, rng: np.random.Generator
) -> np.ndarray:
    """Draw whole recordings of each class.

    Parameters
    ----------
    rows : np.ndarray, shape=(n,), int
        Training images.
    truth, sources : np.ndarray, shape=(n_images,)
        Class and recording of each image; a recording may be of several classes.
    share : float
        Of the recordings of each class, above 0, at most 1; rounded up. A class has more where its recordings are also
        those of others.
    rng : numpy.random.Generator
        A smaller share drawn with the same state is within a larger one.

    Returns
    -------
    np.ndarray, int
        The rows of these recordings, in their order.
    """
    names, first, code = np.unique(sources[rows], return_index=True, return_inverse=True)
    of_class = truth[rows[first]]
    place = np.empty(len(names))  # from 0 to 1 within the recordings of its first class
    for k in np.unique(of_class):
        own = np.flatnonzero(of_class == k)
        place[rng.permutation(own)] = (np.arange(len(own)) + 0.5) / len(own)
    kept = np.zeros(len(names), dtype=bool)
    for k in np.unique(truth[rows]):
        own = np.unique(code[truth[rows] == k])
        order = own[np.argsort(place[own], kind="stable")]
        kept[order[: math.ceil(round(share * len(order), 9))]] = True
    return rows[kept[code]]


def n_recordings_drawn(
    train: Mapping[str, np.ndarray],
    truth: np.ndarray,
    sources: np.ndarray,
    share: float,
    *,
    n_classes: int,
    n_draws: int,
    seed: int = 0,
) -> np.ndarray:
    """Recordings that `part_of_recordings` draws, in the mean over folds and draws.

    Parameters
    ----------
    train : Mapping of str to np.ndarray
        Training images of each fold.
    truth, sources, share, n_draws, seed
        See `right_by_share`.
    n_classes : int

    Returns
    -------
    np.ndarray, shape=(n_classes + 1,)
        Of each class, and of all.
    """
    drawn = np.zeros(n_classes + 1)
    for draw in range(n_draws):
        for fold, rows in train.items():
            part = part_of_recordings(rows, truth, sources, share, rng=generator_of(seed, draw, fold))
            drawn += [*(len(set(sources[part[truth[part] == k]])) for k in range(n_classes)), len(set(sources[part]))]
    return np.asarray(drawn / (n_draws * len(train)))


def right_by_share(
    features: np.ndarray,
    truth: np.ndarray,
    sources: np.ndarray,
    splits: Sequence[Split],
    *,
    n_classes: int,
    shares: Sequence[float],
    n_draws: int,
    class_weights: bool = False,
    seed: int = 0,
    on_fit: Callable[[], None] = lambda: None,
) -> dict[float, np.ndarray]:
    """Which test images are right when the last layer is fitted to a part of the training recordings.

    Parameters
    ----------
    features : np.ndarray, shape=(n_images, n_features)
    truth, sources : np.ndarray, shape=(n_images,)
    splits : sequence of Split
        Grouped; each test image is in one of them.
    n_classes : int
    shares : sequence of float
        Above 0, at most 1.
    n_draws : int
        Random parts of each share below 1; those of one draw are within each other.
    class_weights : bool
        Whether each class counts the same.
    seed : int
    on_fit : callable
        Called after each fit.

    Returns
    -------
    dict of float to np.ndarray, shape=(n_draws or 1, n_images)
        1 right, 0 wrong, NaN not tested.
    """
    right = {share: np.full((n_draws if share < 1 else 1, len(truth)), np.nan) for share in shares}
    with threadpool_limits(1):  # products of this size are slower on several threads
        for share, of_share in right.items():
            for draw, found in enumerate(of_share):
                for split in splits:
                    rng = generator_of(seed, draw, split.name)
                    train = part_of_recordings(split.train, truth, sources, share, rng=rng)
                    head = fit_head(features[train], truth[train], n_classes, class_weights)
                    found[split.test] = head.logits(features[split.test]).argmax(axis=1) == truth[split.test]
                    on_fit()
    return right
