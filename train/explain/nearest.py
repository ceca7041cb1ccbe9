"""The most similar training image of a class, as an answer to "what did the model take it for?"."""

from __future__ import annotations

import numpy as np


def nearest_of_class(
    shrunk: np.ndarray, labels: np.ndarray, *, rows: np.ndarray, train: np.ndarray, label: str
) -> np.ndarray:
    """The nearest training image of one class to each of some images.

    Parameters
    ----------
    shrunk : np.ndarray, shape=(n_images, n), uint8 or float32
        From `train.report.knn_baseline.shrink`; the distance is Euclidean.
    labels : np.ndarray, shape=(n_images,)
    rows : np.ndarray, shape=(n,), int
        Images to find the nearest of.
    train : np.ndarray, shape=(n_train,), int
        Images that the model learnt from.
    label : str
        The class.

    Returns
    -------
    np.ndarray, shape=(n,), int
        Rows of `shrunk`; -1 where there is no training image of the class.
    """
    candidates = train[labels[train] == label]
    if not len(candidates) or not len(rows):
        return np.full(len(rows), -1)
    # |a - b|^2 = |a|^2 - 2ab + |b|^2, and the first is the same for all candidates.
    those, these = shrunk[rows].astype(np.float32), shrunk[candidates].astype(np.float32)
    distances = (these**2).sum(axis=1) - 2 * those @ these.T
    return candidates[distances.argmin(axis=1)]
