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
SIGNATURE, METADATA, OUTPUTS = "serving_default", "metadata", ("probabilities", "unlikeness")
"""The second output is there where the run has a limit; see `train.calibration.distance`."""


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


def frozen_function(
    subject: Subject, *, batch: int | None = None, with_unlikeness: bool = True
) -> tf.types.experimental.ConcreteFunction:
    """From `samples` or `image` to `OUTPUTS`, in a dict, with the weights as constants.

    Parameters
    ----------
    subject : Subject
    batch : int, optional
        A fixed number of windows, where a device wants it.
    with_unlikeness : bool
        Whether the second output may be there.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    outputs = classifier(subject)
    rendering = subject.rendering
    height, width = subject.size
    if rendering is None:
        given = tf.TensorSpec((batch, height, width, 3), tf.float32, name=INPUT_NAMES["image"])
    else:
        given = tf.TensorSpec((batch, rendering.n_samples), tf.float32, name=INPUT_NAMES["audio"])

    def classify(inputs: tf.Tensor) -> tuple[tf.Tensor, ...]:
        if rendering is not None:
            inputs = tf.ensure_shape(front_end_images(inputs, rendering), (batch, height, width, 3))
        return outputs(inputs)[: None if with_unlikeness else 1]

    # Constants: the layers of some models have names that a variable of a SavedModel cannot have.
    frozen = convert_variables_to_constants_v2(tf.function(classify).get_concrete_function(given))
    named = tf.function(lambda inputs: dict(zip(OUTPUTS, frozen(inputs), strict=False)))
    return named.get_concrete_function(given)
