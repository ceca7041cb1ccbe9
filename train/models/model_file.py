"""Looks into a file of a model before Keras does: it may name only what our models are made of, and unpack to what it
is.

Keras refuses Python code in a model and holds what it unpacks to 4 GB; here less is let through, and sooner.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import h5py

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
NOTES = "training.json"
"""Member of our own, which Keras passes over; see `train.models.checkpoint`."""
MEMBERS = frozenset({"metadata.json", CONFIG, WEIGHTS, NOTES})
MOST_EXPANSION = 4
"""Keras compresses nothing, and weights can hardly be compressed."""
SPARE_BYTES = 1 << 20
_KERAS = {
    "keras": "DTypePolicy",
    "keras.initializers": "Constant GlorotUniform HeNormal Ones RandomNormal TruncatedNormal VarianceScaling Zeros",
    "keras.layers": (
        "Activation Add AveragePooling2D BatchNormalization Concatenate Conv2D Cropping2D Dense DepthwiseConv2D "
        "Dropout Flatten GlobalAveragePooling2D InputLayer LayerNormalization MaxPooling2D Multiply Normalization "
        "ReLU Rescaling Reshape SeparableConv2D ZeroPadding2D"
    ),
    "keras.losses": "CategoricalCrossentropy",
    "keras.metrics": "CategoricalAccuracy",
    "keras.optimizers": "AdamW LossScaleOptimizer",
    "keras.optimizers.schedules": "CosineDecay",
    "keras.regularizers": "L1L2",
}
_PACKAGE = "spectrogram_pictures"
"""Under which this program's layers are registered. Keras finds them by these names, which stay as they are."""
_OWN = [
    ("train.models.ensemble", "CrossEntropy", f"{_PACKAGE}>CrossEntropy"),
    ("train.models.ensemble", "MeanOfModels", f"{_PACKAGE}>MeanOfNets"),
    ("train.models.preprocess", "Preprocess", f"{_PACKAGE}>Preprocess"),
]
_OWN_BEFORE = [
    (module, name, f"{_PACKAGE}>{name}")
    for module, names in {
        "train.models.ensemble": ("MeanOfNets",),
        "train.nets.mean_of_nets": ("CrossEntropy", "MeanOfNets"),
        "train.preprocess": ("Preprocess",),
    }.items()
    for name in names
]
"""As they are named in models that earlier releases wrote."""
ALLOWED = frozenset(
    [(module, name, None) for module, names in _KERAS.items() for name in names.split()]
    + _OWN
    + _OWN_BEFORE
    + [
        (None, "__keras_tensor__", None),
        ("keras", "Sequential", None),
        ("keras.src.models.functional", "Functional", "Functional"),
        ("keras.src.ops.numpy", "Add", "Add"),
        ("keras.src.ops.numpy", "Multiply", "Multiply"),
        ("keras.src.applications.convnext", "LayerScale", "LayerScale"),
        ("keras.src.applications.inception_resnet_v2", "CustomScaleLayer", "CustomScaleLayer"),
    ]
)
"""Module, class and registered name of all that the models of `train.models.registry` are made of; a test holds it to
them. Keras looks a thing up by the registered name first, so all three count."""
SIZES = frozenset(
    ("units", "filters", "input_dim", "output_dim", "kernel_size", "depth_multiplier", "num_heads", "key_dim")
    + ("value_dim", "n", "size", "padding", "target_shape")
)
"""Numbers of a configuration by which memory is taken."""


def check_model(path: Path) -> None:
    """Check that a `.keras` file is a model and nothing else.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError, OSError
        With what is in it that no model of this program holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.stat().st_size)
            config = json.loads(archive.read(CONFIG))
            weights = archive.read(WEIGHTS)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RecursionError) as error:
        raise ValueError(f"it is no model: {error}") from None
    with h5py.File.in_memory(weights) as root:
        largest = _check_weights(root, len(weights))
    for part in _parts(config):
        _check_part(part, largest)


def check_weights(path: Path) -> None:
    """Check that a file of weights alone (`.h5`) holds no more than its bytes, and leads to no other file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError, OSError
        With what is wrong with it.
    """
    with h5py.File(path, "r") as root:
        _check_weights(root, path.stat().st_size)


def _check_members(archive: zipfile.ZipFile, n_bytes: int) -> None:
    """What is in the archive, and how large it is unpacked."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if others := sorted(set(names) - MEMBERS):
        raise ValueError(f"it holds {others[0]!r}, which is no part of a model")
    if len(set(names)) < len(names):
        raise ValueError("it holds a part twice")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_EXPANSION * n_bytes + SPARE_BYTES:
        raise ValueError(f"its {n_bytes:,} bytes would unpack to {unpacked:,}")


def _check_weights(root: h5py.File, n_bytes: int) -> int:
    """Look at all arrays of an HDF5 file without reading them.

    Returns
    -------
    int
        The largest dimension of all arrays.
    """
    largest, total = 1, 0
    groups, seen = [root], set()
    while groups:
        group = groups.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"its weights {name!r} lead to another place")
            child = group[name]
            place = h5py.h5o.get_info(child.id).addr
            if place in seen:
                raise ValueError(f"its weights {name!r} stand in it twice")
            seen.add(place)
            if isinstance(child, h5py.Group):
                groups.append(child)
                continue
            if not isinstance(child, h5py.Dataset) or child.dtype.hasobject:
                raise ValueError(f"its weights {name!r} are no numbers")
            if child.external or child.is_virtual:
                raise ValueError(f"its weights {name!r} stand in another file")
            largest = max(largest, *child.shape, 1)
            total += child.nbytes
            if total > MOST_EXPANSION * n_bytes + SPARE_BYTES:
                raise ValueError(f"its weights, {n_bytes:,} bytes, would unpack to {total:,} or more")
    return largest


def _parts(config: object) -> Iterator[dict[str, object]]:
    """All tables of a configuration, at whatever depth."""
    left = [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            yield value
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)


def _check_part(part: dict[str, object], largest: int) -> None:
    """Check that what is named is a part of models, and no larger than its weights."""
    for name in SIZES & set(part):
        numbers = part[name] if isinstance(part[name], list) else [part[name]]
        numbers = [n for inner in numbers for n in (inner if isinstance(inner, list) else [inner])]
        if any(isinstance(n, int | float) and n > largest for n in numbers):
            raise ValueError(f"it asks for a layer of {name} {part[name]}, and its weights are of none so large")
    if "class_name" not in part:
        return
    named = tuple(part.get(name) for name in ("module", "class_name", "registered_name"))
    if not all(name is None or isinstance(name, str) for name in named) or named not in ALLOWED:
        raise ValueError(f"it names {named[0]}.{named[1]}, which is no part of a model")
