"""How alike two clips are: the angle between the features that a pretrained model gives for their images."""

from __future__ import annotations

import numpy as np

from train.calibration.distance import unit


def embed(features: np.ndarray) -> np.ndarray:
    """Bring features to length 1, as they are: not centred, and not scaled by how much they vary over some clips.

    On ESC-10 (five official folds, 400 clips) the majority of the nearest five training clips is the right class in
    90 %, as for the logistic regression of `--quality fast`. With features scaled to a standard deviation of 1 it is
    89 %, and what is unlike one class alone is told from it far less well: the mean area under the ROC curve of the
    ten classes is 0.81 instead of 0.96, since around the mean of a class all other sounds lie in every direction.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)

    Returns
    -------
    np.ndarray, shape=(n, n_features), float32
    """
    return unit(features)


def nearest(vectors: np.ndarray, references: np.ndarray, *, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest references of each vector.

    Parameters
    ----------
    vectors : np.ndarray, shape=(n_vectors, n_features)
        As `embed` gives them.
    references : np.ndarray, shape=(n_references, n_features)
    n : int
        How many; at most there are as many as references.

    Returns
    -------
    distances : np.ndarray, shape=(n_vectors, n)
        1 less the cosine of the angle, 0 to 2, ascending.
    rows : np.ndarray, shape=(n_vectors, n), int
        Of `references`.
    """
    from sklearn.neighbors import NearestNeighbors

    neighbours = NearestNeighbors(n_neighbors=min(n, len(references)), metric="cosine", algorithm="brute")
    distances, rows = neighbours.fit(references).kneighbors(vectors)
    return distances, rows
