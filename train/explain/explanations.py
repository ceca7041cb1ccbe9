"""Where the models of a run look in images: both methods, averaged over the models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from generate.features import spectrogram
from train.data.decode import colour, prepare_pixels

if TYPE_CHECKING:
    import keras

    from train.predict.windows import FrontEnd


@dataclass(frozen=True)
class Explanations:
    """Where models look in images, averaged over the models.

    Parameters
    ----------
    grad_cam : np.ndarray, shape=(n, height, width), float32, 0 to 1
        How much a region matters for the class; coarse.
    integrated_gradients : np.ndarray, shape=(n, height, width), float32
        How many log-odds each pixel adds for the class, or takes where it is negative.
    completeness_error : np.ndarray, shape=(n,), float64, 0 or more
        By how much the integrated gradients of an image miss what they should add up to, as a part of it.
    """

    grad_cam: np.ndarray
    integrated_gradients: np.ndarray
    completeness_error: np.ndarray


def explain_pixels(
    models: Sequence[keras.Model],
    pixels: np.ndarray,
    palette: np.ndarray,
    classes: np.ndarray,
    *,
    silence: np.ndarray | None = None,
    batch_size: int = 32,
) -> Explanations:
    """Explain what models say of images, by both methods.

    Parameters
    ----------
    models : sequence of keras.Model
    pixels : np.ndarray, shape=(n, height, width), uint8
        Of the size of the models' input, as `train.data.decode.prepare_pixels` gives them.
    palette : np.ndarray, shape=(256, 3), uint8
    classes : np.ndarray, shape=(n,), int
        What is to be explained, one class an image, by its place among the models' outputs.
    silence : np.ndarray, shape=(height, width), uint8, optional
        The image of silence; default: level 0 everywhere, which is right for all features but `mfcc`.
    batch_size : int
        Images that go through a model at once.

    Returns
    -------
    Explanations
    """
    from train.explain import attribution

    images = colour(pixels, palette)
    baseline = palette[0] if silence is None else colour(silence, palette)
    options = {"baseline": baseline, "batch_size": batch_size}
    integrated = [attribution.integrated_gradients(model, images, classes, **options) for model in models]
    gains = [attribution.log_odds_gain(model, images, classes, **options) for model in models]
    maps = [attribution.grad_cam(model, images, classes, batch_size=batch_size) for model in models]
    mean = np.mean(integrated, axis=0, dtype=np.float64)
    return Explanations(
        grad_cam=np.mean(maps, axis=0, dtype=np.float64).astype(np.float32),
        integrated_gradients=mean.astype(np.float32),
        completeness_error=attribution.completeness_error(mean, np.mean(gains, axis=0)),
    )


def image_of_silence(front: FrontEnd) -> np.ndarray:
    """The image of silence as a model sees it.

    Parameters
    ----------
    front : FrontEnd

    Returns
    -------
    np.ndarray, shape=(height, width), uint8
    """
    nothing = spectrogram.pixels(np.zeros(front.settings.n_samples, np.float32), front.settings)
    return prepare_pixels(nothing, size=front.size, silent_ends=front.silent_ends)
