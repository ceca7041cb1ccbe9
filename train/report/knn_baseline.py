"""How well pure memory does under a split: the class of the most similar training image, with no learning at all."""

from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from train.data.split import Split

SIDE_PX = 32
"""Images are compared at this size: relatives are alike at any, and large images would take minutes."""
MOST_TESTS = 5000
"""Of a fold; each is held against all that is trained on. What is drawn tells the part to 1.4 points (95 %)."""
AT_ONCE = 10_000
"""Training images that are compared at a time."""


def shrink(pixels: np.ndarray) -> np.ndarray:
    """Images as rows of numbers to be compared.

    Parameters
    ----------
    pixels : np.ndarray or PixelsOnDisk, shape=(n, height, width), uint8
        Read one after the other.

    Returns
    -------
    np.ndarray, shape=(n, SIDE_PX * SIDE_PX), uint8
    """
    shrunk = np.empty((len(pixels), SIDE_PX * SIDE_PX), dtype=np.uint8)
    for image, small in zip(pixels, shrunk, strict=True):
        small[:] = shrink_one(image)
    return shrunk


def shrink_one(image: np.ndarray) -> np.ndarray:
    """One of them: shape=(height, width) to shape=(SIDE_PX * SIDE_PX,), uint8."""
    return np.asarray(Image.fromarray(image).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)).ravel()


def nearest_neighbour_accuracy(shrunk: np.ndarray, labels: np.ndarray, split: Split) -> float:
    """Part of the test images whose most similar training image is of the same class.

    Of more than `MOST_TESTS` test images so many are drawn, always the same.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_images, n), uint8 or float32
        From `shrink`.
    labels : np.ndarray, shape=(n_images,)
    split : Split

    Returns
    -------
    float
        0 to 1. Far above what a trained model reaches under an honest split, it tells that relatives of the test are in
        training.
    """
    tests = split.test
    if len(tests) > MOST_TESTS:
        tests = np.random.default_rng(0).choice(tests, MOST_TESTS, replace=False)
    nearest = np.full(len(tests), np.inf)
    predicted = np.empty(len(tests), dtype=labels.dtype)
    # As numbers with a fraction they take four times the memory: so many training images at a time.
    for start in range(0, len(split.train), AT_ONCE):
        rows = split.train[start : start + AT_ONCE]
        memory = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(shrunk[rows].astype(np.float32))
        distance, found = memory.kneighbors(shrunk[tests].astype(np.float32))
        is_nearer = distance[:, 0] < nearest
        nearest[is_nearer] = distance[is_nearer, 0]
        predicted[is_nearer] = labels[rows[found[is_nearer, 0]]]
    return float((predicted == labels[tests]).mean())
