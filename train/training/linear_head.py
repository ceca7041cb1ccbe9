"""The last layer of a pretrained classifier, fitted before the others are trained."""

from __future__ import annotations

import warnings

import keras
import numpy as np
from keras import layers

from train.recipe import Recipe
from train.training.batches import Draw
from train.training.fold import Fold
from train.training.outputs import outputs

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
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    dense = next(layer for layer in reversed(model.layers) if isinstance(layer, layers.Dense))
    normalisation = next((layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)), None)
    to_features = keras.Model(model.input, (normalisation or dense).input)

    def features_of(rows: np.ndarray) -> np.ndarray:
        new = np.array([row for row in rows.tolist() if row not in fold.features], dtype=int)
        if len(new):
            computed = outputs(to_features, fold.images, new, batch_size=recipe.batch_size).astype(np.float32)
            fold.features.update(zip(new.tolist(), computed, strict=True))
        return np.stack([fold.features[row] for row in rows.tolist()])

    rows = fold.split.train
    if len(rows) > MOST_IMAGES:
        # In an order that is the same for all folds, so that these share most of their images.
        order = np.random.default_rng((Draw.HEAD, fold.seed[0])).permutation(len(fold.targets))
        rows = np.sort(order[np.isin(order, rows)][:MOST_IMAGES])
    features = features_of(rows)
    mean, variance = features.mean(axis=0), features.var(axis=0)
    scale = 1 / np.sqrt((variance + SMALLEST_VARIANCE) * features.shape[1])
    regression = LogisticRegression(
        C=INVERSE_PENALTY, max_iter=MOST_ITERATIONS, class_weight="balanced" if recipe.class_weights else None
    )
    if not np.isfinite(features).all():
        raise ValueError(
            f"The features of {recipe.model!r} must be finite numbers. Got others. Leave --mixed-precision out, or "
            "give other --weights."
        )
    with warnings.catch_warnings():
        # With a penalty, the iterations that are left change nothing that can be seen.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit((features - mean) * scale, fold.targets[rows].argmax(axis=1))
    kernel, bias = _softmax_weights(regression, n_classes=fold.targets.shape[1])
    raw_kernel = kernel * scale[:, None]
    raw_bias = bias - mean @ raw_kernel
    if normalisation is None:
        dense.set_weights([raw_kernel, raw_bias])
    else:
        normalisation.set_weights([mean, variance])
        dense.set_weights([kernel, bias])
    numbers = _loss_and_accuracy(features @ raw_kernel + raw_bias, fold.targets[rows])
    if recipe.select == "validation":
        rows = fold.split.validation
        tested = _loss_and_accuracy(features_of(rows) @ raw_kernel + raw_bias, fold.targets[rows])
        numbers |= {f"val_{name}": value for name, value in tested.items()}
    return numbers


def _softmax_weights(regression: object, *, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel, shape=(n_features, n_classes), and bias of the dense layer that a logistic regression is."""
    kernel, bias = regression.coef_.T, regression.intercept_  # type: ignore[attr-defined]
    if kernel.shape[1] == 1:  # of two classes scikit-learn gives the difference
        kernel, bias = np.concatenate([-kernel, kernel], axis=1) / 2, np.concatenate([-bias, bias]) / 2
    all_kernels, all_biases = np.zeros((len(kernel), n_classes)), np.full(n_classes, bias.min())
    all_kernels[:, regression.classes_], all_biases[regression.classes_] = kernel, bias  # type: ignore[attr-defined]
    return all_kernels.astype(np.float32), all_biases.astype(np.float32)


def _loss_and_accuracy(logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Mean cross entropy, and the fraction of images whose class has the highest logit."""
    from scipy.special import log_softmax

    loss = -(log_softmax(logits.astype(np.float64), axis=1) * targets).sum(axis=1).mean()
    return {"loss": float(loss), "accuracy": float((logits.argmax(axis=1) == targets.argmax(axis=1)).mean())}
