"""From which probability on a prediction counts, and what that promises, out of fold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from train.calibration.of_others import of_others
from train.calibration.temperature import fit_temperature, with_temperature
from train.defaults import DEFAULT_THRESHOLD

TARGET_PRECISION = 0.9
"""A prediction at its threshold is to be right this often."""
SPARED = 0.1
"""Share of the right predictions of a class that its threshold may cost, so that fewer sounds of no class reach it. Of
ESC-10's classes, each left out of training in turn, 74 % of the clips were named with a precision of 0.9 alone and 44 %
with this too, while 86 and 82 % of the clips of the other classes were named rightly. The distance to the nearest three
training clips in its place gave 45 and 77 %; both together are better (`train.calibration.distance`). (Last layer
fitted, 400 clips.)"""
LEAST_ALARMS = 5
"""Clips that a threshold must be reached by: one or two are right by luck. A class with fewer test clips has the
threshold of runs that have no other, `train.defaults.DEFAULT_THRESHOLD`."""
NEVER = 1.0
"""Threshold of a class for which no probability is high enough; see `reaches`."""
HIGHEST = 1 - 1e-6
"""Highest threshold of any other class, as `calibration.json` can hold it."""


@dataclass(frozen=True)
class Calibration:
    """What makes the probabilities of a run mean what they say.

    Parameters
    ----------
    temperature : float
        See `train.calibration.temperature`.
    thresholds : np.ndarray, shape=(n_classes,)
        Of the probabilities after scaling.
    """

    temperature: float
    thresholds: np.ndarray


@dataclass(frozen=True)
class OutOfFold:
    """Each fold calibrated by all others, so that nothing is chosen on the recordings that are reported.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        After scaling.
    thresholds : np.ndarray, shape=(n, n_classes)
        Of the fold of each clip.
    """

    probabilities: np.ndarray
    thresholds: np.ndarray


def reaches(probabilities: ArrayLike, thresholds: ArrayLike) -> np.ndarray:
    """Where probabilities are at or above thresholds; none reaches `NEVER`, though floating-point numbers may be 1.

    Parameters
    ----------
    probabilities : array_like
        NaN reaches nothing.
    thresholds : array_like
        Of a shape that broadcasts with it.

    Returns
    -------
    np.ndarray, bool

    Examples
    --------
    >>> reaches([0.8, 0.7, 1.0], [0.8, 0.8, NEVER])
    array([ True, False, False])
    """
    thresholds = np.asarray(thresholds)
    return np.asarray((np.asarray(probabilities) >= thresholds) & (thresholds < NEVER))


def threshold_for(probabilities: np.ndarray, is_class: np.ndarray, *, precision: float = TARGET_PRECISION) -> float:
    """The lowest threshold at which a class is right as often as wanted.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n,)
        Of the class.
    is_class : np.ndarray, shape=(n,), bool
        Whether each clip is of it.
    precision : float
        Share of the clips at or above the threshold that are of the class.

    Returns
    -------
    float
        At most `HIGHEST`; `NEVER` where there is no such threshold, or fewer than `LEAST_ALARMS` clips reach it.

    Examples
    --------
    >>> threshold_for(np.array([0.9, 0.9, 0.9, 0.8, 0.7, 0.6]), np.array([1, 1, 1, 1, 1, 0], bool), precision=0.9)
    0.7
    """
    order = np.argsort(-probabilities, kind="stable")
    p, right = probabilities[order], np.cumsum(is_class[order])
    share = right / np.arange(1, len(p) + 1)
    is_last_of_equal = np.append(p[1:] != p[:-1], True)
    reaching = np.flatnonzero((share >= precision) & is_last_of_equal)
    reaching = reaching[reaching >= LEAST_ALARMS - 1]
    return min(float(p[reaching[-1]]), HIGHEST) if len(reaching) else NEVER


def fit(probabilities: np.ndarray, truth: np.ndarray) -> Calibration:
    """Fit the temperature, then the threshold of each class.

    A threshold is the lowest with `TARGET_PRECISION`. It is raised to `train.defaults.DEFAULT_THRESHOLD`, where a class
    is more probable than all others together, and as far as `SPARED` of the right predictions of the class allow: where
    test clips are easily told apart lower ones would do for them, but not for sounds of no class. With fewer than
    `LEAST_ALARMS` clips of a class none is chosen: it is `train.defaults.DEFAULT_THRESHOLD`.

    Parameters
    ----------
    probabilities, truth
        See `train.calibration.temperature.fit_temperature`.
    """
    multilabel = truth.ndim == 2
    temperature = fit_temperature(probabilities, truth)
    scaled = with_temperature(probabilities, temperature, multilabel=multilabel)
    is_predicted = scaled >= DEFAULT_THRESHOLD
    if not multilabel:
        is_predicted = scaled.argmax(axis=1)[:, None] == np.arange(scaled.shape[1])
    thresholds = []
    for k in range(probabilities.shape[1]):
        is_class = truth[:, k].astype(bool) if multilabel else truth == k
        if is_class.sum() < LEAST_ALARMS:
            thresholds.append(DEFAULT_THRESHOLD)
            continue
        right = scaled[is_predicted[:, k] & is_class, k]
        spared = float(np.quantile(right, SPARED, method="lower")) if len(right) >= LEAST_ALARMS else 0.0
        least = min(max(spared, DEFAULT_THRESHOLD), HIGHEST)
        thresholds.append(_threshold_from(least, scaled[:, k], is_class))
    return Calibration(temperature, np.array(thresholds))


def _threshold_from(least: float, probabilities: np.ndarray, is_class: np.ndarray) -> float:
    """As `threshold_for`, and `least` or more."""
    lowest = threshold_for(probabilities, is_class)
    reached = probabilities >= least
    if lowest < least and reached.any() and is_class[reached].mean() < TARGET_PRECISION:  # a higher one is right less
        lowest = threshold_for(probabilities[reached], is_class[reached])
    return max(lowest, least)


def out_of_fold(probabilities: np.ndarray, truth: np.ndarray, folds: np.ndarray, groups: np.ndarray) -> OutOfFold:
    """Calibrate each fold by a fit on all others, without clips of its recordings.

    Parameters
    ----------
    probabilities, truth
        See `fit`.
    folds, groups : np.ndarray, shape=(n,)
        Fold, of which there are two or more, and recording of each clip. Published folds may share recordings.
    """
    scaled, thresholds = np.empty_like(probabilities), np.empty_like(probabilities)
    for fold in np.unique(folds):
        here = folds == fold
        others = of_others(here, groups)
        fitted = fit(probabilities[others], truth[others])
        scaled[here] = with_temperature(probabilities[here], fitted.temperature, multilabel=truth.ndim == 2)
        thresholds[here] = fitted.thresholds
    return OutOfFold(scaled, thresholds)
