"""Temperature scaling: one number that makes the probabilities of a model as high as they are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

COLDEST, HOTTEST = 0.05, 20.0
"""Between which a temperature is searched; beyond, all probabilities are 0 and 1, or all alike."""
_SMALLEST = 1e-12


def with_temperature(probabilities: ArrayLike, temperature: float, *, multilabel: bool = False) -> np.ndarray:
    """Divide the logits behind probabilities by a temperature.

    Parameters
    ----------
    probabilities : array_like, shape=(..., n_classes)
        Each from 0 to 1.
    temperature : float
        Above 0; above 1 brings probabilities closer to each other, below 1 further apart. Their order stays.
    multilabel : bool
        Whether each class has a probability of its own, of a sigmoid.

    Returns
    -------
    np.ndarray, shape=(..., n_classes), float64
        With a sum of 1, except with `multilabel`.

    Examples
    --------
    >>> with_temperature([0.9, 0.1], 2.0)
    array([0.75, 0.25])
    """
    probabilities = np.asarray(probabilities, dtype=float)
    if temperature == 1.0:
        return probabilities
    if multilabel:
        from scipy.special import expit, logit

        return np.asarray(expit(logit(np.clip(probabilities, _SMALLEST, 1 - _SMALLEST)) / temperature))
    logits = np.log(np.clip(probabilities, _SMALLEST, 1)) / temperature
    scaled = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the least log loss.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Predictions for clips of recordings that the model was not trained on.
    truth : np.ndarray, shape=(n,), int
        Number of the true class of each. With several labels a clip: which it has, shape=(n, n_classes), bool.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.
    """
    from scipy.optimize import minimize_scalar

    rows, multilabel = np.arange(len(truth)), truth.ndim == 2

    def loss(log_temperature: float) -> float:
        scaled = with_temperature(probabilities, float(np.exp(log_temperature)), multilabel=multilabel)
        of_truth = np.where(truth, scaled, 1 - scaled) if multilabel else scaled[rows, truth]
        return float(-np.log(np.clip(of_truth, _SMALLEST, 1)).mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 4)


def calibration_error(probabilities: np.ndarray, truth: np.ndarray, *, n_bins: int = 15) -> float:
    """Expected calibration error (ECE): how far the highest probability is from the share that is right.

    Parameters
    ----------
    probabilities, truth
        See `fit_temperature`.
    n_bins : int
        Bins of equal width from 0 to 1, as Guo et al. have them.

    Returns
    -------
    float
        0 to 1: the mean over clips of the absolute difference between accuracy and confidence in their bin; with
        several labels a clip the mean over clips and classes.
    """
    if truth.ndim == 2:
        confidence, is_right = probabilities.ravel(), truth.ravel().astype(bool)
    else:
        confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(bins, is_right - confidence, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(confidence))
