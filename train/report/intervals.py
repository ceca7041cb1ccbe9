"""Intervals of what was measured on clips that come from few recordings, and from how many recordings there is one.

`python -m benchmarks.interval_coverage` shows by simulation how often they hold, beside other methods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

LEVEL = 0.95
_NOTHING = 1e-12
"""A variance below this is that of rounding."""


@dataclass(frozen=True)
class Interval:
    """What the true value may be; or that there are too few recordings to say.

    Parameters
    ----------
    low, high : float or None
        In the unit of what was measured; None where there are fewer than `recordings_needed(level)` recordings.
    n_recordings : int
    level : float
        Above 0 and below 1.
    """

    low: float | None
    high: float | None
    n_recordings: int
    level: float = LEVEL


def recordings_needed(level: float = LEVEL) -> int:
    """From how many recordings there is an interval: with fewer, nothing that they show could tell anything.

    Had a classifier no skill at two classes, or a change no effect, each recording would be as likely to go one way as
    the other, and all m of them go the same way with a chance of 2 / 2**m (the sign test).

    Parameters
    ----------
    level : float
        Of the interval; above 0 and below 1.

    Returns
    -------
    int
        The least m with 2 / 2**m <= 1 - level: 6 for 0.95.

    References
    ----------
    W. J. Dixon and A. M. Mood, The statistical sign test, Journal of the American Statistical Association 41, 1946,
    557-566.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be a part between 0 and 1. Got {level:g}. Give one such as {LEVEL:g}.")
    return math.ceil(1 - math.log2(1 - level))


def share_interval(values: ArrayLike, groups: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Interval of a mean over clips, such as an accuracy, where clips of one recording are right or wrong together.

    The exact interval of Clopper and Pearson, for so many independent clips as these are worth: `n p (1 - p) / v`,
    where v is the larger of two estimates of the mean's variance, one from the recordings' residuals (CR2: it needs
    no model), one from the correlation of clips in a recording (analysis of variance: it is steady where few
    recordings have a mistake). Student's t of so many degrees of freedom as recordings contributed to v makes up for
    v being an estimate. The clips are never predicted as more than they are, nor for less than the recordings are worth
    if all clips of one are always alike (Kish: the square of the clips, by the sum of the squares of each recording's);
    this also is their number where v is 0, as when all are right.

    By `benchmarks.interval_coverage` (2 to 50 recordings of 1 to 100 clips, correlations 0 to 0.99, accuracies 0.5 to
    0.99; 300 simulated tests of each of 1,125 combinations) 95 % intervals held in 92 % of the worst combination and in
    99 % on average. In their worst combinations the percentile bootstrap over recordings held in 1 %, Student's t on
    the ratio estimator in 1 %, and Korn and Graubard's interval with recordings less one as degrees of freedom in 38 %.
    No method knows of a kind of recording that was not tested.

    Parameters
    ----------
    values : array_like of bool or number, shape=(n,)
        Whether each clip is right, or a part from 0 to 1.
    groups : array_like, shape=(n,)
        Recording of each clip.
    level : float
        Above 0 and below 1.

    Returns
    -------
    Interval
        Within 0 to 1.

    Raises
    ------
    ValueError
        If there is no value, one is not from 0 to 1, or there are more or fewer recordings than values.

    References
    ----------
    E. L. Korn and B. I. Graubard, Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data, Survey Methodology 24, 1998, 193-201. R. M. Bell and D. F. McCaffrey, Bias reduction in
    standard errors for linear regression with multi-stage samples, Survey Methodology 28, 2002, 169-181 (CR2).
    F. E. Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2, 1946,
    110-114. L. Kish, Survey Sampling, 1965, section 8.2. A. Donner, A review of inference procedures for the intraclass
    correlation coefficient, International Statistical Review 54, 1986, 67-82.
    """
    values = _checked(values, groups, 0)
    sizes, sums, squares = _by_recording(values, groups)
    if len(sizes) < recordings_needed(level):
        return Interval(None, None, len(sizes), level)
    low, high = shares(sizes, sums, squares, level=level)
    return Interval(float(low), float(high), len(sizes), level)


def difference_interval(differences: ArrayLike, groups: ArrayLike, *, level: float = LEVEL) -> Interval:
    """Interval of a mean of differences, clip by clip, over recordings.

    The mean is the share that became better minus the share that became worse. Each of these has an interval as
    `share_interval` gives it; both are put together by the method of variance estimates recovery, with the correlation
    of two answers of which a clip has one at most. So it has a width where all differences are alike, and even where
    there is none. In the simulations it held in 94 % of the worst combination. Where nearly all recordings differ by a
    clip now and then and a few by all their clips, it can be too narrow while none of the few was tested.

    Parameters
    ----------
    differences : array_like of number, shape=(n,)
        -1 to 1: the second result of each clip minus the first.
    groups, level
        See `share_interval`, as for what is raised.

    Returns
    -------
    Interval
        Within -1 to 1.

    References
    ----------
    G. Y. Zou and A. Donner, Construction of confidence limits about effect measures: a general approach, Statistics in
    Medicine 27, 2008, 1693-1702.
    """
    values = _checked(differences, groups, -1)
    better = _by_recording(np.maximum(values, 0), groups)
    worse = _by_recording(np.maximum(-values, 0), groups)
    n_recordings = len(better[0])
    if n_recordings < recordings_needed(level):
        return Interval(None, None, n_recordings, level)
    low, high = differences_of_shares(better, worse, level=level)
    return Interval(float(low), float(high), n_recordings, level)


def shares(sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """`share_interval` from what each recording has, for many sets of recordings at once.

    Parameters
    ----------
    sizes, sums, squares : np.ndarray, shape=(..., n_recordings)
        Clips of each recording (1 or more), the sum of their values, and that of the squares of their values.
    level : float

    Returns
    -------
    low, high : np.ndarray, shape=(...)
    """
    from scipy.special import betaincinv
    from scipy.stats import t

    sizes = np.asarray(sizes, dtype=float)
    n, n_recordings = sizes.sum(axis=-1), sizes.shape[-1]
    mean = sums.sum(axis=-1) / n
    worth = n**2 / (sizes**2).sum(axis=-1)  # in recordings of equal size
    variance, contributing = _residual_variance(sizes, sums)
    spread = mean * (1 - mean)
    within = _correlation(sizes, sums, squares)
    variance = np.maximum(variance, spread / n * (1 + (n / worth - 1) * within))
    certain = variance < _NOTHING
    tail = (1 - level) / 2
    freedom = np.maximum(np.minimum(worth - 1, contributing), 1)
    # An estimate of the variance from few recordings is no better known than Student's t says.
    factor = (t.ppf(tail, np.maximum(n - 1, 1)) / t.ppf(tail, freedom)) ** 2
    effective = np.where(certain, worth, np.minimum(spread / np.where(certain, 1, variance), n) * factor)
    effective = np.maximum(effective, worth) if n_recordings > 1 else np.ones_like(effective)
    right, wrong = effective * mean, effective * (1 - mean)
    low = np.where(right > _NOTHING, betaincinv(np.maximum(right, _NOTHING), wrong + 1, tail), 0)
    high = np.where(wrong > _NOTHING, betaincinv(right + 1, np.maximum(wrong, _NOTHING), 1 - tail), 1)
    return low, high


def differences_of_shares(
    better: tuple[np.ndarray, ...], worse: tuple[np.ndarray, ...], *, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """`difference_interval` from what each recording has, for many sets of recordings at once.

    Parameters
    ----------
    better, worse : tuple of np.ndarray
        `sizes`, `sums`, `squares` of `shares`: of the part of each clip that became better, and of that which became
        worse.
    level : float

    Returns
    -------
    low, high : np.ndarray, shape=(...)
    """
    (plus, (plus_low, plus_high)), (minus, (minus_low, minus_high)) = (
        (sums.sum(axis=-1) / sizes.sum(axis=-1), shares(sizes, sums, squares, level=level))
        for sizes, sums, squares in (better, worse)
    )
    left = (1 - plus) * (1 - minus)
    together = -np.sqrt(np.minimum(plus * minus / np.where(left > 0, left, np.inf), 1))

    def reach(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        return np.sqrt(one**2 + other**2 - 2 * together * one * other)

    mean = plus - minus
    low = mean - reach(plus - plus_low, minus_high - minus)
    high = mean + reach(plus_high - plus, minus - minus_low)
    return np.clip(low, -1, 1), np.clip(high, -1, 1)


def _residual_variance(sizes: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the mean from the recordings' residuals (CR2), and how many recordings it rests on."""
    n = sizes.sum(axis=-1, keepdims=True)
    residuals = sums - sizes * (sums.sum(axis=-1, keepdims=True) / n)
    parts = residuals**2 / np.maximum(1 - sizes / n, _NOTHING) / n**2
    squares = (parts**2).sum(axis=-1)
    return parts.sum(axis=-1), parts.sum(axis=-1) ** 2 / np.where(squares > 0, squares, np.inf)


def _correlation(sizes: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Correlation of two clips of one recording, 0 to 1, by analysis of variance; 0 where each recording has one."""
    n, n_recordings = sizes.sum(axis=-1), sizes.shape[-1]
    means = sums / sizes
    overall = (sums.sum(axis=-1) / n)[..., None]
    between = (sizes * (means - overall) ** 2).sum(axis=-1) / max(n_recordings - 1, 1)
    within = np.maximum((squares - sums * means).sum(axis=-1), 0) / np.maximum(n - n_recordings, 1)
    typical = (n - (sizes**2).sum(axis=-1) / n) / max(n_recordings - 1, 1)
    total = between + (typical - 1) * within
    found = (between - within) / np.where(total > _NOTHING, total, np.inf)
    return np.where(n == n_recordings, 0, np.clip(found, 0, 1))


def _checked(values: ArrayLike, groups: ArrayLike, lowest: int) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or values.shape != np.shape(groups):
        raise ValueError(
            f"values must be one for each clip, as recordings must. Got values of shape {values.shape} and recordings "
            f"of shape {np.shape(groups)}. Give arrays of the same length."
        )
    if not len(values):
        raise ValueError("values must be of at least one clip. Got none. There is no interval of nothing.")
    if not (np.isfinite(values).all() and (values >= lowest).all() and (values <= 1).all()):
        raise ValueError(
            f"values must be from {lowest} to 1. Got {values.min():g} to {values.max():g}. Give parts of 1."
        )
    return values


def _by_recording(values: np.ndarray, groups: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clips of each recording, the sum of their values, and that of the squares."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    return np.bincount(group).astype(float), np.bincount(group, values), np.bincount(group, values**2)
