"""How unlike known clips a clip is, held out by recording; false alarms and the area under the ROC curve."""

from __future__ import annotations

import math

import numpy as np

from train.report.intervals import LEVEL, Interval, recordings_needed
from train.training.embedding import embed, nearest

N_NEAREST = 3
"""Of which the distances are averaged."""
N_RESAMPLES = 2000


def distances_to(features: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean distance of clips to their nearest known clips.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
        Of the clips.
    known : np.ndarray, shape=(n_known, n_features)
        Of healthy clips, none of them of the same recordings; see `distances_to_others`.

    Returns
    -------
    np.ndarray, shape=(n,)
        0 to 2; see `train.training.embedding`.
    """
    found, _ = nearest(embed(features), embed(known), n=N_NEAREST)
    return np.asarray(found.mean(axis=1))


def distances_to_others(
    features: np.ndarray, sources: np.ndarray, known: np.ndarray, known_sources: np.ndarray
) -> np.ndarray:
    """Mean distance of clips to their nearest known clips of other recordings, shape=(n,).

    A fault that was recorded in one go with a healthy clip is near to it by its background alone.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
    sources : np.ndarray, shape=(n,)
        Recording of each clip.
    known : np.ndarray, shape=(n_known, n_features)
    known_sources : np.ndarray, shape=(n_known,)
    """
    found = np.empty(len(features))
    is_shared = np.isin(sources, known_sources)
    if not is_shared.all():
        found[~is_shared] = distances_to(features[~is_shared], known)
    for source in np.unique(sources[is_shared]):
        here = sources == source
        found[here] = distances_to(features[here], known[known_sources != source])
    return found


def held_out_distances(features: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Distance of each healthy clip to the clips of the other folds, shape=(n,).

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
    folds : np.ndarray, shape=(n,)
        Of whole recordings.
    """
    found = np.empty(len(features))
    for fold in np.unique(folds):
        here = folds == fold
        found[here] = distances_to(features[here], features[~here])
    return found


def by_recording(values: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The names of the recordings in order, and the mean of the clips of each."""
    names, place = np.unique(sources, return_inverse=True)
    return names, np.bincount(place, values) / np.bincount(place)


def threshold_of(scores: np.ndarray, *, false_alarms: float) -> float:
    """The threshold that a new healthy recording exceeds with at most a given probability (split conformal prediction).

    Parameters
    ----------
    scores : np.ndarray, shape=(n_recordings,)
        Of healthy recordings, each held out.
    false_alarms : float
        Above 0 and below 1.

    Returns
    -------
    float
        inf where there are too few recordings: 1 / false_alarms - 1 are needed.

    References
    ----------
    V. Vovk, A. Gammerman and G. Shafer, Algorithmic learning in a random world, 2005.
    """
    place = _place(len(scores), false_alarms)
    return float(np.sort(scores)[place - 1]) if place <= len(scores) else math.inf


def expected_alarms(n_recordings: int, *, false_alarms: float) -> tuple[float, Interval]:
    """Share of new healthy recordings that will exceed the threshold of so many, whatever their scores.

    It is so by the choice of the threshold, for recordings like these. Held-out recordings cannot test it: as many of
    them as the ranks say exceed the threshold of the others.

    Parameters
    ----------
    n_recordings : int
        That gave the threshold.
    false_alarms : float
        See `threshold_of`.

    Returns
    -------
    share : float
        On average over sets of recordings that might have been there.
    interval : Interval
        In which the share is for 95 % of such sets: beta distribution.

    References
    ----------
    V. Vovk, Conditional validity of inductive conformal predictors, Asian Conference on Machine Learning 2012.

    Examples
    --------
    >>> share, interval = expected_alarms(15, false_alarms=0.1)
    >>> round(share, 3), round(interval.low, 3), round(interval.high, 3)
    (0.062, 0.002, 0.218)
    """
    from scipy.stats import beta

    above = n_recordings + 1 - _place(n_recordings, false_alarms)
    low, high = beta.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], above, n_recordings + 1 - above)
    return above / (n_recordings + 1), Interval(float(low), float(high), n_recordings)


def _place(n: int, false_alarms: float) -> int:
    """Rank of the threshold among n ordered scores, from 1; above n where they are too few."""
    return math.ceil((n + 1) * (1 - false_alarms) - 1e-9)


def held_out_alarms(scores: np.ndarray, *, false_alarms: float) -> np.ndarray:
    """Which healthy recordings exceed the threshold that all others give, shape=(n_recordings,), bool.

    Parameters
    ----------
    scores, false_alarms
        See `threshold_of`.
    """
    return np.array(
        [score > threshold_of(np.delete(scores, k), false_alarms=false_alarms) for k, score in enumerate(scores)]
    )


def area_under_curve(healthy: np.ndarray, faulty: np.ndarray, *, seed: int = 0) -> tuple[float, Interval]:
    """How often a faulty recording is more unlike than a healthy one, and the interval of that over recordings.

    Parameters
    ----------
    healthy, faulty : np.ndarray, shape=(n_recordings,)
        Scores, one a recording.
    seed : int

    Returns
    -------
    area : float
        0 to 1; 0.5 says nothing.
    interval : Interval
        By the bootstrap, of both kinds of recordings; none where there are fewer than six of either. Where all pairs
        are in order its lower end is that of the sign test on the smaller kind.
    """
    pairs = (faulty[:, None] > healthy).astype(float) + 0.5 * (faulty[:, None] == healthy)
    fewest = min(pairs.shape)
    if fewest < recordings_needed():
        return float(pairs.mean()), Interval(None, None, fewest)
    if pairs.min() == 1:
        return 1.0, Interval(((1 - LEVEL) / 2) ** (1 / fewest), 1.0, fewest)
    rng = np.random.default_rng(seed)
    means = [
        pairs[np.ix_(rng.integers(0, len(faulty), len(faulty)), rng.integers(0, len(healthy), len(healthy)))].mean()
        for _ in range(N_RESAMPLES)
    ]
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(pairs.mean()), Interval(float(low), float(high), fewest)
