"""A run as an ONNX file: the rendering in operators of its own, joined to the models as tf2onnx converts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from train.export.onnx_front_end import BATCH, IMAGE, IR_VERSION, OPSET, front_end_model
from train.export.onnx_quantize import quantized
from train.export.saved_model import OUTPUTS
from train.export.subject import Subject
from train.export.tf_classifier import classifier
from train.export.training_clips import TrainingClips

if TYPE_CHECKING:
    import onnx


def write_onnx(
    path: Path,
    subject: Subject,
    *,
    metadata: Mapping[str, object],
    quantize: str,
    training: TrainingClips | None,
    with_image: bool = False,
) -> None:
    """Write an ONNX file, whose only input is `samples` (or `image`), with the outputs `OUTPUTS`.

    Parameters
    ----------
    path : Path
    subject : Subject
    metadata : Mapping
        Written into `metadata_props`, texts as they are and the rest as JSON.
    quantize : {"none", "dynamic", "int8"}
        See `train.export.options`.
    training : TrainingClips, optional
        That `int8` is calibrated with.
    with_image : bool
        Whether the image that the models see is an output too.
    """
    import onnx

    model = quantized(_classifier_model(subject), quantize, training)
    if subject.rendering is not None:
        model = onnx.compose.merge_models(front_end_model(subject.rendering), model, io_map=[(IMAGE, IMAGE)])
    if with_image:
        shape = [BATCH, *subject.size, 3]
        model.graph.output.append(onnx.helper.make_tensor_value_info(IMAGE, onnx.TensorProto.FLOAT, shape))
    model.graph.name = subject.run.folder.name
    model.producer_name = "spectrogram-image-classification"
    for name, value in metadata.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        model.metadata_props.add(key=name, value=text)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _classifier_model(subject: Subject) -> onnx.ModelProto:
    """From `image` to `OUTPUTS`."""
    import tensorflow as tf
    import tf2onnx
    from onnx import helper

    height, width = subject.size
    signature = [tf.TensorSpec((None, height, width, 3), tf.float32, name=IMAGE)]
    function = tf.function(classifier(subject), input_signature=signature)
    model, _ = tf2onnx.convert.from_function(function, input_signature=signature, opset=OPSET)
    graph = model.graph
    names = {output.name: name for output, name in zip(graph.output, OUTPUTS, strict=False)}
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for output in graph.output:
        output.name = names[output.name]
    for value in (graph.input[0], *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    # tf2onnx names a second set of operators, of which it uses none.
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", OPSET))
    model.ir_version = IR_VERSION
    return model
