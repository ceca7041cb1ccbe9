"""Exported files as functions, each on the runtime that a device has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from train.export.html_file import model_of
from train.export.saved_model import OUTPUTS

Outputs = tuple[np.ndarray, np.ndarray | None]
Runner = Callable[[np.ndarray], Outputs]
"""From inputs, shape=(n, ...), float32, to probabilities, shape=(n, n_classes), and unlikeness, shape=(n,), float32,
or None where the file does not give it."""


def onnx_runner(path: Path) -> Runner:
    """An ONNX file on onnxruntime."""
    return _on_onnxruntime(path.read_bytes())


def _on_onnxruntime(content: bytes) -> Runner:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    names = [output.name for output in session.get_outputs() if output.name in OUTPUTS]
    return lambda inputs: _outputs(dict(zip(names, session.run(names, {name: inputs}), strict=True)))


def _outputs(given: Mapping[str, np.ndarray]) -> Outputs:
    probabilities, unlikeness = (given.get(name) for name in OUTPUTS)
    assert probabilities is not None, "every file gives them"
    return probabilities, None if unlikeness is None else unlikeness[:, 0]


def joined(parts: Sequence[Outputs]) -> Outputs:
    """The outputs for several inputs, one after the other."""
    others = [other for _, other in parts if other is not None]
    return np.concatenate([one for one, _ in parts]), np.concatenate(others) if len(others) == len(parts) else None


def litert_runner(path: Path) -> Runner:
    """A LiteRT file on the interpreter of ai-edge-litert, one input after the other."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_path=str(path)).get_signature_runner()
    (name,) = signature.get_input_details()

    def run(inputs: np.ndarray) -> Outputs:
        return joined([_outputs(signature(**{name: one[None]})) for one in inputs])

    return run


def saved_model_runner(path: Path) -> Runner:
    """A SavedModel on TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]

    def run(inputs: np.ndarray, keep: object = loaded) -> Outputs:
        return _outputs({of: np.asarray(values) for of, values in signature(**{name: tf.constant(inputs)}).items()})

    return run


def html_runner(path: Path) -> Runner:
    """The ONNX file in a page on onnxruntime."""
    return _on_onnxruntime(model_of(path))


RUNNERS: dict[str, Callable[[Path], Runner]] = {
    "onnx": onnx_runner,
    "litert": litert_runner,
    "saved-model": saved_model_runner,
    "html": html_runner,
}
"""By format."""
