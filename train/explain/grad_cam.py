"""Grad-CAM: the regions of an image that raise the logit of a class."""

from __future__ import annotations

import keras
import numpy as np
from PIL import Image

from train.explain.submodels import Submodel, check_images, submodels_of


def grad_cam(model: keras.Model, images: np.ndarray, classes: np.ndarray, *, batch_size: int = 32) -> np.ndarray:
    """Locate the regions that raise the logit of a class, in the last feature map that all of a model goes through.

    That is the last one of most models, and of EfficientNet-Lite, whose last layer sees many, the first of these.

    Each channel is weighted by the mean gradient of the logit; the positive part of the weighted sum is resized to
    the image and divided by its maximum. The maps of an ensemble (`train.models.ensemble`) are averaged, so
    that the maximum is below 1 where its models differ.

    Parameters
    ----------
    model : keras.Model
    images : np.ndarray, shape=(n, height, width, 3), 0 to 255
    classes : np.ndarray, shape=(n,), int
    batch_size : int
        Images that go through the model at once.

    Returns
    -------
    np.ndarray, shape=(n, height, width), float32, 0 to 1
        All 0 if nothing in the image raises the logit.

    References
    ----------
    Selvaraju, R. R., and others. "Grad-CAM: visual explanations from deep networks via gradient-based localization",
    ICCV 2017 (https://arxiv.org/abs/1610.02391).
    """
    images, classes = check_images(model, images, classes)
    maps = [
        _submodel_grad_cam(submodel, images[k : k + batch_size], classes[k : k + batch_size])
        for submodel in submodels_of(model)
        for k in range(0, len(images), batch_size)
    ]
    if not maps:
        return np.zeros(images.shape[:3], np.float32)
    return np.concatenate(maps).reshape(-1, *images.shape[:3]).mean(axis=0)


def _submodel_grad_cam(submodel: Submodel, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Shape=(n, height, width)."""
    features = np.asarray(keras.ops.convert_to_numpy(submodel.to_map(images, training=False)), np.float32)
    _, gradients = submodel.logit(features, classes)
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    maps = np.maximum((weights * features).sum(axis=-1), 0)
    size = images.shape[2], images.shape[1]
    maps = np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BILINEAR)) for one in maps])
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.clip(maps / np.where(highest > 0, highest, 1), 0, 1)
