"""How long to train, and how fast: the phases of one fold."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from train.models.build import BASE
from train.models.registry import MODELS
from train.quality import QUALITIES
from train.recipe import Recipe

VIEWS = {"none": 120, "pretrained": QUALITIES["standard"]["views"]}
"""How often each training clip is shown, in whatever variant, unless the recipe says it: from scratch, and with
pretrained weights. Counted in clips, so that a run with stored variants costs as much as one without."""
LEAST_CLIPS = 160
"""With fewer, a pretrained model is shown as many images as of so many clips: 100 batches of 32 at 20 views. With 80
clips of ESC-10 (100 clips, five folds, one seed) 100 batches gave 87.0 % and a log loss of 0.33, 50 batches 84.0 % and
0.53."""
FROM_SCRATCH_LEARNING_RATE = 1e-3
EMA_MOMENTUM = 0.98
"""Of the exponential moving average of the weights that is tested after fine-tuning, over about the last 50 steps, at
most. On three inner folds of ESC-10 averages gave 93.8 % and last weights 91.7 % (240 clips, 200 steps); other values
were not tried."""


@dataclass(frozen=True)
class Phase:
    """A stretch of epochs in which the same layers are trained.

    Parameters
    ----------
    name : {"head", "all"}
        The last layer alone, which is fitted (`train.training.linear_head`), or the layers that `Recipe.unfreeze`
        names, by gradient descent.
    epochs : int
    learning_rate : float
        The highest.
    """

    name: str
    epochs: int
    learning_rate: float


def start_of(recipe: Recipe) -> str:
    """Whether the initial weights are random (`none`) or `pretrained`: a key of `VIEWS`."""
    return "none" if recipe.weights == "none" else "pretrained"


def highest_learning_rate(recipe: Recipe) -> float:
    """That of the recipe, or the model's own."""
    own = FROM_SCRATCH_LEARNING_RATE if recipe.weights == "none" else MODELS[recipe.model].learning_rate
    return recipe.learning_rate or own


def phases(recipe: Recipe, *, n_images: int, n_clips: int) -> list[Phase]:
    """The phases of one fold.

    Parameters
    ----------
    recipe : Recipe
    n_images, n_clips : int
        To train on; with stored variants there are more images than clips.

    Returns
    -------
    list of Phase
        In their order: with pretrained weights the head, in one epoch, and then all.
    """
    start = start_of(recipe)
    views = VIEWS[start] if recipe.views is None else recipe.views
    epochs = recipe.epochs
    if epochs is None:
        n_shown = views * (n_clips if start == "none" else max(n_clips, LEAST_CLIPS))
        epochs = max(1, round(n_shown / n_images)) if views else 0
    head = Phase("head", 1, 0.0)
    fine_tuning = Phase("all", epochs, highest_learning_rate(recipe))
    if start == "none":
        return [fine_tuning]
    return ([head] if MODELS[recipe.model].has_linear_head else []) + ([fine_tuning] if epochs else [])


def learning_rate(phase: Phase, *, steps_per_epoch: int, warmup: float) -> keras.optimizers.schedules.CosineDecay:
    """A linear rise from 0, then a cosine decay to 0 (Loshchilov and Hutter, SGDR, ICLR 2017).

    Parameters
    ----------
    phase : Phase
        Its epochs and its highest rate.
    steps_per_epoch : int
        Batches an epoch.
    warmup : float
        Fraction of the steps in which the rate rises, 0 to 0.9.

    Returns
    -------
    keras.optimizers.schedules.CosineDecay
        Step of the phase, from 0, to learning rate.
    """
    n_steps = phase.epochs * steps_per_epoch
    n_warmup = round(warmup * n_steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0 if n_warmup else phase.learning_rate,
        decay_steps=max(1, n_steps - n_warmup),
        warmup_target=phase.learning_rate if n_warmup else None,
        warmup_steps=n_warmup,
    )


def ema_momentum(n_steps: int) -> float:
    """Momentum of the average of the weights, over a quarter of the steps at most.

    Keras begins the average with the first step's weights, which keep the share `momentum ** n_steps` of it. With 100
    clips of ESC-10 (80 trained on in 50 steps, five folds, one seed) 0.92 gave 84.0 % and a log loss of 0.53, and 0.98,
    with which these are a third of it, 78.0 % and 0.63.

    Parameters
    ----------
    n_steps : int
        Of the phase.

    Examples
    --------
    >>> ema_momentum(1000), ema_momentum(40)
    (0.98, 0.9)
    """
    return min(EMA_MOMENTUM, max(0.0, 1 - 4 / n_steps))


def set_trainable(model: keras.Model, recipe: Recipe) -> None:
    """Freeze what fine-tuning does not train.

    In fine-tuning, batch normalisation stays frozen: the statistics of few new images would spoil the base (https://keras.io/guides/transfer_learning/).

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` gives it; `trainable` of its layers is set. From scratch (`weights` is
        `none`) it is left as it is: all of it trains.
    recipe : Recipe
        `weights`, and in `unfreeze` how many of the last layers with weights are trained.
    """
    if recipe.weights == "none":
        return
    base = model.get_layer(BASE)
    for layer in model.layers:
        # Of the head: it was given the statistics of the features of all training images.
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    weighted = [layer for layer in base._flatten_layers(include_self=False) if layer.weights and not _is_group(layer)]
    unfreeze = recipe.unfreeze or "all"
    n_last = len(weighted) if unfreeze == "all" else int(unfreeze)
    for place, layer in enumerate(weighted):
        is_among_last = place >= len(weighted) - n_last
        layer.trainable = is_among_last and not isinstance(layer, keras.layers.BatchNormalization)


def _is_group(layer: keras.Layer) -> bool:
    """Whether a layer only holds others, which are counted themselves."""
    return bool(layer._layers)
