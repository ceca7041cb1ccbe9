"""Decoded images that do not fit in memory, in a file that is mapped into memory.

One file has all images of a folder at one size, for all runs, folds and machines. It is in the image folder under a
hidden name, which loaders of image folders skip, or in `outputs` where that folder is read-only. Its name depends on
everything that its content depends on. `python -m generate` removes it when it renders or removes images. It may be
deleted while nothing trains from it, and is made again when it is needed.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset.folder import PIXEL_CACHE
from generate.runtime.atomic_write import atomic_write
from generate.runtime.lock import locked
from generate.runtime.wording import count, shown
from train.data.available_memory import available_bytes
from train.data.decode import decode
from train.data.table_digest import table_sha256
from train.defaults import CACHES

MOST_OF_MEMORY = 0.5
"""Largest fraction of the available memory for pixels; models and batches need memory too."""
READ_ONLY_FALLBACK = Path("outputs")
"""Folder of the file where the image folder is read-only."""
FORMAT = "1"
"""Changes when the same images would give other pixels."""
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class PixelsOnDisk:
    """Pixels of some images of a folder, indexed like an array; only what is indexed is read.

    Parameters
    ----------
    path : Path
        A file in the format of `numpy.save`.
    rows : np.ndarray, shape=(n,), int
        Indices into the file, in the wanted order.
    """

    def __init__(self, path: Path, rows: np.ndarray) -> None:
        self.path = path
        self._all = np.load(path, mmap_mode="r")
        self._rows = rows
        self.shape = (len(rows), *self._all.shape[1:])
        self.dtype = self._all.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that these images would take in memory."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        """Number of images."""
        return len(self._rows)

    def __getitem__(self, which: int | slice | np.ndarray, /) -> np.ndarray:
        """Read one image, shape=(height, width[, 3]), or several, shape=(n, height, width[, 3]), uint8."""
        return np.array(self._all[self._rows[which]])

    def __iter__(self) -> Iterator[np.ndarray]:
        """Read image by image."""
        return (self[k] for k in range(len(self)))


def fits_in_memory(n_bytes: int, cache: str) -> bool:
    """Whether to keep pixels of so many bytes in memory.

    Parameters
    ----------
    n_bytes : int
    cache : {"auto", "memory", "disk"}
        `auto`: if they take at most `MOST_OF_MEMORY` of `train.data.available_memory.available_bytes`.

    Raises
    ------
    ValueError
        If `cache` is none of these.
    """
    if cache not in CACHES:
        raise ValueError(f"cache must be one of {', '.join(CACHES)}. Got {cache!r}.")
    return cache == "memory" or (cache == "auto" and n_bytes <= MOST_OF_MEMORY * available_bytes())


def pixels_on_disk(
    images: Path,
    whole: pd.DataFrame,
    file_names: Sequence[str],
    *,
    shape: tuple[int, ...],
    fingerprint: str,
) -> PixelsOnDisk:
    """Open the file of a folder's pixels; decode all images into a new one where there is none that is up to date.

    Parameters
    ----------
    images : Path
        The image folder.
    whole : pandas.DataFrame
        Its complete `metadata.csv`.
    file_names : sequence of str
        The wanted images of this table, in order.
    shape : tuple of int
        Of the pixels of an image; see `train.data.decode.pixel_shape`.
    fingerprint : str
        See `train.data.decode.load_images`.

    Raises
    ------
    ValueError
        If images are missing or broken (the message names the first of them), or the disk has no room.
    OSError
        If the file cannot be written.
    """
    names = sorted(whole["file_name"])
    digest = _digest(images, whole, names, shape=shape, fingerprint=fingerprint)
    name = f"{PIXEL_CACHE}{digest}.npy"
    path = images / name
    if not path.is_file():
        path = _made(images, name, names, shape=shape, fingerprint=fingerprint)
    return PixelsOnDisk(path, pd.Index(names).get_indexer(pd.Index(file_names)))


def _digest(
    images: Path, whole: pd.DataFrame, names: Sequence[str], *, shape: tuple[int, ...], fingerprint: str
) -> str:
    """Hash of everything that the pixels depend on, and of the size and time of each image file."""
    digest = hashlib.sha256(repr((FORMAT, table_sha256(whole), fingerprint, shape)).encode())
    for name in names:
        try:
            status = os.stat(images / name)
        except OSError:
            digest.update(b"missing;")  # so that all are decoded again, which names the missing ones
        else:
            digest.update(b"%d %d;" % (status.st_size, status.st_mtime_ns))
    return digest.hexdigest()[:16]


def _made(images: Path, name: str, names: Sequence[str], *, shape: tuple[int, ...], fingerprint: str) -> Path:
    """Make the file, in the image folder or the fallback, unless another process has made it."""
    fallback = READ_ONLY_FALLBACK / name
    if fallback.is_file():
        return fallback
    for folder in (images, READ_ONLY_FALLBACK):
        path = folder / name
        try:
            # One process decodes, and others that need the same wait.
            with locked(path, is_file=True, wait=True):
                if not path.is_file():
                    _remove_unfinished(path)
                    _check_room(folder, len(names) * math.prod(shape))
                    _decode_into(path, images, names, shape=shape, fingerprint=fingerprint)
            return path
        except OSError as error:
            if error.errno not in NOT_WRITABLE or folder == READ_ONLY_FALLBACK:
                raise
    raise AssertionError  # never reached


def _decode_into(path: Path, images: Path, names: Sequence[str], *, shape: tuple[int, ...], fingerprint: str) -> None:
    n_bytes = len(names) * math.prod(shape)
    print(
        f"Decoding {count(len(names), 'image')} into {shown(path)} ({n_bytes / 1e9:.3g} GB), since they take too much "
        "memory; later runs reuse this file",
        file=sys.stderr,
        flush=True,
    )
    write_lock = threading.Lock()
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(names), *shape)}
        np.lib.format.write_array_header_1_0(file, header)
        first_pixel = file.tell()

        # Written, not mapped: on a full disk, writing to a map kills the process.
        def put(k: int, pixels: np.ndarray) -> None:
            with write_lock:
                file.seek(first_pixel + k * math.prod(shape))
                file.write(pixels.tobytes())

        decode(images, names, put, shape=shape, fingerprint=fingerprint)


def _check_room(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise ValueError(
            f"The decoded images take {n_bytes / 1e9:.3g} GB, and the disk of {str(folder)!r} has {free / 1e9:.3g} GB "
            f"free (available memory: {available_bytes() / 1e9:.3g} GB). Free disk space, give a smaller --input-size, "
            "or try --cache memory."
        )


def _remove_unfinished(path: Path) -> None:
    """Remove the file that a killed process was writing."""
    for unfinished in path.parent.glob(f"{path.name}.*.tmp"):
        unfinished.unlink(missing_ok=True)
