"""The nearest-neighbour baseline: each test image gets the class of the most similar training image."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from generate.dataset.background_classes import counted
from train.data.decode import PixelArray
from train.data.split import Split

SIDE_PX = 32
"""Images are compared at this size: those of one recording are alike at any, and large images would take minutes."""
MOST_TESTS = 5000
"""Test images of a fold; a random sample of this size gives the accuracy to 1.4 points (95 %)."""
AT_ONCE = 10_000
"""Training images that are compared at a time."""


def shrink(pixels: np.ndarray | PixelArray) -> np.ndarray:
    """Shrink images for comparison.

    Parameters
    ----------
    pixels : np.ndarray or PixelArray, shape=(n, height, width) or (n, height, width, 3), uint8

    Returns
    -------
    np.ndarray, shape=(n, SIDE_PX * SIDE_PX) or (n, SIDE_PX * SIDE_PX * 3), uint8
    """
    shrunk = np.empty((pixels.shape[0], n_shrunk(pixels.shape[3:])), dtype=np.uint8)
    for k in range(pixels.shape[0]):
        shrunk[k] = shrink_one(pixels[k])
    return shrunk


def n_shrunk(planes: tuple[int, ...]) -> int:
    """Values of a shrunk image, by the shape of its pixels after height and width: () or (3,)."""
    return SIDE_PX * SIDE_PX * math.prod(planes)


def shrink_one(image: np.ndarray) -> np.ndarray:
    """One of them: shape=(height, width[, 3]) to shape=(SIDE_PX * SIDE_PX [* 3],), uint8."""
    return np.asarray(Image.fromarray(image).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX)).ravel()


def nearest_neighbour_accuracy(shrunk: np.ndarray, labels: np.ndarray, split: Split) -> float:
    """Fraction of the test images whose most similar training image is of the same class.

    Test images of background do not count, as for the accuracy (see `generate.dataset.background_classes.counted`). Of
    more than `MOST_TESTS` test images a random sample is compared, always the same.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_images, n), uint8 or float32
        From `shrink`.
    labels : np.ndarray, shape=(n_images,)
    split : Split

    Returns
    -------
    float
        0 to 1. Far above the accuracy of a model trained with a grouped split, it shows that images of the test
        recordings are in training.
    """
    tests = split.test[counted(labels[split.test])]
    if len(tests) > MOST_TESTS:
        tests = np.random.default_rng(0).choice(tests, MOST_TESTS, replace=False)
    nearest = np.full(len(tests), np.inf)
    predicted = np.empty(len(tests), dtype=labels.dtype)
    # As float32 they take four times the memory: some training images at a time.
    for start in range(0, len(split.train), AT_ONCE):
        rows = split.train[start : start + AT_ONCE]
        neighbours = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(shrunk[rows].astype(np.float32))
        distance, place = neighbours.kneighbors(shrunk[tests].astype(np.float32))
        is_nearer = distance[:, 0] < nearest
        nearest[is_nearer] = distance[is_nearer, 0]
        predicted[is_nearer] = labels[rows[place[is_nearer, 0]]]
    return float((predicted == labels[tests]).mean())
