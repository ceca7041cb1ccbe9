"""How often 95 % intervals hold the true value, by simulation: `python -m benchmarks.interval_coverage`.

Recordings of one to a hundred clips have accuracies of their own, drawn from a beta distribution; clips are right by
chance with the accuracy of their recording (the beta-binomial model). The methods: the percentile bootstrap over
recordings, Student's t on the ratio estimator, Korn and Graubard's interval, and `train.report.intervals`.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from train.report.intervals import LEVEL, differences_of_shares, shares

RECORDINGS = (2, 3, 4, 6, 8, 12, 20, 30, 50)
SIZES = ("one", "equal", "uniform", "logarithmic", "one is long")
CORRELATIONS = (0.0, 0.05, 0.2, 0.5, 0.8, 0.99)
ACCURACIES = (0.5, 0.7, 0.9, 0.95, 0.99)
CHANGES = (0.0, 0.03, 0.3)
"""By how much the second of two runs is worse."""
RESAMPLES = 400


def sizes_of(rng: np.random.Generator, kind: str, *, shape: tuple[int, int]) -> np.ndarray:
    """Clips of each recording: 1 to 100.

    Parameters
    ----------
    rng : numpy.random.Generator
    kind : str
        One of `SIZES`: 1 each, 10 each, even from 1 to 100, even in the logarithm, or 100 in one and 1 to 5 in others.
    shape : tuple of (int, int)
        Simulated tests, recordings of each.
    """
    if kind in ("one", "equal"):
        return np.full(shape, 1 if kind == "one" else 10)
    if kind == "uniform":
        return rng.integers(1, 101, shape)
    if kind == "logarithmic":
        return np.rint(np.exp(rng.uniform(0, np.log(100), shape))).astype(int)
    sizes = rng.integers(1, 6, shape)
    sizes[:, 0] = 100
    return sizes


def accuracies_of(
    rng: np.random.Generator, accuracy: float, correlation: float, *, shape: tuple[int, int]
) -> np.ndarray:
    """Accuracy of each recording, from a beta distribution with this mean and intraclass correlation."""
    if correlation == 0:
        return np.full(shape, accuracy)
    strength = (1 - correlation) / correlation
    return rng.beta(accuracy * strength, (1 - accuracy) * strength, shape)


def of_shares(sizes: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The program's own interval of an accuracy."""
    return shares(sizes, right, right, level=LEVEL)


def of_students_t(sizes: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Student's t over recordings, on the ratio estimator with its linearised variance."""
    from scipy.stats import t

    mean, variance = _ratio(sizes, right)
    reach = t.ppf((1 + LEVEL) / 2, sizes.shape[1] - 1) * np.sqrt(variance)
    return mean - reach, mean + reach


def of_korn_and_graubard(sizes: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clopper and Pearson's interval with the effective number of clips; recordings less one are the freedom."""
    from scipy.special import betaincinv
    from scipy.stats import t

    n, tail = sizes.sum(axis=1), (1 - LEVEL) / 2
    mean, variance = _ratio(sizes, right)
    known = variance > 1e-12
    effective = np.minimum(mean * (1 - mean) / np.where(known, variance, 1), n)
    effective *= (t.ppf(tail, np.maximum(n - 1, 1)) / t.ppf(tail, sizes.shape[1] - 1)) ** 2
    effective = np.where(known, effective, sizes.shape[1])
    yes, no = effective * mean, effective * (1 - mean)
    low = np.where(yes > 1e-9, betaincinv(np.maximum(yes, 1e-9), no + 1, tail), 0)
    return low, np.where(no > 1e-9, betaincinv(yes + 1, np.maximum(no, 1e-9), 1 - tail), 1)


def of_the_bootstrap(sizes: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The percentile bootstrap over whole recordings."""
    n_recordings = sizes.shape[1]
    drawn = np.random.default_rng(0).multinomial(n_recordings, np.full(n_recordings, 1 / n_recordings), RESAMPLES)
    means = (right @ drawn.T) / (sizes @ drawn.T)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return low, high


METHODS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "bootstrap": of_the_bootstrap,
    "Student's t": of_students_t,
    "Korn and Graubard": of_korn_and_graubard,
    "train.report.intervals": of_shares,
}


def coverage(
    methods: Iterable[str], *, n_tests: int, recordings: Sequence[int] = RECORDINGS, seed: int = 0
) -> pd.DataFrame:
    """How often, and how wide, for every combination of what is above.

    Parameters
    ----------
    methods : iterable of str
        Keys of `METHODS`.
    n_tests : int
        Simulated tests of each combination.
    recordings : sequence of int
    seed : int

    Returns
    -------
    pandas.DataFrame
        `method`, `recordings`, `sizes`, `correlation`, `accuracy`; `holds`, 0 to 1; `width`, the mean, in parts of 1.
    """
    rng, methods, rows = np.random.default_rng(seed), list(methods), []
    for n_recordings, kind, correlation, accuracy in itertools.product(recordings, SIZES, CORRELATIONS, ACCURACIES):
        if kind == "one" and correlation:
            continue  # a clip alone is not correlated with anything
        shape = (n_tests, n_recordings)
        sizes = sizes_of(rng, kind, shape=shape)
        right = rng.binomial(sizes, accuracies_of(rng, accuracy, correlation, shape=shape)).astype(float)
        for method in methods:
            low, high = METHODS[method](sizes, right)
            holds = ((low <= accuracy + 1e-9) & (accuracy - 1e-9 <= high)).mean()
            width = (np.minimum(high, 1) - np.maximum(low, 0)).mean()
            rows.append((method, n_recordings, kind, correlation, accuracy, holds, width))
    names = ["method", "recordings", "sizes", "correlation", "accuracy", "holds", "width"]
    return pd.DataFrame(rows, columns=names)


def coverage_of_differences(*, n_tests: int, recordings: Sequence[int], seed: int = 0) -> pd.DataFrame:
    """The same for two runs on the same clips, whose accuracies of a recording are independent.

    Returns
    -------
    pandas.DataFrame
        `recordings`, `sizes`, `correlation`, `accuracy` (of the first run), `change`; `holds`, 0 to 1; `width`.
    """
    rng, rows = np.random.default_rng(seed), []
    scenes = itertools.product(recordings, SIZES[:4], (0.0, 0.2, 0.5, 0.95), (0.6, 0.9, 0.98), CHANGES)
    for n_recordings, kind, correlation, accuracy, change in scenes:
        shape = (n_tests, n_recordings)
        sizes = sizes_of(rng, kind, shape=shape)
        first = accuracies_of(rng, accuracy, correlation, shape=shape)
        second = accuracies_of(rng, accuracy - change, correlation, shape=shape)
        better = rng.binomial(sizes, (1 - first) * second)
        left = 1 - (1 - first) * second
        worse = rng.binomial(sizes - better, np.clip(first * (1 - second) / np.where(left > 0, left, 1), 0, 1))
        parts = [(sizes, number.astype(float), number.astype(float)) for number in (better, worse)]
        low, high = differences_of_shares(*parts, level=LEVEL)
        holds = ((low <= -change + 1e-9) & (-change - 1e-9 <= high)).mean()
        rows.append((n_recordings, kind, correlation, accuracy, change, holds, (high - low).mean()))
    return pd.DataFrame(rows, columns=["recordings", "sizes", "correlation", "accuracy", "change", "holds", "width"])


def _ratio(sizes: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over clips, and its linearised variance over recordings."""
    n, n_recordings = sizes.sum(axis=1), sizes.shape[1]
    mean = right.sum(axis=1) / n
    residuals = right - sizes * mean[:, None]
    return mean, n_recordings / (n_recordings - 1) * (residuals**2).sum(axis=1) / n**2


def _shown(table: pd.DataFrame, by: list[str]) -> str:
    """The worst and the mean of what holds, and the mean width, in per cent."""
    least = table.groupby(by, sort=False).agg(least=("holds", "min"), mean=("holds", "mean"), width=("width", "mean"))
    return (100 * least).round(1).to_string()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interval_coverage", description=__doc__)
    parser.add_argument("--tests", type=int, default=1000, help="simulated tests of each combination (default: 1000)")
    options = parser.parse_args(arguments)
    table = coverage(METHODS, n_tests=options.tests)
    print("Of 95 % intervals of an accuracy, per cent that hold: in the worst combination, on average; mean width\n")
    print(_shown(table, ["recordings", "method"]))
    of_two = coverage_of_differences(n_tests=options.tests, recordings=[n for n in RECORDINGS if n >= 6])
    print("\nOf 95 % intervals of the difference of two runs (train.report.intervals)\n")
    print(_shown(of_two, ["recordings"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
