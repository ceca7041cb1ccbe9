"""Features of images from a pretrained model that is not trained further."""

from __future__ import annotations

import keras
import numpy as np

from train import backend
from train.models.build import build_from_recipe
from train.models.features import feature_model
from train.recipe import Recipe
from train.training.outputs import outputs
from train.training.prepare import Prepared


def frozen_model(recipe: Recipe, *, size: tuple[int, int]) -> keras.Model:
    """The pretrained layers of a recipe's model, from images, 0 to 255, to the features that its last layer sees.

    Parameters
    ----------
    recipe : Recipe
        With pretrained weights.
    size : tuple of (int, int)
        Height and width of the images.
    """
    backend.set_up()
    model = build_from_recipe(
        recipe,
        n_classes=2,
        size=size,
        weights=recipe.weights,
        half_precision=recipe.mixed_precision and backend.has_gpu(),
    )
    return feature_model(model)


def frozen_features(prepared: Prepared, rows: np.ndarray) -> np.ndarray:
    """What the pretrained layers give for some images, to fit last layers to.

    Parameters
    ----------
    prepared : Prepared
        Of a recipe with pretrained weights.
    rows : np.ndarray, shape=(n,), int
        Which images of its table.

    Returns
    -------
    np.ndarray, shape=(n_images, n_features), float32
        Zeros for all other images.
    """
    run = prepared.run
    model = frozen_model(run.recipe, size=run.input_size)
    computed = outputs(model, prepared.images, rows, batch_size=run.recipe.batch_size)
    keras.utils.clear_session()
    features = np.zeros((len(prepared.table), computed.shape[1]), np.float32)
    features[rows] = computed
    return features
