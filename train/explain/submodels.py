"""A classifier split up: the models of an ensemble, and each of them before and after its last feature map."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import keras
import numpy as np
from keras import KerasTensor, layers

from train.explain.gradients import Gradients, log_odds, logit
from train.models.ensemble import MeanOfModels

_SUBMODELS: WeakKeyDictionary[keras.Model, list[Submodel]] = WeakKeyDictionary()


class Submodel:
    """One model of an ensemble; a classifier that is no ensemble has one.

    Parameters
    ----------
    images : KerasTensor
        The classifier's input.
    logits : KerasTensor
        The input of this model's softmax, or of its sigmoid.
    is_multilabel : bool
        Whether it ends in a sigmoid: a clip may have several labels.
    """

    def __init__(self, images: KerasTensor, logits: KerasTensor, *, is_multilabel: bool = False) -> None:
        self._images, self._logits = images, logits
        # The logit of a sigmoid is the log-odds of its class.
        self._score = logit if is_multilabel else log_odds

    @cached_property
    def log_odds(self) -> Gradients:
        """Log-odds of a class, and their gradient with respect to the pixels."""
        return Gradients(keras.Model(self._images, self._logits), self._score)

    @cached_property
    def to_map(self) -> keras.Model:
        """From images to the last feature map, shape=(n, rows, columns, channels)."""
        return self._divided[0]

    @cached_property
    def logit(self) -> Gradients:
        """Logit of a class, and its gradient with respect to the last feature map."""
        return Gradients(self._divided[1], logit)

    @cached_property
    def _divided(self) -> tuple[keras.Model, keras.Model]:
        before, after = _divide(self._images, self._logits)
        return _chain(before), _chain(after)


def submodels_of(model: keras.Model) -> list[Submodel]:
    """The models whose mean a classifier is; cached, since compiling their gradients is slow.

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` builds it, or loaded from a file.

    Raises
    ------
    ValueError
        If it does not end in a softmax or a sigmoid, or in the mean of several.
    """
    if model not in _SUBMODELS:
        output = model.outputs[0]
        outputs = _inputs_of(output) if isinstance(_layer_of(output), MeanOfModels) else [output]
        _SUBMODELS[model] = [
            Submodel(model.inputs[0], _logits_of(output), is_multilabel=_ends_in_sigmoid(output)) for output in outputs
        ]
    return _SUBMODELS[model]


def _logits_of(probabilities: KerasTensor) -> KerasTensor:
    layer = _layer_of(probabilities)
    known = (keras.activations.softmax, keras.activations.sigmoid)
    if getattr(layer, "activation", None) not in known or not isinstance(layer, layers.Activation):
        raise ValueError(
            "The last layer of the model must be Activation('softmax') or ('sigmoid'), as build_model "
            f"makes it. Got {layer.name!r} ({type(layer).__name__})."
        )
    return _inputs_of(probabilities)[0]


def _ends_in_sigmoid(probabilities: KerasTensor) -> bool:
    return getattr(_layer_of(probabilities), "activation", None) is keras.activations.sigmoid


def _divide(inputs: KerasTensor, outputs: KerasTensor) -> tuple[list[keras.Model], list[keras.Model]]:
    """Models before and after the last tensor with rows and columns, searched backwards from the outputs."""
    tensor = outputs
    while len(tensor.shape) != 4:
        layer, inputs_of_layer = _layer_of(tensor), _inputs_of(tensor)
        if not inputs_of_layer:
            raise ValueError("The model has no feature map with rows and columns, so Grad-CAM cannot be computed.")
        if isinstance(layer, keras.Model):
            before, after = _divide(layer.inputs[0], layer.outputs[0])
            return [keras.Model(inputs, inputs_of_layer[0]), *before], [*after, *_between(tensor, outputs)]
        tensor = inputs_of_layer[0]
    return [keras.Model(inputs, tensor)], _between(tensor, outputs)


def _between(start: KerasTensor, end: KerasTensor) -> list[keras.Model]:
    return [] if start is end else [keras.Model(start, end)]


def _chain(models: list[keras.Model]) -> keras.Model:
    """Models in sequence as one."""
    if len(models) == 1:
        return models[0]
    x = inputs = layers.Input(models[0].input_shape[1:])
    for model in models:
        x = model(x)
    return keras.Model(inputs, x)


# Keras has no public way to get the layer that made a tensor.
def _layer_of(tensor: KerasTensor) -> layers.Layer:
    return tensor._keras_history.operation


def _inputs_of(tensor: KerasTensor) -> list[KerasTensor]:
    """The inputs of the layer that made a tensor."""
    history = tensor._keras_history
    return history.operation._inbound_nodes[history.node_index].input_tensors


def check_images(model: keras.Model, images: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Check that images and classes fit a model.

    Parameters
    ----------
    model : keras.Model
    images : np.ndarray, shape=(n, height, width, 3), 0 to 255
    classes : np.ndarray, shape=(n,), int

    Returns
    -------
    images : np.ndarray, float32
    classes : np.ndarray

    Raises
    ------
    ValueError
        If a shape is another, or a class is none of the model's outputs.
    """
    images, classes = np.asarray(images, np.float32), np.asarray(classes)
    expected, n_classes = tuple(model.input_shape[1:]), model.output_shape[-1]
    if images.ndim != 4 or images.shape[1:] != expected:
        raise ValueError(f"images must have the shape (n, {str(expected)[1:]}, as the model does. Got {images.shape}.")
    if classes.shape != (len(images),) or not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(
            f"classes must be a whole number for each of {len(images)} images. Got an array of shape {classes.shape} "
            f"and type {classes.dtype}."
        )
    if len(classes) and not (classes.min() >= 0 and classes.max() < n_classes):
        raise ValueError(f"classes must be from 0 to {n_classes - 1}. Got {classes.min()} to {classes.max()}.")
    return images, classes
