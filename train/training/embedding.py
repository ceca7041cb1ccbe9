"""How alike two clips are: the distance of the features that a pretrained model gives for their images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST_STD = 1e-3
"""A feature that hardly varies says nothing, and must not be divided by nothing."""


@dataclass(frozen=True)
class Embedding:
    """Features, brought to mean 0 and standard deviation 1 over some reference clips, then to length 1.

    On ESC-10 (five official folds, 400 clips) the majority of the nearest five training clips is the right class in
    89 %, and the logistic regression of `--quality fast` on the same originals in 90 %.

    Parameters
    ----------
    mean, std : np.ndarray, shape=(n_features,)
        Of the reference clips.
    """

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Embedding:
        """The embedding whose reference clips have these features, shape=(n, n_features)."""
        return cls(features.mean(axis=0), np.maximum(features.std(axis=0), SMALLEST_STD))

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Vectors of length 1, shape=(n, n_features), float32, of features of that shape."""
        scaled = ((features - self.mean) / self.std).astype(np.float32)
        return np.asarray(scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12))


def nearest(vectors: np.ndarray, references: np.ndarray, *, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest references of each vector.

    Parameters
    ----------
    vectors : np.ndarray, shape=(n_vectors, n_features)
        As `Embedding.embed` gives them.
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
