"""Where the nets of a run look in pictures: both methods, averaged over the nets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from generate.features import spectrogram
from train.data.decode import colour, prepare_levels

if TYPE_CHECKING:
    import keras

    from train.predict.windows import FrontEnd


@dataclass(frozen=True)
class Explanations:
    """Where nets look in pictures, averaged over the nets.

    Parameters
    ----------
    grad_cam : np.ndarray, shape=(n, height, width), float32, 0 to 1
        How much a region matters for the class; coarse.
    integrated_gradients : np.ndarray, shape=(n, height, width), float32
        How many log-odds each pixel adds for the class, or takes where it is negative.
    completeness_error : np.ndarray, shape=(n,), float64, 0 or more
        By how much the integrated gradients of a picture miss what they should add up to, as a part of it.
    """

    grad_cam: np.ndarray
    integrated_gradients: np.ndarray
    completeness_error: np.ndarray


def explain_levels(
    nets: Sequence[keras.Model],
    levels: np.ndarray,
    palette: np.ndarray,
    classes: np.ndarray,
    *,
    silence: np.ndarray | None = None,
    batch_size: int = 32,
) -> Explanations:
    """Explain what nets say of pictures, by both methods.

    Parameters
    ----------
    nets : sequence of keras.Model
    levels : np.ndarray, shape=(n, height, width), uint8
        Of the size of the nets' input, as `train.data.decode.prepare_levels` gives them.
    palette : np.ndarray, shape=(256, 3), uint8
    classes : np.ndarray, shape=(n,), int
        What is to be explained, one class a picture, by its place among the nets' outputs.
    silence : np.ndarray, shape=(height, width), uint8, optional
        The picture of silence; default: level 0 everywhere, which is right for all features but `mfcc`.
    batch_size : int
        Pictures that go through a net at once.

    Returns
    -------
    Explanations
    """
    from train.explain import attribution

    pictures = colour(levels, palette)
    baseline = palette[0] if silence is None else colour(silence, palette)
    options = {"baseline": baseline, "batch_size": batch_size}
    integrated = [attribution.integrated_gradients(net, pictures, classes, **options) for net in nets]
    gains = [attribution.log_odds_gain(net, pictures, classes, **options) for net in nets]
    maps = [attribution.grad_cam(net, pictures, classes, batch_size=batch_size) for net in nets]
    mean = np.mean(integrated, axis=0, dtype=np.float64)
    return Explanations(
        grad_cam=np.mean(maps, axis=0, dtype=np.float64).astype(np.float32),
        integrated_gradients=mean.astype(np.float32),
        completeness_error=attribution.completeness_error(mean, np.mean(gains, axis=0)),
    )


def picture_of_silence(front: FrontEnd) -> np.ndarray:
    """The picture of silence as a net sees it.

    Parameters
    ----------
    front : FrontEnd

    Returns
    -------
    np.ndarray, shape=(height, width), uint8
    """
    nothing = spectrogram.levels(np.zeros(front.settings.n_samples, np.float32), front.settings)
    return prepare_levels(nothing, size=front.size, silent_ends=front.silent_ends)
