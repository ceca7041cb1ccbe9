"""The models of a run as one TensorFlow function, from images to calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from train.export.subject import Subject

if TYPE_CHECKING:
    import tensorflow as tf

SMALLEST = 1e-12
"""As `train.calibration.temperature` has it."""
LARGEST = 1 - 1e-7
"""The largest below 1 that 32 bits have, nearly."""


def classifier(subject: Subject) -> Callable[[tf.Tensor], tf.Tensor]:
    """The mean of the calibrated probabilities of some models.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    callable
        From images, shape=(batch, height, width, 3), float32, 0 to 255, to shape=(batch, n_classes), float32.
    """
    import tensorflow as tf

    # Here, and not while a graph is traced: in one, weights that are loaded stay random.
    models = subject.models
    temperature, multilabel = subject.calibration.temperature, subject.run.multilabel

    def probabilities(images: tf.Tensor) -> tf.Tensor:
        parts = [_with_temperature(model(images, training=False), temperature, multilabel) for model in models]
        return parts[0] if len(parts) == 1 else tf.add_n(parts) / len(parts)

    return probabilities


def _with_temperature(probabilities: tf.Tensor, temperature: float, multilabel: bool) -> tf.Tensor:
    import tensorflow as tf

    if temperature == 1.0:
        return probabilities
    if multilabel:
        inside = tf.clip_by_value(probabilities, SMALLEST, LARGEST)
        return tf.sigmoid((tf.math.log(inside) - tf.math.log(1.0 - inside)) / temperature)
    return tf.nn.softmax(tf.math.log(tf.maximum(probabilities, SMALLEST)) / temperature)
