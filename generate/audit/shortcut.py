"""How well one number alone tells the class, without the sound: a shortcut that a model would take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

FEWEST_RECORDINGS = 3
"""Of a class that is judged: with fewer, chance alone makes it look like no other."""
SHUFFLES = 99
"""None of so many may tell as much as the true labels: a false alarm in 1 of 100 collections at most."""


@dataclass(frozen=True)
class Shortcut:
    """What one number tells.

    Parameters
    ----------
    accuracy : float
        Share of clips whose class is guessed by it, the mean over the classes, 0 to 1.
    chance : float
        The same by blind guessing: 1 / classes.
    by_class : pandas.Series
        Label to how well that class is told from all others: the mean of the shares of its own clips and of the
        others' that are told rightly; 0.5 by blind guessing. Best first; classes of few recordings are left out.
    """

    accuracy: float
    chance: float
    by_class: pd.Series


def shortcut(values: np.ndarray, labels: np.ndarray, sources: np.ndarray, *, width: float) -> Shortcut:
    """Guess each clip's class by one number of it, from clips of other recordings.

    The guess is the class of which the largest share of clips has nearly that number; clips of the same recording are
    left out, and where several classes have the same share, each is guessed in turn. Shares and not counts, so that
    a large class is no better than a small one.

    Parameters
    ----------
    values : np.ndarray, shape=(n,), float
        Finite.
    labels, sources : np.ndarray, shape=(n,)
        Class and original recording of each clip.
    width : float
        Numbers that differ by at most this are taken for equal.

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
    says_yes = np.where(np.isclose(share, rest), 0.5, share > rest)
    n_recordings = pd.Series(sources).groupby(codes).nunique()
    by_class = {}
    for code in np.flatnonzero(n_recordings.to_numpy() >= FEWEST_RECORDINGS):
        mine = codes == code
        if mine.any() and not mine.all():
            by_class[classes[code]] = (says_yes[mine, code].mean() + 1 - says_yes[~mine, code].mean()) / 2
    return Shortcut(
        accuracy=float(pd.Series(right).groupby(codes).mean().mean()),
        chance=1 / len(classes),
        by_class=pd.Series(by_class, dtype=float).sort_values(ascending=False, kind="stable"),
    )


def could_be_chance(
    told: Shortcut, values: np.ndarray, labels: np.ndarray, sources: np.ndarray, *, width: float
) -> tuple[bool, bool]:
    """Whether labels dealt to the recordings at random tell as much: with few recordings a class they often do.

    Parameters
    ----------
    told : Shortcut
        Of these values and labels.
    values, labels, sources, width
        As of `shortcut`.

    Returns
    -------
    best, accuracy : bool
        Whether any of 99 deals reaches the best class of `told`, and its accuracy.

    References
    ----------
    Phipson, B. and Smyth, G. K. "Permutation p-values should never be zero", Statistical Applications in Genetics and
    Molecular Biology 9, 2010.
    """
    codes, names = pd.factorize(np.asarray(sources, dtype=object))
    of_recording = np.empty(len(names), dtype=object)
    of_recording[codes] = np.asarray(labels, dtype=object)
    rng = np.random.default_rng(0)
    best = accuracy = False
    for _ in range(SHUFFLES):
        dealt = shortcut(values, rng.permutation(of_recording)[codes], codes, width=width)
        best |= len(dealt.by_class) > 0 and bool(dealt.by_class.max() >= told.by_class.max())
        accuracy |= dealt.accuracy >= told.accuracy
        if best and accuracy:
            break
    return best, accuracy


def _neighbours(
    values: np.ndarray, codes: np.ndarray, sources: np.ndarray, *, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Clips of other recordings by class, those of nearly the same number and all, each of shape=(n, classes)."""
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
