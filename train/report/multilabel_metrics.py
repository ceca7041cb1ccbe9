"""Average precision of each class, where a clip may have several labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from train.report.intervals import LEVEL, recordings_needed
from train.report.multilabel_records import LabelResult, MultilabelResult

N_RESAMPLES = 1000
AT_ONCE = 50
"""Resamples; all at once take 58 kB a test clip."""
ROUNDING = 1e-9


def average_precision(truth: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average precision as scikit-learn's `average_precision_score`, for many sets of weights at once.

    Parameters
    ----------
    truth : np.ndarray, shape=(n,), bool
    scores : np.ndarray, shape=(n,)
    weights : np.ndarray, shape=(n_sets, n)
        How often each clip counts.

    Returns
    -------
    np.ndarray, shape=(n_sets,)
        0 to 1; NaN where no clip of the class counts.

    Examples
    --------
    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7]), np.ones((1, 3))).round(3)
    array([0.833])
    """
    order = np.argsort(-scores, kind="stable")
    weights, truth, scores = weights[:, order], truth[order], scores[order]
    is_last_of_equal = np.append(scores[1:] != scores[:-1], True)
    found = np.cumsum(weights * truth, axis=1)[:, is_last_of_equal]
    alarms = np.cumsum(weights, axis=1)[:, is_last_of_equal]
    precision = found / np.maximum(alarms, 1e-12)
    gained = np.diff(found, axis=1, prepend=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((gained * precision).sum(axis=1) / found[:, -1])


def mean_average_precision(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of the average precisions of the classes that some clip has.

    Parameters
    ----------
    truth : np.ndarray, shape=(n, n_classes), bool or 0 and 1
    probabilities : np.ndarray, shape=(n, n_classes)

    Returns
    -------
    float
        0 to 1; the mean share of clips that have a class for probabilities that say nothing.
    """
    return float(_mean(_of_classes(np.asarray(truth, bool), probabilities, np.ones((1, len(truth)))))[0])


def multilabel_result(
    truth: np.ndarray, probabilities: np.ndarray, *, groups: np.ndarray, classes: Sequence[str]
) -> MultilabelResult:
    """Average precisions with intervals: percentile bootstrap over recordings.

    Where each clip of a class is before all others, every resample is too; the lower end is then the exact one for as
    many recordings, all of which are right.

    Parameters
    ----------
    truth, probabilities
        See `mean_average_precision`.
    groups : np.ndarray, shape=(n,)
        Recording of each clip.
    classes : sequence of str
    """
    truth = np.asarray(truth, bool)
    precisions = _of_classes(truth, probabilities, np.ones((1, len(truth))))[:, 0]
    names, recording = np.unique(groups, return_inverse=True)
    n_with = [len(set(recording[truth[:, k]])) for k in range(len(classes))]
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_RESAMPLES)
    blocks = (drawn[first : first + AT_ONCE, recording].astype(float) for first in range(0, N_RESAMPLES, AT_ONCE))
    resampled = np.concatenate([_of_classes(truth, probabilities, block) for block in blocks], axis=1)
    low, high = _ends(_mean(resampled), n=len(names), n_least=min((n for n in n_with if n), default=0))
    rows = []
    for k, name in enumerate(classes):
        of_class = _ends(resampled[k], n=n_with[k], n_least=n_with[k])
        precision = None if np.isnan(precisions[k]) else float(precisions[k])
        share = float(truth[:, k].mean())
        rows.append(
            LabelResult(label=name, average_precision=precision, low=of_class[0], high=of_class[1], share=share)
        )
    return MultilabelResult(
        mean_average_precision=float(_mean(precisions[:, None])[0]) if truth.any() else None,
        low=low,
        high=high,
        chance=float(truth[:, truth.any(axis=0)].mean()) if truth.any() else None,
        labels=tuple(rows),
    )


def _of_classes(truth: np.ndarray, probabilities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Shape=(n_classes, n_sets)."""
    return np.stack([average_precision(truth[:, k], probabilities[:, k], weights) for k in range(truth.shape[1])])


def _mean(of_classes: np.ndarray) -> np.ndarray:
    """Mean over the classes that are not NaN, of shape=(n_classes, n_sets); NaN where all are."""
    is_there = ~np.isnan(of_classes)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(is_there, of_classes, 0).sum(axis=0) / is_there.sum(axis=0))


def _ends(values: np.ndarray, *, n: int, n_least: int) -> tuple[float | None, float | None]:
    """Both ends of an interval, or None where fewer recordings than needed were tested.

    `n_least` recordings of a class, the least of any class, were all right where no resample is below 1.
    """
    values = values[~np.isnan(values)]
    if n < recordings_needed() or not len(values):
        return None, None
    if n_least and values.min() > 1 - ROUNDING:
        return ((1 - LEVEL) / 2) ** (1 / n_least), 1.0
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
