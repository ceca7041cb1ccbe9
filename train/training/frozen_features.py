"""Features of images from a pretrained model that is not trained further."""

from __future__ import annotations

import keras
import numpy as np

from train import backend
from train.models.build import build_from_recipe
from train.training.linear_head import feature_model
from train.training.outputs import outputs
from train.training.prepare import Prepared


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
    backend.set_up()
    run = prepared.run
    model = build_from_recipe(
        run.recipe,
        n_classes=len(run.classes),
        size=run.input_size,
        weights=run.recipe.weights,
        half_precision=run.recipe.mixed_precision and backend.has_gpu(),
    )
    computed = outputs(feature_model(model), prepared.images, rows, batch_size=run.recipe.batch_size)
    keras.utils.clear_session()
    features = np.zeros((len(prepared.table), computed.shape[1]), np.float32)
    features[rows] = computed
    return features
