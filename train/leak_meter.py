"""How well pure memory does under a split: the class of the most similar training picture, with no learning at all."""

from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from train.split import Split

SIDE_PX = 32
"""Pictures are compared at this size: relatives are alike at any, and large pictures would take minutes."""


def shrink(levels: np.ndarray) -> np.ndarray:
    """Pictures as rows of numbers to be compared.

    Parameters
    ----------
    levels : np.ndarray, shape=(n, height, width), uint8

    Returns
    -------
    np.ndarray, shape=(n, SIDE_PX * SIDE_PX), float32
    """
    small = [Image.fromarray(picture).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX) for picture in levels]
    return np.stack([np.asarray(picture, dtype=np.float32).ravel() for picture in small])


def nearest_neighbour_accuracy(shrunk: np.ndarray, labels: np.ndarray, split: Split) -> float:
    """Part of the test pictures whose most similar training picture is of the same class.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_pictures, n), float32
        From `shrink`.
    labels : np.ndarray, shape=(n_pictures,)
    split : Split

    Returns
    -------
    float
        0 to 1. Far above what a trained net reaches under an honest split, it tells that relatives of the test are in
        training.
    """
    memory = KNeighborsClassifier(1, algorithm="brute").fit(shrunk[split.train], labels[split.train])
    return float((memory.predict(shrunk[split.test]) == labels[split.test]).mean())
