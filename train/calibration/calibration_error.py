"""How far calibrated probabilities are from what is right, and how far they would be by chance alone."""

from __future__ import annotations

import numpy as np

N_BINS = 15
"""Of equal width from 0 to 1, as Guo et al. have them."""
N_DRAWS = 400
SHARE_BELOW = 0.95
"""Of the errors of perfectly calibrated probabilities."""


def calibration_error(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """Expected calibration error (ECE): how far the highest probability is from the share that is right.

    Parameters
    ----------
    probabilities, truth
        See `train.calibration.temperature.fit_temperature`.

    Returns
    -------
    float
        0 to 1: the mean over clips of the absolute difference between accuracy and confidence in their bin; with
        several labels a clip the mean over clips and classes.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    if truth.ndim == 2:
        return _error(probabilities.ravel(), truth.ravel().astype(bool))
    return _error(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def error_by_chance(probabilities: np.ndarray, groups: np.ndarray, *, multilabel: bool = False) -> float:
    """The calibration error that perfectly calibrated probabilities stay below in 95 of 100 cases.

    The calibration error is never 0, however good the probabilities are: with few clips the share that is right differs
    from them by chance. So it is drawn as often as each probability says whether a clip is right, and the error is
    computed each time. Clips of one recording are right and wrong together, by one draw.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
    groups : np.ndarray, shape=(n,)
        Recording of each clip.
    multilabel : bool
        Whether each class has a probability of its own; classes are drawn independently.

    References
    ----------
    J. Bröcker and L. A. Smith, Increasing the reliability of reliability diagrams, Weather and Forecasting 22, 2007.
    """
    recordings, number = np.unique(groups, return_inverse=True)
    confidence = probabilities if multilabel else probabilities.max(axis=1, keepdims=True)
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(N_DRAWS):
        drawn = rng.random((len(recordings), confidence.shape[1]))
        errors.append(_error(confidence.ravel(), (drawn[number] < confidence).ravel()))
    return float(np.quantile(errors, SHARE_BELOW))


def _error(confidence: np.ndarray, is_right: np.ndarray) -> float:
    bins = np.minimum((confidence * N_BINS).astype(int), N_BINS - 1)
    gaps = np.bincount(bins, is_right - confidence, minlength=N_BINS)
    return float(np.abs(gaps).sum() / len(confidence))
