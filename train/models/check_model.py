"""Whether the model of a recipe can be built: known before anything is decoded or written."""

from __future__ import annotations

import keras

from train.models.build import IMAGENET, SCRATCH, build_model
from train.models.registry import model_named
from train.recipe import Recipe


def check_model(recipe: Recipe, *, n_classes: int, may_download: bool = True) -> keras.Model:
    """Build the model once, so that an error is raised before the run has a folder.

    Parameters
    ----------
    recipe : Recipe
    n_classes : int
    may_download : bool
        Fetch ImageNet weights that are not on this machine; else they are not looked for.

    Returns
    -------
    keras.Model
        With random weights; its input has the size of its images.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such model, its weights are not at hand, or the images are too small for it.
    """
    model = model_named(recipe.model)
    if not recipe.fine_tunes and not model.has_linear_head:
        raise ValueError(
            f"--model must end in a dense layer to be trained with --quality fast or --epochs 0, which fit that alone. "
            f"Got {recipe.model!r}. Leave that out, or give another model."
        )
    side = recipe.input_size or model.size
    if model.has_one_size and recipe.weights == IMAGENET and side != model.size:
        raise ValueError(
            f"--input-size must be {model.size} for the ImageNet weights of {recipe.model!r}. Got {side}. Leave it "
            "out, or give --weights none."
        )
    is_fetched = recipe.weights == IMAGENET and model.has_imagenet and not model.has_weights_package
    try:
        built = build_model(recipe.model, n_classes=n_classes, size=(side, side))
    except ValueError:
        if side >= model.size:
            raise
        raise ValueError(
            f"--input-size must be larger for {recipe.model!r}, such as its own, {model.size}. Got {side}."
        ) from None
    if recipe.weights != SCRATCH and (may_download or not is_fetched):
        build_model(recipe.model, n_classes=n_classes, size=(side, side), weights=recipe.weights)
    return built
