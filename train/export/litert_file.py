"""A run as a LiteRT file (TensorFlow Lite), with built-in operators alone."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np

from train.export.saved_model import INPUT_NAMES, SIGNATURE, frozen_function
from train.export.subject import Subject
from train.export.training_clips import TrainingClips

METADATA = "spectrogram_image_classification"
"""Name of the entry in the file's metadata that holds what `export.json` says, as JSON."""


def write_litert(
    path: Path, subject: Subject, *, metadata: Mapping[str, object], quantize: str, training: TrainingClips | None
) -> None:
    """Write a LiteRT file with one signature, of one window: `samples` (or `image`) to `OUTPUTS`.

    Parameters
    ----------
    path : Path
    subject : Subject
    metadata : Mapping
        Written into the file's metadata, as JSON.
    quantize : {"none", "dynamic", "int8"}
        `dynamic`: the weights of convolutions in 8 bits; `int8`: what goes into these too. The rendering stays as it
        is.
    training : TrainingClips, optional
        That `int8` is calibrated with.
    """
    import tensorflow as tf

    module = tf.Module()
    # A microcontroller gets what it has operators and memory for.
    is_micro = quantize == "int8" and subject.input == "image"
    module.classify = frozen_function(subject, batch=1, with_unlikeness=not is_micro)
    with tempfile.TemporaryDirectory(prefix="export-") as temporary:
        tf.saved_model.save(module, temporary, signatures={SIGNATURE: module.classify})
        converter = tf.lite.TFLiteConverter.from_saved_model(temporary)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        content = _with_metadata(converter.convert(), metadata)
    path.write_bytes(content if quantize == "none" else _smaller(content, quantize, training))


def _smaller(content: bytes, quantize: str, training: TrainingClips | None) -> bytes:
    """The weights of convolutions in 8 bits, a scale for each channel, and with `int8` what goes into them too.

    The last layer holds the normalisation of its features too, so that one scale is too coarse: with its weights in 8
    bits 76 of 80 clips of ESC-10 got the same class, without 79. The weights of depthwise convolutions are few.
    """
    from ai_edge_quantizer import qtyping, quantizer

    small = quantizer.Quantizer(bytearray(content))
    names = qtyping.TFLOperationName
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # it prints tables and bars of its own
        if quantize == "dynamic":
            small.add_weight_only_config(".*", names.CONV_2D, num_bits=8)
            return _with_buffers_inside(bytes(small.quantize().quantized_model))
        for operation in (names.CONV_2D, names.DEPTHWISE_CONV_2D, names.MAX_POOL_2D):
            small.add_static_config(".*", operation, activation_num_bits=8, weight_num_bits=8)
        name = INPUT_NAMES[training.subject.input] if training else ""
        given = [{name: one[None]} for one in training.inputs()] if training else []
        calibrated = small.calibrate({SIGNATURE: given}, num_threads=2)
        return _with_buffers_inside(bytes(small.quantize(calibrated).quantized_model))


def _with_buffers_inside(content: bytes) -> bytes:
    """Move the weights from behind the table of the model into it.

    The quantizer leaves them behind, at an offset, where TensorFlow Lite Micro does not look: without a word it takes
    them for zeros.
    """
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    for buffer in model.buffers:
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, np.uint8, count=buffer.size, offset=buffer.offset)
            buffer.offset = buffer.size = 0
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _with_metadata(content: bytes, metadata: Mapping[str, object]) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    model.description = f"{metadata['run']}: {metadata['accuracy']}"
    text, entry = schema.BufferT(), schema.MetadataT()
    text.data = np.frombuffer(json.dumps(metadata, ensure_ascii=False).encode(), dtype=np.uint8)
    entry.name, entry.buffer = METADATA, len(model.buffers)
    model.buffers.append(text)
    model.metadata = [*(model.metadata or []), entry]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
