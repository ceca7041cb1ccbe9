"""How well one number of a clip alone predicts its class: a shortcut that a model would learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_RECORDINGS = 3
"""Of a class that is assessed: with fewer, it looks predictable by chance."""
PERMUTATIONS = 99
"""Permutations, none of which may be as accurate as the true labels: a false alarm in at most 1 of 100 collections."""


@dataclass(frozen=True)
class Shortcut:
    """How well one number predicts the class.

    Parameters
    ----------
    accuracy : float
        Balanced accuracy over all classes, 0 to 1.
    chance : float
        The same by chance: 1 / classes.
    by_class : pandas.Series
        Label to the balanced accuracy of that class against all others, the mean of sensitivity and specificity; 0.5
        by chance. Best first; classes of few recordings are left out.
    """

    accuracy: float
    chance: float
    by_class: pd.Series


def shortcut(values: np.ndarray, labels: np.ndarray, sources: np.ndarray, *, width: float) -> Shortcut:
    """Predict the class of each clip by one number of it, from clips of other recordings.

    Predicted is the class of which the largest share of clips has nearly that number; clips of the same recording are
    left out, and a tie counts as a fraction. Shares instead of counts give a large class no advantage.

    Parameters
    ----------
    values : np.ndarray, shape=(n,), float
        Finite.
    labels, sources : np.ndarray, shape=(n,)
        Class and original recording of each clip.
    width : float
        Numbers that differ by at most this count as equal.

    Returns
    -------
    Shortcut
    """
    values = np.asarray(values, dtype=np.float64)
    codes, classes = pd.factorize(np.asarray(labels, dtype=object), sort=True)
    sources = pd.factorize(np.asarray(sources, dtype=object))[0]
    n_near, n_all = _neighbours(values, codes, sources, width=width)
    own = np.arange(len(values)), codes

    share = n_near / np.maximum(n_all, 1)
    is_best = np.isclose(share, share.max(axis=1, keepdims=True))
    right = is_best[own] / is_best.sum(axis=1)

    rest = (n_near.sum(axis=1, keepdims=True) - n_near) / np.maximum(n_all.sum(axis=1, keepdims=True) - n_all, 1)
    is_predicted = np.where(np.isclose(share, rest), 0.5, share > rest)
    n_recordings = pd.Series(sources).groupby(codes).nunique()
    by_class = {}
    for code in np.flatnonzero(n_recordings.to_numpy() >= FEWEST_RECORDINGS):
        mine = codes == code
        if mine.any() and not mine.all():
            by_class[classes[code]] = (is_predicted[mine, code].mean() + 1 - is_predicted[~mine, code].mean()) / 2
    return Shortcut(
        accuracy=float(pd.Series(right).groupby(codes).mean().mean()),
        chance=1 / len(classes),
        by_class=pd.Series(by_class, dtype=float).sort_values(ascending=False, kind="stable"),
    )


def could_be_chance(
    found: Shortcut, values: np.ndarray, labels: np.ndarray, sources: np.ndarray, *, width: float
) -> tuple[bool, bool]:
    """Whether labels permuted over the recordings are predicted as well; with few recordings a class they often are.

    Parameters
    ----------
    found : Shortcut
        Of these values and labels.
    values, labels, sources, width
        As of `shortcut`.

    Returns
    -------
    best, accuracy : bool
        Whether any of 99 permutations reaches the best class of `found`, and its accuracy.

    References
    ----------
    Phipson, B. and Smyth, G. K. "Permutation p-values should never be zero", Statistical Applications in Genetics and
    Molecular Biology 9, 2010.
    """
    codes = pd.factorize(np.asarray(sources, dtype=object))[0]
    labels = np.asarray(labels, dtype=object)
    order = np.argsort(codes, kind="stable")
    n_clips = np.bincount(codes)
    of_recording = np.split(labels[order], np.cumsum(n_clips)[:-1])
    rng = np.random.default_rng(0)
    best = accuracy = False
    for _ in range(PERMUTATIONS):
        permuted_labels = np.empty(len(codes), dtype=object)
        permuted_labels[order] = _permuted(of_recording, n_clips, rng)
        permuted = shortcut(values, permuted_labels, codes, width=width)
        best |= len(permuted.by_class) > 0 and bool(permuted.by_class.max() >= found.by_class.max())
        accuracy |= permuted.accuracy >= found.accuracy
        if best and accuracy:
            break
    return best, accuracy


def _permuted(of_recording: list[np.ndarray], n_clips: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Labels of the clips, recording by recording, where each has those of another one.

    Those of a recording of several classes are in random order, and drawn again where it has fewer clips.
    """
    parts = []
    for k, n in zip(rng.permutation(len(of_recording)), n_clips, strict=True):
        own = rng.permutation(of_recording[k])
        parts.append(np.concatenate([own, rng.choice(own, n - len(own))]) if n > len(own) else own[:n])
    return np.concatenate(parts)


def _neighbours(
    values: np.ndarray, codes: np.ndarray, sources: np.ndarray, *, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clips of other recordings by class: those of nearly the same number, and all; each shape=(n, classes)."""
    n_classes = codes.max() + 1
    n_near = np.empty((len(values), n_classes))
    for code in range(n_classes):
        of_class = np.sort(values[codes == code])
        highest = np.searchsorted(of_class, values + width, side="right")
        n_near[:, code] = highest - np.searchsorted(of_class, values - width, side="left")
    n_all = np.tile(np.bincount(codes, minlength=n_classes).astype(float), (len(values), 1))
    alone = np.bincount(sources)[sources] == 1
    n_near[alone, codes[alone]] -= 1
    n_all[alone, codes[alone]] -= 1
    several = np.flatnonzero(~alone)
    for places in pd.Series(several).groupby(sources[several]).indices.values():
        rows = several[places]
        is_near = np.abs(values[rows, np.newaxis] - values[rows]) <= width
        is_class = np.eye(n_classes)[codes[rows]]
        n_near[rows] -= is_near @ is_class
        n_all[rows] -= is_class.sum(axis=0)
    return n_near, n_all
