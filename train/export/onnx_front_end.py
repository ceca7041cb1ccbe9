"""From samples to the image that a model sees, in operators of ONNX: its own Fourier transform, no matrix of one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from train.export.rendering import Rendering

if TYPE_CHECKING:
    import onnx

OPSET, IR_VERSION = 18, 8
"""The operator STFT is there from 17 on; onnxruntime reads these from 1.14 of 2023 on."""
SAMPLES, IMAGE, BATCH = "samples", "image", "batch"


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: object, dtype: type = np.float32) -> str:
        from onnx import numpy_helper

        name = f"front_end_constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def add(self, operator: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        from onnx import helper

        output = name or f"front_end_{len(self.nodes)}_{operator}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def whole(self, value: int) -> str:
        return self.constant(value, np.int64)


def front_end_model(rendering: Rendering) -> onnx.ModelProto:
    """The graph from samples, shape=(batch, n_samples), to images, shape=(batch, height, width, 3), 0 to 255.

    Parameters
    ----------
    rendering : Rendering
    """
    from onnx import TensorProto, helper

    graph = _Graph()
    power = _power(graph, _without_offset(graph, SAMPLES, rendering), rendering)
    levels = _levels(graph, power, rendering)
    for resize in rendering.resizes:
        if resize.columns is not None:
            levels = _rounded(graph, graph.add("MatMul", levels, graph.constant(resize.columns)))
        if resize.rows is not None:
            levels = _rounded(graph, graph.add("MatMul", graph.constant(resize.rows), levels))
    numbers = graph.add("Cast", levels, to=TensorProto.INT64)
    graph.add("Gather", graph.constant(rendering.palette), numbers, axis=0, name=IMAGE)
    made = helper.make_graph(
        graph.nodes,
        "front_end",
        [helper.make_tensor_value_info(SAMPLES, TensorProto.FLOAT, [BATCH, rendering.n_samples])],
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [BATCH, None, None, 3])],
        graph.constants,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _without_offset(graph: _Graph, y: str, rendering: Rendering) -> str:
    """As `generate.audio.load`: without the mean, and zeros where there is no more than noise."""
    from onnx import TensorProto

    def number(name: str) -> str:
        return graph.add("Cast", name, to=TensorProto.FLOAT)

    axis = graph.integers(1)
    is_audio = number(graph.add("Not", graph.add("Equal", y, graph.constant(0))))
    first = graph.add("ArgMax", is_audio, axis=1, keepdims=1)
    last = graph.add("ArgMax", is_audio, axis=1, keepdims=1, select_last_index=1)
    length = number(graph.add("Sub", graph.add("Add", last, graph.whole(1)), first))
    is_offset = number(graph.add("GreaterOrEqual", length, graph.constant(rendering.shortest_offset)))
    mean = graph.add("Mul", graph.add("Div", graph.add("ReduceSum", y, axis), length), is_offset)
    places = graph.add("Range", graph.whole(0), graph.whole(rendering.n_samples), graph.whole(1))
    is_inside = graph.add("And", graph.add("GreaterOrEqual", places, first), graph.add("LessOrEqual", places, last))
    y = graph.add("Sub", y, graph.add("Mul", mean, number(is_inside)))

    mean = graph.add("ReduceMean", y, axis)
    high, low = graph.add("ReduceMax", y, axis), graph.add("ReduceMin", y, axis)
    deviation = graph.add("Max", graph.add("Sub", high, mean), graph.add("Sub", mean, low))
    is_audible = number(graph.add("Greater", deviation, graph.constant(rendering.silence)))
    return graph.add("Mul", y, is_audible)


def _power(graph: _Graph, y: str, rendering: Rendering) -> str:
    """Powers in bands, shape=(batch, frames, bands)."""
    n_fft = len(rendering.window)
    before, after = rendering.padding
    padded = graph.add("Pad", y, graph.integers(0, before, 0, after), graph.constant(0))
    parts = graph.add(
        "STFT",
        graph.add("Unsqueeze", padded, graph.integers(2)),
        graph.whole(rendering.hop_length),
        graph.constant(rendering.window),
        graph.whole(n_fft),
        onesided=1,
    )
    power = graph.add("ReduceSum", graph.add("Mul", parts, parts), graph.integers(3), keepdims=0)
    if rendering.filters is not None:
        return graph.add("MatMul", power, graph.constant(rendering.filters))
    low, high = rendering.bins or (0, n_fft // 2 + 1)
    end = low - 1 if low else -(2**31)  # a backward slice that ends before the first bin
    return graph.add(
        "Slice", power, graph.integers(high - 1), graph.integers(end), graph.integers(2), graph.integers(-1)
    )


def _levels(graph: _Graph, power: str, rendering: Rendering) -> str:
    """Pixel values of 0 to 255, shape=(batch, rows, frames), the highest frequency first."""
    reference = graph.constant(rendering.reference)
    if rendering.is_peak:
        reference = graph.add("Max", graph.add("ReduceMax", power, graph.integers(1, 2)), reference)
    floor = graph.add("Mul", reference, graph.constant(10 ** (-rendering.range_db / 10)))
    ratio = graph.add("Div", graph.add("Max", power, floor), reference)
    decibels = graph.add("Mul", graph.add("Log", ratio), graph.constant(10 / math.log(10)))
    values = graph.add("Clip", decibels, graph.constant(-rendering.range_db), graph.constant(0))
    if rendering.cosines is not None:
        values = graph.add("MatMul", values, graph.constant(rendering.cosines))
    values = graph.add(
        "Add", graph.add("Mul", values, graph.constant(rendering.scale)), graph.constant(rendering.offset)
    )
    unit_range = graph.add("Clip", values, graph.constant(0), graph.constant(1))
    levels = graph.add("Round", graph.add("Mul", unit_range, graph.constant(255)))
    return graph.add("Transpose", levels, perm=[0, 2, 1])


def _rounded(graph: _Graph, values: str) -> str:
    """Whole numbers from 0 to 255; halves upwards, as Pillow has them."""
    whole = graph.add("Floor", graph.add("Add", values, graph.constant(0.5)))
    return graph.add("Clip", whole, graph.constant(0), graph.constant(255))
