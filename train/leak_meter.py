"""How well pure memory does under a split: the class of the most similar training picture, with no learning at all."""

from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from train.split import Split

SIDE_PX = 32
"""Pictures are compared at this size: relatives are alike at any, and large pictures would take minutes."""
AT_ONCE = 50_000
"""Pictures that are compared with each other at a time."""


def shrink(levels: np.ndarray) -> np.ndarray:
    """Pictures as rows of numbers to be compared.

    Parameters
    ----------
    levels : np.ndarray or LevelsOnDisk, shape=(n, height, width), uint8
        Read one after the other.

    Returns
    -------
    np.ndarray, shape=(n, SIDE_PX * SIDE_PX), uint8
    """
    shrunk = np.empty((len(levels), SIDE_PX * SIDE_PX), dtype=np.uint8)
    for picture, small in zip(levels, shrunk, strict=True):
        small[:] = np.asarray(Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)).ravel()
    return shrunk


def nearest_neighbour_accuracy(shrunk: np.ndarray, labels: np.ndarray, split: Split) -> float:
    """Part of the test pictures whose most similar training picture is of the same class.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_pictures, n), uint8 or float32
        From `shrink`.
    labels : np.ndarray, shape=(n_pictures,)
    split : Split

    Returns
    -------
    float
        0 to 1. Far above what a trained net reaches under an honest split, it tells that relatives of the test are in
        training.
    """
    nearest = np.full(len(split.test), np.inf)
    predicted = np.empty(len(split.test), dtype=labels.dtype)
    # As numbers with a fraction they take four times the memory: so many training pictures at a time.
    for start in range(0, len(split.train), AT_ONCE):
        rows = split.train[start : start + AT_ONCE]
        memory = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(shrunk[rows].astype(np.float32))
        for begin in range(0, len(split.test), AT_ONCE):
            some = slice(begin, begin + AT_ONCE)
            distance, found = memory.kneighbors(shrunk[split.test[some]].astype(np.float32))
            is_nearer = distance[:, 0] < nearest[some]
            nearest[some] = np.where(is_nearer, distance[:, 0], nearest[some])
            predicted[some] = np.where(is_nearer, labels[rows[found[:, 0]]], predicted[some])
    return float((predicted == labels[split.test]).mean())
