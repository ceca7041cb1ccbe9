"""The models of a run as one TensorFlow function, from images to calibrated probabilities and unlikeness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from train.calibration.distance import TrainingDistance
from train.export.subject import Subject

if TYPE_CHECKING:
    import tensorflow as tf

SMALLEST = 1e-12
"""As `train.calibration.temperature` has it."""
LARGEST = 1 - 1e-7
"""The largest below 1 that 32 bits have, nearly."""


def classifier(subject: Subject) -> Callable[[tf.Tensor], tuple[tf.Tensor, ...]]:
    """The mean of the calibrated probabilities of some models, and where their run has a limit, how unlike a sound is.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    callable
        From images, shape=(batch, height, width, 3), float32, 0 to 255, to the probabilities, shape=(batch, n_classes),
        float32, and perhaps the unlikeness, shape=(batch, 1), float32: above 1 the sound is unlike the training clips.
    """
    import tensorflow as tf

    # Here, and not while a graph is traced: in one, weights that are loaded stay random.
    own = subject.classifier

    def mean(parts: Sequence[tf.Tensor]) -> tf.Tensor:
        return parts[0] if len(parts) == 1 else tf.add_n(parts) / len(parts)

    def outputs(images: tf.Tensor) -> tuple[tf.Tensor, ...]:
        given = [model(images, training=False) for model in own.models]
        parts = [part[0] for part in given] if own.distances else given
        probabilities = mean([_with_temperature(part, own.temperature, own.multilabel) for part in parts])
        if not own.distances:
            return (probabilities,)
        pairs = zip(own.distances, given, strict=True)
        return probabilities, mean([_distance(features, distance) for distance, (_, features) in pairs]) / np.float32(
            own.most_distance
        )

    return outputs


def _distance(features: tf.Tensor, distance: TrainingDistance) -> tf.Tensor:
    """As `train.calibration.distance.TrainingDistance.of`, shape=(batch, 1)."""
    import tensorflow as tf

    lengths = tf.sqrt(tf.reduce_sum(tf.square(features), axis=1, keepdims=True))
    projected = tf.matmul(features / tf.maximum(lengths, 1e-12), tf.constant(distance.projection))
    squares = [
        tf.reduce_sum(tf.square(projected - tf.constant(mean[None])), axis=1, keepdims=True) for mean in distance.means
    ]
    return tf.reduce_min(tf.concat(squares, axis=1), axis=1, keepdims=True) / np.float32(distance.means.shape[1])


def _with_temperature(probabilities: tf.Tensor, temperature: float, multilabel: bool) -> tf.Tensor:
    import tensorflow as tf

    if temperature == 1.0:
        return probabilities
    if multilabel:
        inside = tf.clip_by_value(probabilities, SMALLEST, LARGEST)
        return tf.sigmoid((tf.math.log(inside) - tf.math.log(1.0 - inside)) / temperature)
    return tf.nn.softmax(tf.math.log(tf.maximum(probabilities, SMALLEST)) / temperature)
