"""The models of a run as one TensorFlow function, from images to calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

SMALLEST = 1e-12
"""As `train.calibration.temperature` has it."""


def classifier(models: Sequence[keras.Model], temperature: float) -> Callable[[tf.Tensor], tf.Tensor]:
    """The mean of the calibrated probabilities of some models.

    Parameters
    ----------
    models : sequence of keras.Model
    temperature : float

    Returns
    -------
    callable
        From images, shape=(batch, height, width, 3), float32, 0 to 255, to shape=(batch, n_classes), float32.
    """
    import tensorflow as tf

    def probabilities(images: tf.Tensor) -> tf.Tensor:
        parts = [_with_temperature(model(images, training=False), temperature) for model in models]
        return parts[0] if len(parts) == 1 else tf.add_n(parts) / len(parts)

    return probabilities


def _with_temperature(probabilities: tf.Tensor, temperature: float) -> tf.Tensor:
    import tensorflow as tf

    if temperature == 1.0:
        return probabilities
    return tf.nn.softmax(tf.math.log(tf.maximum(probabilities, SMALLEST)) / temperature)
