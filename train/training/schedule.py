"""How long to train, and how fast: the phases of one fold."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from train.models.build import BASE
from train.recipe import Recipe

VIEWS = {"none": 120, "pretrained": 20}
"""How often each training clip is shown, in whatever variant, unless `epochs` is given: from scratch, and with
pretrained weights. Counted in clips, so that a run with stored variants costs as much as one without."""
LEARNING_RATE = {"none": 1e-3, "pretrained": 1e-4}
HEAD_FRACTION = 0.2


@dataclass(frozen=True)
class Phase:
    """A stretch of epochs in which the same layers are trained.

    Parameters
    ----------
    name : {"head", "all"}
        With the base frozen, or with the layers trained that `Recipe.unfreeze` names.
    epochs : int
    learning_rate : float
        The highest.
    """

    name: str
    epochs: int
    learning_rate: float


def start_of(recipe: Recipe) -> str:
    """Whether the initial weights are random (`none`) or `pretrained`: a key of `VIEWS` and `LEARNING_RATE`."""
    return "none" if recipe.weights == "none" else "pretrained"


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
        In their order: the head alone, if it has epochs of its own, and then all.
    """
    start = start_of(recipe)
    epochs = recipe.epochs or max(1, round(VIEWS[start] * n_clips / n_images))
    head_epochs = recipe.head_epochs
    if head_epochs is None:
        head_epochs = 0 if start == "none" else max(1, round(HEAD_FRACTION * epochs))
    whole = Phase("all", epochs, recipe.learning_rate or LEARNING_RATE[start])
    return [Phase("head", head_epochs, recipe.head_learning_rate), whole] if head_epochs else [whole]


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


def set_trainable(model: keras.Model, phase: Phase, recipe: Recipe) -> None:
    """Freeze what a phase does not train.

    In fine-tuning, batch normalisation stays frozen: the statistics of few new images would spoil the base (https://keras.io/guides/transfer_learning/).

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` gives it; `trainable` of its layers is set. From scratch (`weights` is
        `none`) it is left as it is: all of it trains.
    phase : Phase
    recipe : Recipe
        `weights`, and in `unfreeze` how many of the last layers with weights are trained.
    """
    if recipe.weights == "none":
        return
    base = model.get_layer(BASE)
    base.trainable = phase.name == "all"
    if phase.name == "head":
        return
    weighted = [layer for layer in base._flatten_layers(include_self=False) if layer.weights and not _is_group(layer)]
    n_last = len(weighted) if recipe.unfreeze == "all" else int(recipe.unfreeze)
    for place, layer in enumerate(weighted):
        is_among_last = place >= len(weighted) - n_last
        layer.trainable = is_among_last and not isinstance(layer, keras.layers.BatchNormalization)


def _is_group(layer: keras.Layer) -> bool:
    """Whether a layer only holds others, which are counted themselves."""
    return bool(layer._layers)
