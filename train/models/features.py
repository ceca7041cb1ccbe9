"""What the last layer of a classifier sees."""

from __future__ import annotations

import keras
from keras import KerasTensor, layers


def feature_model(model: keras.Model) -> keras.Model:
    """The model from an image to the features that its last layer sees."""
    return keras.Model(model.input, _features(model))


def with_features(model: keras.Model) -> keras.Model | None:
    """The model with two outputs, its own and the features; of several models as one, those of the last.

    Parameters
    ----------
    model : keras.Model
        From images, shape=(batch, height, width, 3), 0 to 255, to probabilities, shape=(batch, n_classes).

    Returns
    -------
    keras.Model or None
        Its second output has shape=(batch, n_features). None where the last layer is not a dense one, as in SqueezeNet.
    """
    if not any(isinstance(layer, layers.Dense) for layer in model.layers):
        return None
    features = _features(model)
    return keras.Model(model.input, [model.output, features]) if len(features.shape) == 2 else None


def last_layers(model: keras.Model) -> tuple[layers.Dense, layers.BatchNormalization | None]:
    """The dense layer at the end, and the normalisation before it, if there is one."""
    dense = next(layer for layer in reversed(model.layers) if isinstance(layer, layers.Dense))
    return dense, next((layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)), None)


def _features(model: keras.Model) -> KerasTensor:
    dense, normalisation = last_layers(model)
    return (normalisation or dense).input
