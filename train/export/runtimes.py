"""Exported files as functions, each on the runtime that a device has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from train.export.html_file import model_of

Runner = Callable[[np.ndarray], np.ndarray]
"""From inputs, shape=(n, ...), float32, to probabilities, shape=(n, n_classes), float32."""


def onnx_runner(path: Path) -> Runner:
    """An ONNX file on onnxruntime."""
    return _on_onnxruntime(path.read_bytes())


def _on_onnxruntime(content: bytes) -> Runner:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda inputs: session.run(["probabilities"], {name: inputs})[0]


def litert_runner(path: Path) -> Runner:
    """A LiteRT file on the interpreter of ai-edge-litert, one input after the other."""
    from ai_edge_litert.interpreter import Interpreter

    signature = Interpreter(model_path=str(path)).get_signature_runner()
    (name,) = signature.get_input_details()
    return lambda inputs: np.concatenate([signature(**{name: one[None]})["probabilities"] for one in inputs])


def saved_model_runner(path: Path) -> Runner:
    """A SavedModel on TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    (name,) = signature.structured_input_signature[1]

    def run(inputs: np.ndarray, keep: object = loaded) -> np.ndarray:
        return np.asarray(signature(**{name: tf.constant(inputs)})["probabilities"])

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
