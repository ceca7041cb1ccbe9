"""Weights that PyTorch saved, read as plain arrays without PyTorch.

A `.pth` file is a pickle, and a pickle can name any function and call it. This reader builds dicts and arrays of
numbers and nothing else, and reads no more bytes than the file has.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from safetensors.numpy import load

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
"""Of the format before PyTorch 1.6: pickles of these two and of the system, then of the dict, then the raw arrays
(`torch/serialization.py`, `_legacy_save`)."""
STORAGES = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
}
SUFFIXES = (".pth", ".pt", ".safetensors")


def read_torch_weights(path: Path) -> dict[str, np.ndarray]:
    """Read a state dict.

    Parameters
    ----------
    path : Path
        A `.pth` or `.pt` file, in the format of PyTorch 1.6 and later or in the one before, or `.safetensors`.

    Returns
    -------
    dict of str to np.ndarray
        Parameter name to values, such as `conv1.weight`; a dict under `state_dict` or `model` is taken out of it.

    Raises
    ------
    ValueError
        If it is not such a file, or holds anything but dicts of arrays.
    OSError
        If it cannot be read.

    References
    ----------
    https://docs.pytorch.org/docs/stable/notes/serialization.html
    """
    content = path.read_bytes()
    try:
        if path.suffix == ".safetensors":
            return load(content)
        file = io.BytesIO(content)
        state = _read_archive(file) if zipfile.is_zipfile(file) else _read_legacy(file)
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle can fail in any way
        why = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(f"it is not a file of weights: {why}") from None
    for name in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(name), dict):
            state = state[name]
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(values, np.ndarray) for name, values in state.items()
    ):
        raise ValueError("it is not a file of weights: it holds other things than named arrays")
    return dict(state)


def _read_archive(file: io.BytesIO) -> Any:
    """The format since PyTorch 1.6: a ZIP archive of `<name>/data.pkl` and `<name>/data/<key>`."""
    with zipfile.ZipFile(file) as archive:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(names) != 1:
            raise ValueError("its archive has no data.pkl")
        root = names[0].removesuffix("data.pkl")
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("its archive is compressed, which PyTorch's never is")

        n_bytes = file.getbuffer().nbytes
        read: dict[str, bytes] = {}

        def storage(key: str, dtype: np.dtype, n: int) -> np.ndarray:
            if key not in read:
                read[key] = archive.read(f"{root}data/{key}")
                # Members of a hostile archive can lie over each other.
                if sum(map(len, read.values())) > n_bytes:
                    raise ValueError("its arrays are larger than the file")
            values = np.frombuffer(read[key], dtype=dtype)
            if len(values) < n:
                raise ValueError(f"its array {key!r} has {len(values):,} numbers and not {n:,}")
            return values

        return _Unpickler(io.BytesIO(archive.read(names[0])), storage).load()


def _read_legacy(file: io.BytesIO) -> Any:
    """The format before PyTorch 1.6."""
    wanted: dict[str, np.ndarray] = {}
    n_bytes = file.getbuffer().nbytes
    file.seek(0)

    def storage(key: str, dtype: np.dtype, n: int) -> np.ndarray:
        if key not in wanted:
            if n * dtype.itemsize + sum(values.nbytes for values in wanted.values()) > n_bytes:
                raise ValueError(f"its array {key!r} of {n:,} numbers is larger than the file")
            wanted[key] = np.zeros(n, dtype=dtype)  # its numbers come after all pickles
        return wanted[key]

    def read_next() -> Any:
        return _Unpickler(file, storage).load()

    if read_next() != MAGIC or read_next() != PROTOCOL:
        raise ValueError("it does not begin as PyTorch's do")
    read_next()
    state, keys = read_next(), read_next()
    for key in keys:
        values = wanted[key]
        if int.from_bytes(file.read(8), "little") != len(values):
            raise ValueError(f"its array {key!r} has another length than its parameters")
        read = file.read(values.nbytes)
        if len(read) < values.nbytes:
            raise ValueError("it ends too early")
        values[:] = np.frombuffer(read, dtype=values.dtype)
    if missing := set(wanted) - set(keys):
        raise ValueError(f"its array {min(missing)!r} is missing")
    return state


class _Unpickler(pickle._Unpickler):
    """Reads dicts and arrays and nothing else.

    The implementation in Python, since the one in C reserves as much memory as a number in the file says.
    """

    dispatch: ClassVar[Any] = dict(pickle._Unpickler.dispatch)
    del dispatch[pickle.BYTEARRAY8[0]]  # it does so too

    def __init__(self, file: Any, storage: Callable[[str, np.dtype, int], np.ndarray]) -> None:
        super().__init__(file, encoding="utf-8")
        self._storage = storage

    def find_class(self, module: str, name: str) -> Any:
        """The few names that a state dict needs."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _rebuild_parameter
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise ValueError(f"it names {module}.{name}, which is not part of weights")

    def _load_build(self: Any) -> None:
        """Drop the attributes of an object: PyTorch's `_metadata` of a state dict, which is not needed."""
        self.stack.pop()

    dispatch[pickle.BUILD[0]] = _load_build

    def persistent_load(self, pid: Any) -> np.ndarray:
        """The numbers of one storage."""
        kind, dtype, key, _, n = pid[:5]
        if kind != "storage" or not isinstance(dtype, np.dtype) or not isinstance(key, str):
            raise ValueError("an array of it is not described as PyTorch does")
        return self._storage(key, dtype, n)


def _rebuild_tensor(storage: np.ndarray, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> Any:
    """A view of a storage, which must lie within it."""
    if len(shape) != len(strides) or min((*shape, *strides, offset), default=0) < 0:
        raise ValueError("the shape of an array is not one")
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    if 0 not in shape and last >= len(storage):
        raise ValueError("an array lies outside of its numbers")
    # One number may stand for many by a stride of 0: no weights are stored so.
    if np.prod(shape, dtype=object) > len(storage):
        raise ValueError("an array is larger than its numbers")
    n_bytes = storage.dtype.itemsize
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, tuple(n_bytes * stride for stride in strides))


def _rebuild_parameter(values: np.ndarray, *_: Any) -> np.ndarray:
    return values
