"""A run as a SavedModel of TensorFlow, which the other formats of TensorFlow are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from train.export.subject import Subject
from train.export.tf_classifier import classifier
from train.export.tf_front_end import front_end_images
from train.export.training_clips import TrainingClips

if TYPE_CHECKING:
    import tensorflow as tf

INPUT_NAMES = {"audio": "samples", "image": "image"}
SIGNATURE, METADATA, PROBABILITIES = "serving_default", "metadata", "probabilities"


def write_saved_model(
    path: Path, subject: Subject, *, metadata: Mapping[str, object], quantize: str, training: TrainingClips | None
) -> None:
    """Write a folder with the signatures `serving_default`, of `samples` or `image`, and `metadata`, of nothing.

    Parameters
    ----------
    path : Path
        Of the folder.
    subject : Subject
    metadata : Mapping
        That the signature `metadata` gives, as JSON.
    quantize, training
        Not used: this format is not quantized.
    """
    import tensorflow as tf

    text = json.dumps(metadata, ensure_ascii=False)
    module = tf.Module()
    module.classify = frozen_function(subject)
    module.metadata = tf.function(lambda: {METADATA: tf.constant(text)}, input_signature=[])
    tf.saved_model.save(module, str(path), signatures={SIGNATURE: module.classify, METADATA: module.metadata})


def frozen_function(subject: Subject, *, batch: int | None = None) -> tf.types.experimental.ConcreteFunction:
    """From `samples` or `image` to `probabilities`, in a dict, with the weights as constants.

    Parameters
    ----------
    subject : Subject
    batch : int, optional
        A fixed number of windows, where a device wants it.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    probabilities = classifier(subject)
    rendering = subject.rendering
    height, width = subject.size
    if rendering is None:
        given = tf.TensorSpec((batch, height, width, 3), tf.float32, name=INPUT_NAMES["image"])
    else:
        given = tf.TensorSpec((batch, rendering.n_samples), tf.float32, name=INPUT_NAMES["audio"])

    def classify(inputs: tf.Tensor) -> tf.Tensor:
        if rendering is not None:
            inputs = tf.ensure_shape(front_end_images(inputs, rendering), (batch, height, width, 3))
        return probabilities(inputs)

    # Constants: the layers of some models have names that a variable of a SavedModel cannot have.
    frozen = convert_variables_to_constants_v2(tf.function(classify).get_concrete_function(given))
    named = tf.function(lambda inputs: {PROBABILITIES: frozen(inputs)[0]})
    return named.get_concrete_function(given)
