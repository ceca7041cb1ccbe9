"""Exported files as functions, each on the runtime that a device has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

Runner = Callable[[np.ndarray], np.ndarray]
"""From inputs, shape=(n, ...), float32, to probabilities, shape=(n, n_classes), float32."""


def onnx_runner(path: Path) -> Runner:
    """An ONNX file on onnxruntime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda inputs: session.run(None, {name: inputs})[0]


RUNNERS: dict[str, Callable[[Path], Runner]] = {"onnx": onnx_runner}
"""By format."""
