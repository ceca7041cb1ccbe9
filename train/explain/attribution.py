"""Attribution of a prediction to the pixels of an image, by Grad-CAM and integrated gradients, averaged over models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from train.data.decode import colour
from train.explain.grad_cam import grad_cam
from train.explain.integrated_gradients import completeness_error, integrated_gradients


@dataclass(frozen=True)
class Attributions:
    """Attributions of images, averaged over models.

    Parameters
    ----------
    grad_cam : np.ndarray, shape=(n, height, width), float32, 0 to 1
        How much a region matters for the class; coarse.
    integrated_gradients : np.ndarray, shape=(n, height, width), float32
        How much each pixel adds to the log-odds of the class; negative against it.
    completeness_error : np.ndarray, shape=(n,), float64, 0 or more
        See `completeness_error`.
    """

    grad_cam: np.ndarray
    integrated_gradients: np.ndarray
    completeness_error: np.ndarray


def attribute(
    models: Sequence[keras.Model],
    pixels: np.ndarray,
    palette: np.ndarray | None,
    classes: np.ndarray,
    *,
    silence: np.ndarray,
    batch_size: int = 32,
) -> Attributions:
    """Attribute the predictions of models for images, by both methods.

    Parameters
    ----------
    models : sequence of keras.Model
        Their attributions are averaged.
    pixels : np.ndarray, shape=(n, height, width), or (n, height, width, 3) without a palette, uint8
        Of the size of the models' input, as `train.data.decode.prepare_pixels` gives them.
    palette : np.ndarray or None, shape=(256, 3), uint8
    classes : np.ndarray, shape=(n,), int
        The class to explain of each image, as an index of the models' outputs.
    silence : np.ndarray, shape=(height, width) or (height, width, 3), uint8
        The image of silence; see `train.predict.windows.FrontEnd.silent_pixels`.
    batch_size : int
        Images that go through a model at once.

    Returns
    -------
    Attributions
    """
    images, baseline = colour(pixels, palette), colour(silence, palette)
    maps = [grad_cam(model, images, classes, batch_size=batch_size) for model in models]
    integrated, gains = zip(
        *(integrated_gradients(model, images, classes, baseline=baseline, batch_size=batch_size) for model in models),
        strict=True,
    )
    mean = np.asarray(np.mean(integrated, axis=0, dtype=np.float64))
    return Attributions(
        grad_cam=np.asarray(np.mean(maps, axis=0, dtype=np.float64)).astype(np.float32),
        integrated_gradients=mean.astype(np.float32),
        completeness_error=completeness_error(mean, np.asarray(np.mean(gains, axis=0))),
    )
