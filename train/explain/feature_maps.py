"""A classifier taken apart: its single models, and each where its last map of features goes into the answer."""

from __future__ import annotations

from functools import cached_property
from weakref import WeakKeyDictionary

import keras
from keras import KerasTensor, layers

from train.explain.gradients import Gradients, log_odds, logit
from train.models.ensemble_in_one import MeanOfModels

_PARTS: WeakKeyDictionary[keras.Model, list[Part]] = WeakKeyDictionary()


class Part:
    """One model of a classifier; a classifier of one model has one.

    Parameters
    ----------
    images : KerasTensor
        The classifier's input.
    logits : KerasTensor
        What this model gives to its softmax.
    """

    def __init__(self, images: KerasTensor, logits: KerasTensor) -> None:
        self._images, self._logits = images, logits

    @cached_property
    def log_odds(self) -> Gradients:
        """The log-odds of a class by the pixels of images."""
        return Gradients(keras.Model(self._images, self._logits), log_odds)

    @cached_property
    def to_map(self) -> keras.Model:
        """From images to the last map of features, shape=(n, rows, columns, channels)."""
        return self._divided[0]

    @cached_property
    def logit(self) -> Gradients:
        """The logit of a class by the numbers of the last map of features."""
        return Gradients(self._divided[1], logit)

    @cached_property
    def _divided(self) -> tuple[keras.Model, keras.Model]:
        before, after = _divide(self._images, self._logits)
        return _one_after_the_other(before), _one_after_the_other(after)


def parts_of(model: keras.Model) -> list[Part]:
    """The models of which a classifier is the mean; the same ones whenever it is asked for them.

    Parameters
    ----------
    model : keras.Model
        As `train.models.registry.build_model` builds it, or loaded from a file.

    Raises
    ------
    ValueError
        If it does not end in a softmax, or in the mean of several.
    """
    if model not in _PARTS:
        answer = model.outputs[0]
        answers = _given_to(answer) if isinstance(_maker(answer), MeanOfModels) else [answer]
        _PARTS[model] = [Part(model.inputs[0], _logits_of(answer)) for answer in answers]
    return _PARTS[model]


def _logits_of(probabilities: KerasTensor) -> KerasTensor:
    layer = _maker(probabilities)
    if getattr(layer, "activation", None) is not keras.activations.softmax or not isinstance(layer, layers.Activation):
        raise ValueError(
            f"The model ends in the layer {layer.name!r} ({type(layer).__name__}); expected a layer Activation("
            "'softmax') of its own, as train.models.registry.build_model makes it."
        )
    return _given_to(probabilities)[0]


def _divide(inputs: KerasTensor, outputs: KerasTensor) -> tuple[list[keras.Model], list[keras.Model]]:
    """Models before and after the last tensor with rows and columns, on the way back from the outputs."""
    tensor = outputs
    while len(tensor.shape) != 4:
        layer, given = _maker(tensor), _given_to(tensor)
        if not given:
            raise ValueError("The model has no map of features with rows and columns, so Grad-CAM cannot be drawn.")
        if isinstance(layer, keras.Model):
            before, after = _divide(layer.inputs[0], layer.outputs[0])
            return [keras.Model(inputs, given[0]), *before], [*after, *_between(tensor, outputs)]
        tensor = given[0]
    return [keras.Model(inputs, tensor)], _between(tensor, outputs)


def _between(start: KerasTensor, end: KerasTensor) -> list[keras.Model]:
    return [] if start is end else [keras.Model(start, end)]


def _one_after_the_other(models: list[keras.Model]) -> keras.Model:
    """Several models as one."""
    if len(models) == 1:
        return models[0]
    x = inputs = layers.Input(models[0].input_shape[1:])
    for model in models:
        x = model(x)
    return keras.Model(inputs, x)


# Keras has no public way to ask which layer made a tensor.
def _maker(tensor: KerasTensor) -> layers.Layer:
    return tensor._keras_history.operation


def _given_to(tensor: KerasTensor) -> list[KerasTensor]:
    """What the layer that made a tensor was given for it."""
    made = tensor._keras_history
    return made.operation._inbound_nodes[made.node_index].input_tensors
