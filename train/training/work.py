"""How much arithmetic an image takes in a model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from train.models.registry import ensemble_size
from train.recipe import Recipe
from train.training.schedule import set_trainable


@dataclass(frozen=True)
class Work:
    """Multiplications that one image takes in a model.

    Parameters
    ----------
    forward : float
        To predict it.
    trained : float
        Of these, in the layers that fine-tuning trains; for their gradients it takes twice as many again.
    n_layers : int
    """

    forward: float
    trained: float
    n_layers: int


def work_of(model: keras.Model, recipe: Recipe) -> Work:
    """Count the multiplications of convolutions, dense and recurrent layers.

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` gives it; `trainable` of its layers is set.
    recipe : Recipe
        `weights`, `unfreeze` and `ensemble`.
    """
    set_trainable(model, recipe)
    flat = list(model._flatten_layers(include_self=False))
    cells = {id(layer.cell) for layer in flat if isinstance(layer, keras.layers.RNN)}  # counted with their layers
    layers = [
        layer
        for layer in flat
        if isinstance(layer, keras.layers.RNN) or (hasattr(layer, "kernel") and id(layer) not in cells)
    ]
    counts = [_multiplications(layer) for layer in layers]
    trained = [count for layer, count in zip(layers, counts, strict=True) if layer.trainable]
    n = ensemble_size(recipe)
    return Work(float(n * sum(counts)), float(n * sum(trained)), n * len(layers))


def _multiplications(layer: keras.Layer) -> int:
    """Of one image: each number of a kernel once at each place of the output, or at each time step."""
    size = sum(math.prod(weight.shape) for weight in layer.weights if "kernel" in weight.path)
    if isinstance(layer, keras.layers.RNN):
        return int(layer.input.shape[1]) * size
    return size * (math.prod(layer.output.shape[1:-1]) if len(layer.output.shape) > 2 else 1)
