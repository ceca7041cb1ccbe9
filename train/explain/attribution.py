"""Attribution of a prediction to the pixels of an image: Grad-CAM and integrated gradients, averaged over models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from PIL import Image

from train.data.decode import colour
from train.explain.submodels import Submodel, submodels_of

STEPS = 32
"""Points between silence and the image to begin with."""
MAX_STEPS = 864
"""The first ones, tripled three times."""
MAX_ERROR = 0.01
"""Largest completeness error that is accepted; models trained on ESC-10 reach it with 32 or 96 points."""
MIN_GAIN = 1.0
"""In log-odds (a factor of 2.7). The completeness error of a smaller gain is relative to this."""


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
    palette: np.ndarray,
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
    pixels : np.ndarray, shape=(n, height, width), uint8
        Of the size of the models' input, as `train.data.decode.prepare_pixels` gives them.
    palette : np.ndarray, shape=(256, 3), uint8
    classes : np.ndarray, shape=(n,), int
        The class to explain of each image, as an index of the models' outputs.
    silence : np.ndarray, shape=(height, width), uint8
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


def grad_cam(model: keras.Model, images: np.ndarray, classes: np.ndarray, *, batch_size: int = 32) -> np.ndarray:
    """Locate the regions that raise the logit of a class, in the last feature map of a model.

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
    images, classes = _checked(model, images, classes)
    maps = [
        _submodel_grad_cam(submodel, images[k : k + batch_size], classes[k : k + batch_size])
        for submodel in submodels_of(model)
        for k in range(0, len(images), batch_size)
    ]
    if not maps:
        return np.zeros(images.shape[:3], np.float32)
    return np.concatenate(maps).reshape(-1, *images.shape[:3]).mean(axis=0)


def integrated_gradients(
    model: keras.Model,
    images: np.ndarray,
    classes: np.ndarray,
    *,
    baseline: np.ndarray,
    steps: int = STEPS,
    batch_size: int = 32,
) -> tuple[np.ndarray, np.ndarray]:
    """Attribute the log-odds of a class to pixels, along the straight line from silence to the image.

    The gradients of the log-odds (see `train.explain.gradients.log_odds`) are averaged over the line and multiplied by
    the difference of image and baseline. They must add up to the gain in log-odds: the midpoint rule begins with
    `steps` points and triples them, reusing the third that is known, until they do within `MAX_ERROR`, up to
    `MAX_STEPS`. Rules of higher order are no better, since models with rectifiers are not smooth. The attributions of
    an ensemble are averaged.

    Parameters
    ----------
    model : keras.Model
    images : np.ndarray, shape=(n, height, width, 3), 0 to 255
    classes : np.ndarray, shape=(n,), int
    baseline : np.ndarray, shape=(3,) or (height, width, 3), 0 to 255
        The image of silence, or its colour if it has only one.
    steps : int
        Points to begin with, 1 or more.
    batch_size : int
        Points that go through the model at once.

    Returns
    -------
    attributions : np.ndarray, shape=(n, height, width), float32
        In log-odds, summed over the three colours.
    gain : np.ndarray, shape=(n,), float64
        Log-odds of the image less those of the baseline: what the attributions should add up to.

    References
    ----------
    Sundararajan, M., Taly, A., Yan, Q. "Axiomatic attribution for deep networks", ICML 2017
    (https://arxiv.org/abs/1703.01365).
    """
    if steps < 1:
        raise ValueError(f"steps must be 1 or more. Got {steps}. Give a whole number such as {STEPS}.")
    images, classes = _checked(model, images, classes)
    baseline = np.asarray(baseline, np.float32)
    submodels = submodels_of(model)
    attributions, all_gains = np.zeros(images.shape[:3]), []
    for submodel in submodels:
        silence = np.broadcast_to(baseline, images.shape)
        gains = _scores(submodel, images, classes, batch_size) - _scores(submodel, silence, classes, batch_size)
        all_gains.append(gains)
        for k, image in enumerate(images):
            attributions[k] += _integrate(submodel, image, classes[k], gains[k], baseline, steps, batch_size)
    return (attributions / len(submodels)).astype(np.float32), np.asarray(np.mean(all_gains, axis=0))


def completeness_error(attributions: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Relative difference of the sum of integrated gradients from the gain.

    Parameters
    ----------
    attributions : np.ndarray, shape=(n, height, width)
    gain : np.ndarray, shape=(n,)
        As `integrated_gradients` gives it.

    Returns
    -------
    np.ndarray, shape=(n,), float64
        As a fraction of the gain, or of `MIN_GAIN` if that is larger.
    """
    return np.abs(attributions.sum(axis=(1, 2), dtype=np.float64) - gain) / np.maximum(np.abs(gain), MIN_GAIN)


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


def _scores(submodel: Submodel, images: np.ndarray, classes: np.ndarray, batch_size: int) -> np.ndarray:
    """Log-odds, shape=(n,), float64."""
    batches = (slice(k, k + batch_size) for k in range(0, len(images), batch_size))
    return np.concatenate([np.zeros(0), *(submodel.log_odds(images[batch], classes[batch])[0] for batch in batches)])


def _integrate(
    submodel: Submodel,
    image: np.ndarray,
    class_index: int,
    gain: float,
    baseline: np.ndarray,
    steps: int,
    batch_size: int,
) -> np.ndarray:
    """Integrated gradients of one image, shape=(height, width)."""
    difference = image - baseline
    fractions = (np.arange(steps) + 0.5) / steps
    total = np.zeros(image.shape)
    while True:
        for k in range(0, len(fractions), batch_size):
            t = fractions[k : k + batch_size, np.newaxis, np.newaxis, np.newaxis].astype(np.float32)
            total += submodel.log_odds(baseline + t * difference, np.full(len(t), class_index))[1].sum(axis=0)
        attribution = (total * difference).sum(axis=-1) / steps
        error = completeness_error(attribution[np.newaxis], np.asarray([gain]))[0]
        if error <= MAX_ERROR or 3 * steps > MAX_STEPS:
            return attribution
        steps *= 3
        fractions = (np.arange(steps) + 0.5) / steps
        fractions = fractions[np.arange(steps) % 3 != 1]  # the middle one of three is known


def _checked(model: keras.Model, images: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 and classes as they are, if they fit the model."""
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
