"""The last layer of a pretrained classifier, fitted before the others are trained."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import keras
import numpy as np

from train.models.features import feature_model, last_layers
from train.recipe import Recipe
from train.training.fold import Fold
from train.training.outputs import outputs

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

INVERSE_PENALTY = 10.0
"""`C` of `sklearn.linear_model.LogisticRegression`, for features whose squares add up to about 1. On five inner folds
of ESC-10 (224 x 224) 1, 10 and 100 all gave 92.0 %, and log losses of 0.47, 0.30 and 0.28."""
MOST_IMAGES = 10_000
"""That the layer is fitted to, so that features take about 0.3 GB; the plan says where there are more."""
MOST_ITERATIONS = 300
SMALLEST_VARIANCE = 1e-5
"""So that a feature that is the same in all images is not divided by 0."""


def fit_linear_head(model: keras.Model, recipe: Recipe, fold: Fold) -> dict[str, float]:
    """Fit the last layer by logistic regression on the features of the training images, without random transforms.

    The features of an image are computed once for all folds of a run, in about a third of the time of an epoch.
    Fine-tuning that begins with a fitted
    last layer keeps more of what the layers before it know (Kumar and others, "Fine-Tuning can Distort Pretrained
    Features and Underperform Out-of-Distribution", ICLR 2022, https://arxiv.org/abs/2202.10054).

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` gives it, with a dense layer at its end. That is changed, and so is the
        normalisation before it, if there is one.
    recipe : Recipe
        `batch_size`, `class_weights`, `select`.
    fold : Fold

    Returns
    -------
    dict of str to float
        `loss` and `accuracy` on the training images, and with `select="validation"` `val_loss` and `val_accuracy`.

    Raises
    ------
    ValueError
        If a feature is not finite.
    """
    dense, normalisation = last_layers(model)
    to_features = feature_model(model)

    def features_of(rows: np.ndarray) -> np.ndarray:
        new = np.array([row for row in rows.tolist() if row not in fold.features], dtype=int)
        if len(new):
            computed = outputs(to_features, fold.images, new, batch_size=recipe.batch_size).astype(np.float32)
            fold.features.update(zip(new.tolist(), computed, strict=True))
        return np.stack([fold.features[row] for row in rows.tolist()])

    rows = fold.split.train
    if len(rows) > MOST_IMAGES:
        # By the seed and the names, so that all folds share most of their images, whichever are trained.
        mixed = sorted(rows, key=lambda row: sha256(f"{fold.seed[0]} {fold.file_names[row]}".encode()).digest())
        rows = np.sort(mixed[:MOST_IMAGES])
    features = features_of(rows)
    if not np.isfinite(features).all():
        raise ValueError(
            f"The features of {recipe.model!r} must be finite numbers. Got others. Leave --mixed-precision out, or "
            "give other --weights."
        )
    if fold.multilabel:
        head = fit_multilabel_head(features, fold.targets[rows])
    else:
        head = fit_head(features, fold.targets[rows].argmax(axis=1), fold.targets.shape[1], recipe.class_weights)
    if normalisation is None:
        dense.set_weights([head.raw_kernel, head.raw_bias])
    else:
        normalisation.set_weights([head.mean, head.variance])
        dense.set_weights([head.kernel, head.bias])
    numbers = _loss_and_accuracy(head.logits(features), fold.targets[rows], multilabel=fold.multilabel)
    if recipe.select == "validation":
        rows = fold.split.validation
        tested = _loss_and_accuracy(head.logits(features_of(rows)), fold.targets[rows], multilabel=fold.multilabel)
        numbers |= {f"val_{name}": value for name, value in tested.items()}
    return numbers


@dataclass(frozen=True)
class Head:
    """A last layer: features are normalised, then multiplied.

    Parameters
    ----------
    mean, variance : np.ndarray, shape=(n_features,)
        Of the features that it was fitted to.
    kernel : np.ndarray, shape=(n_features, n_classes)
    bias : np.ndarray, shape=(n_classes,)
    """

    mean: np.ndarray
    variance: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    @property
    def raw_kernel(self) -> np.ndarray:
        """The kernel for features that are not normalised."""
        return self.kernel * _scale(self.variance)[:, None]

    @property
    def raw_bias(self) -> np.ndarray:
        """The bias for features that are not normalised."""
        return self.bias - self.mean @ self.raw_kernel

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Logits of the classes, shape=(n, n_classes), for features of shape=(n, n_features)."""
        return np.asarray(features @ self.raw_kernel + self.raw_bias)


def fit_head(features: np.ndarray, classes: np.ndarray, n_classes: int, class_weights: bool = False) -> Head:
    """Fit a last layer by logistic regression.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
    classes : np.ndarray, shape=(n,), int
        Of each image, from 0.
    n_classes : int
        A class without an image gets a low bias.
    class_weights : bool
        Whether each class counts the same.
    """
    mean, variance = features.mean(axis=0), features.var(axis=0)
    regression = _regression((features - mean) * _scale(variance), classes, class_weights=class_weights)
    return Head(mean, variance, *_softmax_weights(regression, n_classes=n_classes))


def fit_multilabel_head(features: np.ndarray, targets: np.ndarray) -> Head:
    """Fit a last layer where an image may have several classes: a logistic regression for each class.

    Parameters
    ----------
    features : np.ndarray, shape=(n, n_features)
    targets : np.ndarray, shape=(n, n_classes)
        1 for the classes of an image. A class that all or no images have gets a bias alone.
    """
    mean, variance = features.mean(axis=0), features.var(axis=0)
    normalised = (features - mean) * _scale(variance)
    kernel = np.zeros((features.shape[1], targets.shape[1]), np.float32)
    # Of a class that cannot be learnt: its odds, with half an image of each kind added.
    n_with = targets.sum(axis=0)
    bias = np.log((n_with + 0.5) / (len(targets) - n_with + 0.5)).astype(np.float32)
    for k in np.flatnonzero((n_with > 0) & (n_with < len(targets))):
        regression = _regression(normalised, targets[:, k].astype(int))
        kernel[:, k], bias[k] = regression.coef_[0], regression.intercept_[0]
    return Head(mean, variance, kernel, bias)


def _regression(features: np.ndarray, classes: np.ndarray, *, class_weights: bool = False) -> LogisticRegression:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(
        C=INVERSE_PENALTY, max_iter=MOST_ITERATIONS, class_weight="balanced" if class_weights else None
    )
    with warnings.catch_warnings():
        # With a penalty, the iterations that are left change nothing that can be seen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return regression.fit(features, classes)


def _scale(variance: np.ndarray) -> np.ndarray:
    return np.asarray(1 / np.sqrt((variance + SMALLEST_VARIANCE) * len(variance)))


def _softmax_weights(regression: LogisticRegression, *, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel, shape=(n_features, n_classes), and bias of the dense layer that a logistic regression is."""
    kernel, bias = regression.coef_.T, regression.intercept_
    if kernel.shape[1] == 1:  # of two classes scikit-learn gives the difference
        kernel, bias = np.concatenate([-kernel, kernel], axis=1) / 2, np.concatenate([-bias, bias]) / 2
    all_kernels, all_biases = np.zeros((len(kernel), n_classes)), np.full(n_classes, bias.min())
    all_kernels[:, regression.classes_], all_biases[regression.classes_] = kernel, bias
    return all_kernels.astype(np.float32), all_biases.astype(np.float32)


def _loss_and_accuracy(logits: np.ndarray, targets: np.ndarray, *, multilabel: bool) -> dict[str, float]:
    """Mean cross entropy, and the fraction of images whose class has the highest logit; or as Keras's binary ones."""
    from scipy.special import log_expit, log_softmax

    if multilabel:
        logits = logits.astype(np.float64)
        loss = -(targets * log_expit(logits) + (1 - targets) * log_expit(-logits)).mean()
        return {"loss": float(loss), "accuracy": float(((logits > 0) == (targets > 0)).mean())}

    loss = -(log_softmax(logits.astype(np.float64), axis=1) * targets).sum(axis=1).mean()
    return {"loss": float(loss), "accuracy": float((logits.argmax(axis=1) == targets.argmax(axis=1)).mean())}
