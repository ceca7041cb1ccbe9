"""How far a sound is from the training clips: the Mahalanobis distance of what the last layer of a model sees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError

import numpy as np

from generate.runtime.atomic_write import atomic_write
from generate.runtime.os_compat import quoted
from train.calibration.of_others import of_others
from train.runs.run_folder import FINAL

FILE = "distance.npy"
"""In the folder of a fold."""
COLUMN = "distance"
"""Of each test clip, in the `predictions.csv` of a fold."""
N_DIMENSIONS = 32
"""Principal components of the features. With more, the training clips themselves seem far, since the features are many
and the clips few: of a final model for ESC-10 6 % were beyond the limit that test clips give, with 64 components 10 %,
with 96 14 %. With 16 a chirp is within."""
LEAST_DIMENSIONS, MOST_DIMENSIONS = 4, 128
"""Fewer tell nothing; more are in no file of this program."""
MOST_CLIPS = 10_000
"""That it is fitted to, so that features take about 0.3 GB."""
SHARE_WITHIN = 0.95
"""Share of the test clips that are within the limit.

Of ESC-10's classes, each left out of training in turn, 45 % of the clips were named with the thresholds alone and 36 %
with this limit too; of the clips of the other classes 80 and 78 % were named rightly (last layer fitted; 64 components
gave 34 and 78 %, the distance of the nearest training clip 31 and 77 %; higher thresholds 36 and 76 %). Fine-tuned
without three classes: 48 and 35 % named, 89 and 86 % rightly; higher thresholds 35 and 84 %. White and pink noise, pure
tones, hum, chirps and clicks were beyond it, though some of them were Rain or Clock tick with 99 %."""
LEAST_CLIPS = 20
"""Test clips for a limit: one of them may be beyond it."""
WITHIN_CLASS_RIDGE = 0.01
"""Added to the diagonal of the covariance within classes, whose components have a variance of about 1."""


@dataclass(frozen=True)
class TrainingDistance:
    """The distance of features from the nearest class mean of the training clips.

    Features are brought to length 1, projected on the principal components of the training clips, and scaled by the
    covariance within the classes, which all share.

    Parameters
    ----------
    projection : np.ndarray, shape=(n_features, n_dimensions), float32
    means : np.ndarray, shape=(n_classes, n_dimensions), float32
        Of the classes that were there, after projection.

    References
    ----------
    K. Lee, K. Lee, H. Lee and J. Shin, A simple unified framework for detecting out-of-distribution samples and
    adversarial attacks, NeurIPS 2018, https://arxiv.org/abs/1807.03888.
    """

    projection: np.ndarray
    means: np.ndarray

    def of(self, features: np.ndarray) -> np.ndarray:
        """The squared distance of each, divided by the dimensions: about 1 for a training clip. Shape=(n,), float64.

        Parameters
        ----------
        features : np.ndarray, shape=(n, n_features)
        """
        projected = unit(features) @ self.projection
        squares = np.square(projected[:, None] - self.means).sum(axis=2)
        return np.asarray(squares.min(axis=1) / self.means.shape[1], dtype=float)


def unit(features: np.ndarray) -> np.ndarray:
    """Features brought to length 1, shape=(n, n_features), float32."""
    features = features.astype(np.float32)
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12))


def fit_distance(features: np.ndarray, classes: np.ndarray) -> TrainingDistance | None:
    """Fit it to training clips.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
        What the last layer of a model sees of each clip.
    classes : np.ndarray, shape=(n,), int

    Returns
    -------
    TrainingDistance or None
        None where there are too few clips, or all are the same.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> clips = np.concatenate([rng.normal([9, 0, 0, 0, 9], 1, (40, 5)), rng.normal([0, 9, 0, 0, 9], 1, (40, 5))])
    >>> distance = fit_distance(clips, np.repeat([0, 1], 40))
    >>> other = np.array([[0, 0, 9, 9, 0]])
    >>> bool(distance.of(other) > 10 * distance.of(clips).max())
    True
    """
    from sklearn.decomposition import PCA

    labels, number = np.unique(classes, return_inverse=True)
    n_dimensions = min(N_DIMENSIONS, (len(features) - len(labels)) // 2, features.shape[1] - 1)
    if n_dimensions < LEAST_DIMENSIONS:
        return None
    x = unit(features)
    components = PCA(n_dimensions, random_state=0).fit(x)
    has_variance = components.explained_variance_ > 1e-6 * components.explained_variance_[0]
    if not np.isfinite(components.explained_variance_).all() or has_variance.sum() < LEAST_DIMENSIONS:
        return None
    deviations = np.sqrt(components.explained_variance_[has_variance])
    whitening = components.components_[has_variance].T / deviations
    whitened = x @ whitening
    means = np.stack([whitened[number == k].mean(axis=0) for k in range(len(labels))])
    covariance = np.cov((whitened - means[number]).T) + WITHIN_CLASS_RIDGE * np.eye(len(deviations))
    scaling = np.linalg.cholesky(np.linalg.inv(covariance))
    return TrainingDistance((whitening @ scaling).astype(np.float32), (means @ scaling).astype(np.float32))


def limit_of(distances: np.ndarray) -> float | None:
    """The distance that `SHARE_WITHIN` of the test clips are within; None where they are fewer than `LEAST_CLIPS`.

    Parameters
    ----------
    distances : np.ndarray, shape=(n,)
        Of clips of recordings that the models were not trained on; NaN where one has none, and then there is no limit.
    """
    if len(distances) < LEAST_CLIPS or not np.isfinite(distances).all():
        return None
    return float(np.quantile(distances, SHARE_WITHIN, method="higher"))


def is_beyond(distances: np.ndarray | None, folds: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Which test clips are beyond the limit that the other folds give, shape=(n,), bool; none where there is no limit.

    Parameters
    ----------
    distances, folds, groups : np.ndarray, shape=(n,)
        Of the test clips, with the recording of each; no distances: None. Clips of the fold's recordings that another
        fold has give no limit.
    """
    beyond = np.zeros(len(folds), dtype=bool)
    for fold in np.unique(folds):
        here = folds == fold
        limit = None if distances is None else limit_of(distances[of_others(here, groups)])
        if distances is not None and limit is not None:
            beyond[here] = distances[here] > limit
    return beyond


def limit_of_folds(distances: np.ndarray | None, folds: np.ndarray) -> float | None:
    """The limit that all test clips give; None unless the others of each fold give one, by which it is reported."""
    if distances is None or any(limit_of(distances[folds != fold]) is None for fold in np.unique(folds)):
        return None
    return limit_of(distances)


def write_distance(folder: Path, distance: TrainingDistance | None) -> None:
    """Write it into the folder of a fold, or remove that of an earlier training."""
    path = folder / FILE
    if distance is None:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.save(file, np.concatenate([distance.projection, distance.means]), allow_pickle=False)


def read_distance(folder: Path, *, n_features: int, n_classes: int) -> TrainingDistance | None:
    """Read what `write_distance` wrote; None where the fold has none.

    Parameters
    ----------
    folder : Path
        Of the fold.
    n_features, n_classes : int
        That the last layer of its model sees, and gives.

    Raises
    ------
    ValueError
        If the file is not as this program wrote it.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        # A view of the file: a header that promises more than there is takes no memory.
        values = np.lib.format.open_memmap(path, mode="r")
        if (
            values.dtype != np.float32
            or values.ndim != 2
            or not n_features < len(values) <= n_features + n_classes
            or not 1 <= values.shape[1] <= MOST_DIMENSIONS
            or not np.isfinite(values).all()
        ):
            raise ValueError
    except (ValueError, TypeError, EOFError, OverflowError, SyntaxError, TokenError):
        again = (
            f"`python -m train.finalize {quoted(folder.parent)}`"
            if folder.name == FINAL
            else f"`python -m train --resume {quoted(folder.parent)}`"
        )
        raise ValueError(
            f"{str(path)!r} is not as this program wrote it. Delete the folder {folder.name!r}, and train it again: "
            f"{again}."
        ) from None
    return TrainingDistance(np.array(values[:n_features]), np.array(values[n_features:]))
