"""Looks into a file of a net before Keras does: nothing in it may run, nor unpack to more than it is.

Keras refuses Python code in a net and holds what it unpacks to 4 GB; here less is let through, and sooner.
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
"""Member of our own, which Keras passes over; see `train.checkpoint`."""
MEMBERS = frozenset({"metadata.json", CONFIG, WEIGHTS, NOTES})
MOST_EXPANSION = 4
"""Keras compresses nothing, and weights can hardly be compressed."""
SPARE_BYTES = 1 << 20
OWN = "spectrogram_pictures>"
"""What `register_keras_serializable` puts before the names of this program's layers."""
MODULES = ("layers", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers", "activations")
MODULES += ("ops", "models", "dtype_policies", "applications", "random")
"""Of `keras` and `keras.src`: what nets are made of."""
REFUSED = frozenset(
    ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup")
    + ("TextVectorization", "HashedCrossing", "__lambda__")
)
"""Layers that run code, or read other files."""
PLAIN_VALUES = frozenset({"__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__typespec__"})
SIZES = frozenset(
    ("units", "filters", "input_dim", "output_dim", "kernel_size", "depth_multiplier", "num_heads", "key_dim")
    + ("value_dim", "n", "size", "padding", "target_shape")
)
"""Numbers of a configuration by which memory is taken."""


def check_net(path: Path) -> None:
    """See that a `.keras` file is a net and nothing else.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError, OSError
        With what is in it that no net of this program holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.stat().st_size)
            config = json.loads(archive.read(CONFIG))
            weights = archive.read(WEIGHTS)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RecursionError) as error:
        raise ValueError(f"it is no net: {error}") from None
    with h5py.File.in_memory(weights) as root:
        largest = _check_weights(root, len(weights))
    for part in _parts(config):
        _check_part(part, largest)


def check_weights(path: Path) -> None:
    """See that a file of weights alone (`.h5`) holds no more than its bytes, and leads to no other file.

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
        raise ValueError(f"it holds {others[0]!r}, which is no part of a net")
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
    """See that what is named is a part of nets, and no larger than its weights."""
    for name in SIZES & set(part):
        numbers = part[name] if isinstance(part[name], list) else [part[name]]
        numbers = [n for inner in numbers for n in (inner if isinstance(inner, list) else [inner])]
        if any(isinstance(n, int | float) and n > largest for n in numbers):
            raise ValueError(f"it asks for a layer of {name} {part[name]}, and its weights are of none so large")
    if "class_name" not in part:
        return
    kind, module, registered = (part.get(name) for name in ("class_name", "module", "registered_name"))
    if kind in REFUSED:
        raise ValueError(f"it holds a layer {kind!r}, which could run code or read other files")
    words = str(module or "").split(".")
    words = words[:1] + words[2:] if words[1:2] == ["src"] else words
    is_keras = words[0] == "keras" and (len(words) == 1 or words[1] in MODULES)
    # Functions such as "relu", which Keras looks up among its own.
    is_function = module == "builtins" and kind == "function"
    is_plain = module is None and kind in PLAIN_VALUES
    if not (is_keras or is_function or is_plain or str(registered).startswith(OWN)):
        raise ValueError(f"it names {module}.{kind}, which is no part of a net")
