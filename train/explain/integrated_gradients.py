"""Integrated gradients: what each pixel of an image adds to the log-odds of a class."""

from __future__ import annotations

import keras
import numpy as np

from train.explain.submodels import Submodel, check_images, submodels_of

STEPS = 32
"""Points between silence and the image to begin with."""
MAX_STEPS = 288
"""The first ones, tripled twice. The paper finds 20 to 300 enough."""
MAX_ERROR = 0.05
"""Largest completeness error, as in the paper; models trained on ESC-10 reach it with 32 or 96 points, mostly."""
MIN_GAIN = 1.0
"""In log-odds (a factor of 2.7). The completeness error of a smaller gain is relative to this."""


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
    images, classes = check_images(model, images, classes)
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
