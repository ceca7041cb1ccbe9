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
    """The temperature with the least log loss, of the clips and of one more that is an error.

    Where all clips are right, the log loss falls for ever with the temperature, and probabilities would become 1. So it
    is as if of n + 2 clips one had been the class that came second (Laplace's rule of succession, as Platt has it).

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Predictions for clips of recordings that the model was not trained on.
    truth : np.ndarray, shape=(n,), int
        Number of the true class of each. With several labels a clip: which it has, shape=(n, n_classes), bool.

    Returns
    -------
    float
        1 where there are no clips.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, On calibration of modern neural networks, ICML 2017.

    J. Platt, Probabilistic outputs for support vector machines, Advances in Large Margin Classifiers, 1999.

    Examples
    --------
    >>> all_right = np.tile([0.6, 0.3, 0.1], (58, 1))
    >>> scaled = with_temperature(all_right, fit_temperature(all_right, np.zeros(58, int)))
    >>> scaled[0].round(3)
    array([0.983, 0.017, 0.   ])
    """
    if not len(truth):
        return 1.0
    from scipy.optimize import minimize_scalar

    rows, multilabel = np.arange(len(truth)), truth.ndim == 2
    of_error = 1 / (truth.size + 2)  # with several labels each of them is right or wrong for itself

    def loss(log_temperature: float) -> float:
        scaled = with_temperature(probabilities, float(np.exp(log_temperature)), multilabel=multilabel)
        if multilabel:
            of_truth = np.where(truth, scaled, 1 - scaled)
            of_second = 1 - of_truth
        else:
            of_truth = scaled[rows, truth]
            others = scaled.copy()
            others[rows, truth] = 0
            of_second = others.max(axis=1)
        logs = (1 - of_error) * np.log(np.clip(of_truth, _SMALLEST, 1)) + of_error * np.log(
            np.clip(of_second, _SMALLEST, 1)
        )
        return float(-logs.mean())

    found = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded")
    return round(float(np.exp(found.x)), 4)
