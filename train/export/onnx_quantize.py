"""Smaller ONNX models: weights of 8 bits, and activations too."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from train.export.onnx_front_end import IMAGE
from train.export.training_clips import TrainingClips

if TYPE_CHECKING:
    import onnx

WEIGHTED = ("Conv", "Gemm", "MatMul")
SMALLEST = 1024
"""Weights that are fewer stay as they are: they take no room."""


def quantized(model: onnx.ModelProto, quantize: str, training: TrainingClips | None) -> onnx.ModelProto:
    """The same model, smaller.

    Parameters
    ----------
    model : onnx.ModelProto
        From images to probabilities; it may be changed.
    quantize : {"none", "dynamic", "int8"}
        `dynamic`: each channel of the weights is 127 steps, and the arithmetic is in 32 bits. onnxruntime's own
        dynamic quantisation, which rounds activations too, gave the same class for 76 of 80 clips of ESC-10 only.
    training : TrainingClips, optional
        For `int8`.
    """
    if quantize == "none":
        return model
    return _with_small_weights(model) if quantize == "dynamic" else _with_small_activations(model, training)


def _with_small_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnx import helper, numpy_helper

    graph = model.graph
    arrays = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        tensor = arrays.get(node.input[1]) if node.op_type in WEIGHTED else None
        if tensor is None or (values := numpy_helper.to_array(tensor)).size < SMALLEST:
            continue
        axis = 0 if node.op_type == "Conv" else values.ndim - 1
        others = tuple(k for k in range(values.ndim) if k != axis)
        scale = np.maximum(np.abs(values).max(axis=others), 1e-12).astype(np.float32) / np.float32(127)
        steps = np.rint(values / np.expand_dims(scale, others)).astype(np.int8)
        name = f"{tensor.name}_{len(graph.node)}"
        graph.initializer.extend(
            [numpy_helper.from_array(steps, f"{name}_steps"), numpy_helper.from_array(scale, f"{name}_scale")]
        )
        restored = helper.make_node("DequantizeLinear", [f"{name}_steps", f"{name}_scale"], [name], axis=axis)
        graph.node.insert(list(graph.node).index(node), restored)
        node.input[1] = name
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return model


def _with_small_activations(model: onnx.ModelProto, training: TrainingClips | None) -> onnx.ModelProto:
    """Convolutions in whole numbers; the last layer stays, as in LiteRT files.

    `Clip` is named so that what a convolution gives is scaled after ReLU6, from 0 to 6, and not by its own extremes. On
    140 training clips of ESC-10 that were not calibrated with (`efficientnet_lite0`, fold 1) probabilities differ by
    0.007 on average (at most 0.14); without it by 0.019 (0.22), with `Add` in whole numbers too by 0.008 (0.17), with
    ranges of the percentile 99.99 by 0.007 (0.16).
    """
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(prefix="export-") as temporary:
        plain, prepared, small = (Path(temporary, name) for name in ("plain.onnx", "prepared.onnx", "small.onnx"))
        onnx.save(model, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)  # which would need sympy
        quantization.quantize_static(
            prepared,
            small,
            _images_in_turn(training),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=["Conv", "Clip"],
        )
        return onnx.load(small)


def _images_in_turn(training: TrainingClips | None) -> object:
    """Calibration images, one at a time, as onnxruntime reads them."""
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left = iter(() if training is None else training.images())

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.left, None)
            return None if image is None else {IMAGE: image[None].astype(np.float32)}

    return Reader()
