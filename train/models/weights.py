"""Weights on disk, read as plain arrays into a model that this program has built.

A file of weights may come from a stranger, so nothing in it decides what is built: the configuration in a `.keras`
file, which can name code, is never read, and the sizes of all arrays are checked before one is read.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import h5py
import keras

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
HISTORY = "training.json"
"""Member of this program's own, which Keras ignores; see `train.models.checkpoint`."""
MEMBERS = frozenset({"metadata.json", CONFIG, WEIGHTS, HISTORY})
MOST_EXPANSION = 4
"""Keras compresses nothing, and weights can hardly be compressed."""
SPARE_BYTES = 1 << 20
LAYERS = "layers"
OPTIMIZER = "optimizer"


def load_weights(model: keras.Model, path: Path, *, with_optimizer: bool = False) -> None:
    """Read the weights of a file into a model of the same architecture.

    Parameters
    ----------
    model : keras.Model
        With `with_optimizer`, compiled, and its optimizer built.
    path : Path
        Ends in `.keras` or `.weights.h5`.
    with_optimizer : bool
        Read the state of the optimizer too.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read, or holds other arrays than the model.
    """
    shapes = array_shapes(path)
    wanted = {LAYERS: model.weights}
    if with_optimizer:
        wanted[f"{OPTIMIZER}/vars"] = model.optimizer.variables
    for group, variables in wanted.items():
        n = sum(name.startswith(f"{group}/") for name in shapes)
        if n != len(variables):
            raise ValueError(f"it holds {n:,} arrays in {group}, and {model.name!r} has {len(variables):,}")
    # A model of the same layers has no optimizer, and Keras would look for one.
    target = model if with_optimizer else keras.Model(model.inputs, model.outputs, name=model.name)
    target.load_weights(path)


def array_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name and shape of each array of a `.keras` or `.h5` file; no array is read.

    Parameters
    ----------
    path : Path

    Raises
    ------
    ValueError, OSError
        If it is not such a file, its arrays are in another file, or they would take far more memory than it has bytes.
    """
    n_bytes = path.stat().st_size
    if path.suffix != ".keras":
        with h5py.File(path, "r") as root:
            return _checked_shapes(root, n_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, n_bytes)
            with archive.open(WEIGHTS) as member, h5py.File(member, "r") as root:
                return _checked_shapes(root, n_bytes)
    except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
        raise ValueError(f"it is not a Keras model: {error}") from None


def check_members(archive: zipfile.ZipFile, n_bytes: int) -> None:
    """Check which files a `.keras` archive of so many bytes holds, and how large they are.

    Raises
    ------
    ValueError
        If it holds other files than a model of this program, or they are far larger than the archive.
    """
    if others := sorted(set(archive.namelist()) - MEMBERS):
        raise ValueError(f"it holds {others[0]!r}, which is not part of a model")
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MOST_EXPANSION * n_bytes + SPARE_BYTES:
        raise ValueError(f"its {n_bytes:,} bytes would unpack to {unpacked:,}")


def _checked_shapes(root: h5py.File, n_bytes: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    total = 0

    def visit(name: str, child: h5py.Group | h5py.Dataset) -> None:
        nonlocal total
        if not isinstance(child, h5py.Dataset):
            return
        if child.dtype.hasobject or child.external or child.is_virtual:
            raise ValueError(f"its weights {name!r} are not numbers in this file")
        shapes[name] = child.shape
        total += child.nbytes
        if total > MOST_EXPANSION * n_bytes + SPARE_BYTES:
            raise ValueError(f"its weights, {n_bytes:,} bytes, would unpack to {total:,} or more")

    # Follows no links to other files; Keras refuses those when it reads.
    root.visititems(visit)
    return shapes
