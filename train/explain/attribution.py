"""Which parts of an image speak for a class: Grad-CAM and integrated gradients, of one model or the mean of several."""

from __future__ import annotations

import keras
import numpy as np
from PIL import Image

from train.explain.feature_maps import Part, parts_of

STEPS = 32
"""Points between silence and the image to begin with."""
MOST_STEPS = 864
"""The first ones thrice tripled."""
LARGEST_ERROR = 0.01
"""Of the gain, that the attributions may miss; on models that were trained on ESC-10, 32 or 96 points reach it."""
LEAST_GAIN = 1.0
"""In log-odds (a factor of 2.7). A smaller gain counts as so much where an error is a part of it."""
IMAGES_AT_ONCE = 32


def grad_cam(
    model: keras.Model, images: np.ndarray, classes: np.ndarray, *, batch_size: int = IMAGES_AT_ONCE
) -> np.ndarray:
    """Where the last map of features of a model speaks for a class.

    Each channel of the map counts as much as the class's logit rises with the channel's mean; what is left above 0 is
    brought to the size of the image, and its highest value to 1. Of several models side by side
    (`train.models.ensemble_in_one`) the mean is taken, so it stays below 1 where they do not agree.

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
        0 everywhere where nothing in the image speaks for the class.

    References
    ----------
    Selvaraju, R. R., and others. "Grad-CAM: visual explanations from deep networks via gradient-based localization",
    ICCV 2017 (https://arxiv.org/abs/1610.02391).
    """
    images, classes = _checked(model, images, classes)
    maps = [
        _part_grad_cam(part, images[k : k + batch_size], classes[k : k + batch_size])
        for part in parts_of(model)
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
    batch_size: int = IMAGES_AT_ONCE,
) -> np.ndarray:
    """How much each pixel adds to the log-odds of a class, as the image rises out of silence.

    The gradients of the log-odds (`train.explain.gradients.log_odds`, which has the reasons) are averaged on the
    straight line from silence to the image and multiplied by the way that each pixel goes. They add up to what the
    log-odds gain on that line; the midpoint rule takes them at `steps` points, and at three times as many, of which a
    third is known, until they do to 1 % (at most `MOST_STEPS`). Rules of a higher order are no better: a model of
    rectifiers has bends. Of several models side by side the mean is taken.

    Parameters
    ----------
    model : keras.Model
    images : np.ndarray, shape=(n, height, width, 3), 0 to 255
    classes : np.ndarray, shape=(n,), int
    baseline : np.ndarray, shape=(3,) or (height, width, 3), 0 to 255
        The image of silence, or its one colour: the palette's first.
    steps : int
        Points to begin with, 1 or more.
    batch_size : int
        Points that go through the model at once.

    Returns
    -------
    np.ndarray, shape=(n, height, width), float32
        In log-odds; the three colours of a pixel are added up.

    References
    ----------
    Sundararajan, M., Taly, A., Yan, Q. "Axiomatic attribution for deep networks", ICML 2017
    (https://arxiv.org/abs/1703.01365).
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; expected a whole number from 1 on, such as {STEPS}.")
    images, classes = _checked(model, images, classes)
    baseline = np.asarray(baseline, np.float32)
    attributions = np.zeros(images.shape[:3])
    for part in parts_of(model):
        gains = _part_gain(part, images, classes, baseline, batch_size)
        for k, image in enumerate(images):
            attributions[k] += _integrate(part, image, classes[k], gains[k], baseline, steps, batch_size)
    return (attributions / len(parts_of(model))).astype(np.float32)


def log_odds_gain(
    model: keras.Model,
    images: np.ndarray,
    classes: np.ndarray,
    *,
    baseline: np.ndarray,
    batch_size: int = IMAGES_AT_ONCE,
) -> np.ndarray:
    """What integrated gradients add up to: the log-odds of the class in the image, less those in silence.

    Parameters are those of `integrated_gradients`.

    Returns
    -------
    np.ndarray, shape=(n,), float64
        The mean of several models side by side.
    """
    images, classes = _checked(model, images, classes)
    baseline = np.asarray(baseline, np.float32)
    return np.mean([_part_gain(part, images, classes, baseline, batch_size) for part in parts_of(model)], axis=0)


def completeness_error(attributions: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """By how much attributions miss what they should add up to.

    Parameters
    ----------
    attributions : np.ndarray, shape=(n, height, width)
    gain : np.ndarray, shape=(n,)
        As `log_odds_gain` gives it.

    Returns
    -------
    np.ndarray, shape=(n,), float64
        As a part of the gain, or of `LEAST_GAIN` where that is larger.
    """
    return np.abs(attributions.sum(axis=(1, 2), dtype=np.float64) - gain) / np.maximum(np.abs(gain), LEAST_GAIN)


def _part_grad_cam(part: Part, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Shape=(n, height, width), of one model."""
    features = np.asarray(keras.ops.convert_to_numpy(part.to_map(images, training=False)), np.float32)
    _, gradients = part.logit(features, classes)
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    maps = np.maximum((weights * features).sum(axis=-1), 0)
    size = images.shape[2], images.shape[1]
    maps = np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BILINEAR)) for one in maps])
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.clip(maps / np.where(highest > 0, highest, 1), 0, 1)


def _part_gain(
    part: Part, images: np.ndarray, classes: np.ndarray, baseline: np.ndarray, batch_size: int
) -> np.ndarray:
    """Shape=(n,), of one model."""
    silence = np.broadcast_to(baseline, images.shape)
    return _scores(part, images, classes, batch_size) - _scores(part, silence, classes, batch_size)


def _scores(part: Part, images: np.ndarray, classes: np.ndarray, batch_size: int) -> np.ndarray:
    """Log-odds, shape=(n,), float64."""
    batches = (slice(k, k + batch_size) for k in range(0, len(images), batch_size))
    return np.concatenate([np.zeros(0), *(part.log_odds(images[batch], classes[batch])[0] for batch in batches)])


def _integrate(
    part: Part,
    image: np.ndarray,
    of_class: int,
    gain: float,
    baseline: np.ndarray,
    steps: int,
    batch_size: int,
) -> np.ndarray:
    """Shape=(height, width), of one model and one image."""
    way = image - baseline
    places = (np.arange(steps) + 0.5) / steps
    total = np.zeros(image.shape)
    while True:
        for k in range(0, len(places), batch_size):
            share = places[k : k + batch_size, np.newaxis, np.newaxis, np.newaxis].astype(np.float32)
            total += part.log_odds(baseline + share * way, np.full(len(share), of_class))[1].sum(axis=0)
        attribution = (total * way).sum(axis=-1) / steps
        if completeness_error(attribution[np.newaxis], gain) <= LARGEST_ERROR or 3 * steps > MOST_STEPS:
            return attribution
        steps *= 3
        places = (np.arange(steps) + 0.5) / steps
        places = places[np.arange(steps) % 3 != 1]  # the middle one of three is known


def _checked(model: keras.Model, images: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 and classes as they are, if they fit the model."""
    images, classes = np.asarray(images, np.float32), np.asarray(classes)
    expected, n_classes = tuple(model.input_shape[1:]), model.output_shape[-1]
    if images.ndim != 4 or images.shape[1:] != expected:
        raise ValueError(f"The images have the shape {images.shape}; the model takes (n, {str(expected)[1:]}.")
    if classes.shape != (len(images),) or not np.issubdtype(classes.dtype, np.integer):
        raise ValueError(
            f"The classes are an array of shape {classes.shape} and type {classes.dtype}; expected a whole number for "
            f"each of {len(images)} images."
        )
    if len(classes) and not (classes.min() >= 0 and classes.max() < n_classes):
        raise ValueError(f"The classes go from {classes.min()} to {classes.max()}; the model has 0 to {n_classes - 1}.")
    return images, classes
