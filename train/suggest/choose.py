"""Choose windows to label: uncertain, unlike what is known, unlike each other; and some at random."""

from __future__ import annotations

import numpy as np


def uncertainty(probabilities: np.ndarray) -> np.ndarray:
    """1 less the margin between the two most probable classes (Scheffer, Decomain and Wrobel, IDA 2001), 0 to 1.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Of two classes or more.
    """
    two = np.sort(probabilities, axis=1)[:, -2:]
    return np.asarray(1 - (two[:, 1] - two[:, 0]))


def scores(uncertain: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Mean of the ranks by uncertainty and by distance, each from above 0 to 1.

    Parameters
    ----------
    uncertain, distances : np.ndarray, shape=(n,)
    """
    from scipy.stats import rankdata

    return np.asarray((rankdata(uncertain) + rankdata(distances)) / (2 * len(uncertain)))


def choose_diverse(score: np.ndarray, vectors: np.ndarray, *, n: int, least_distance: float) -> list[int]:
    """Choose the highest scores, but none that is like one that is chosen: neighbouring windows sound the same.

    Parameters
    ----------
    score : np.ndarray, shape=(n_windows,)
    vectors : np.ndarray, shape=(n_windows, n_features)
        Of length 1.
    n : int
        How many, at most.
    least_distance : float
        Between two of them, 1 less the cosine.

    Returns
    -------
    list of int
        Rows, the highest score first.
    """
    chosen: list[int] = []
    apart = np.full(len(score), np.inf)
    for row in np.argsort(-score, kind="stable").tolist():
        if len(chosen) == n:
            break
        if apart[row] >= least_distance:
            chosen.append(row)
            apart = np.minimum(apart, 1 - (vectors @ vectors[row]).astype(float))
    return chosen


def choose(
    score: np.ndarray, vectors: np.ndarray, *, most: int, n_random: int, least_distance: float, seed: int
) -> tuple[list[int], list[int]]:
    """Choose some at random from all, so that they stand for all, and then the most useful of the others.

    Parameters
    ----------
    score, vectors, least_distance
        See `choose_diverse`.
    most, n_random : int
        Of few windows at most half are chosen at random.
    seed : int

    Returns
    -------
    useful, at_random : list of int
        Rows; none is in both.
    """
    at_random = np.random.default_rng(seed).permutation(len(score))[: min(n_random, len(score) // 2)]
    others = np.setdiff1d(np.arange(len(score)), at_random)
    useful = choose_diverse(score[others], vectors[others], n=most, least_distance=least_distance)
    return [int(others[k]) for k in useful], at_random.tolist()
