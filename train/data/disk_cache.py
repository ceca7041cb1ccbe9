"""Images that memory has no room for: their levels, decoded once into a file that is mapped into memory.

One file holds all images of a folder at one size, so that runs, folds and machines share it. It stands beside the
images under a hidden name, which loaders of image folders pass over, or where that folder cannot be written to, in
`outputs`. Its name depends on all that its content depends on. `python -m generate` removes it when it draws or removes
images; it may be deleted whenever nothing trains from it, and is made again when it is wanted.
"""

from __future__ import annotations

import errno
import hashlib
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
from train.defaults import CACHES
from train.runs.run_folder import table_sha256

MOST_OF_MEMORY = 0.5
"""Levels that take more than this part of what is available go to the disk: models and batches need room too."""
ELSEWHERE = Path("outputs")
"""Where the file is if the image folder cannot be written to."""
FORMAT = "1"
"""Changes when the same images would give other levels."""
NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class PixelsOnDisk:
    """Levels of some images of a folder, in the way of an array of them; only what is asked for is read.

    Parameters
    ----------
    path : Path
        Of the file.
    rows : np.ndarray, shape=(n,), int
        Which images of the file, in which order.
    """

    def __init__(self, path: Path, rows: np.ndarray) -> None:
        self.path = path
        self._all = np.load(path, mmap_mode="r")
        self._rows = rows
        self.shape = (len(rows), *self._all.shape[1:])
        self.dtype = self._all.dtype

    @property
    def nbytes(self) -> int:
        """What these images would take in memory."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        """Images."""
        return len(self._rows)

    def __getitem__(self, which: int | slice | np.ndarray) -> np.ndarray:
        """Read one image, shape=(height, width), or several, shape=(n, height, width), uint8."""
        return np.array(self._all[self._rows[which]])

    def __iter__(self) -> Iterator[np.ndarray]:
        """Read one after the other."""
        return (self[k] for k in range(len(self)))


def fits_in_memory(n_bytes: int, cache: str) -> bool:
    """Whether levels of so many bytes are to be held in memory.

    Parameters
    ----------
    n_bytes : int
    cache : {"auto", "memory", "disk"}
        What the user asked for; `auto` goes by `MOST_OF_MEMORY` of `train.data.available_memory.available_bytes`.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if cache not in CACHES:
        raise ValueError(f"cache must be one of {', '.join(CACHES)}. Got {cache!r}.")
    return cache == "memory" or (cache == "auto" and n_bytes <= MOST_OF_MEMORY * available_bytes())


def pixels_on_disk(
    images: Path,
    whole: pd.DataFrame,
    file_names: Sequence[str],
    *,
    size: tuple[int, int],
    silent_ends: str,
    fingerprint: str,
) -> PixelsOnDisk:
    """Open the file of a folder's levels; where there is none that is up to date, decode all images into one.

    Parameters
    ----------
    images : Path
        The image folder.
    whole : pandas.DataFrame
        All of its `metadata.csv`.
    file_names : sequence of str
        Those wanted, of this table.
    size, silent_ends, fingerprint
        See `train.data.decode.load_images`.

    Raises
    ------
    ValueError
        If images are missing or broken (the message names the first of them), or the disk has no room.
    OSError
        If the file cannot be written.
    """
    names = sorted(whole["file_name"])
    digest = _digest(images, whole, names, size=size, silent_ends=silent_ends, fingerprint=fingerprint)
    name = f"{PIXEL_CACHE}{digest}.npy"
    path = images / name
    if not path.is_file():
        path = _made(images, name, names, size=size, silent_ends=silent_ends, fingerprint=fingerprint)
    return PixelsOnDisk(path, pd.Index(names).get_indexer(pd.Index(file_names)))


def _digest(
    images: Path,
    whole: pd.DataFrame,
    names: Sequence[str],
    *,
    size: tuple[int, int],
    silent_ends: str,
    fingerprint: str,
) -> str:
    """Digits that change with all that the levels depend on, and with any image's file."""
    digest = hashlib.sha256(repr((FORMAT, table_sha256(whole), fingerprint, size, silent_ends)).encode())
    for name in names:
        try:
            status = os.stat(images / name)
        except OSError:
            digest.update(b"missing;")  # so that it is decoded again, which names all that cannot be used
        else:
            digest.update(b"%d %d;" % (status.st_size, status.st_mtime_ns))
    return digest.hexdigest()[:16]


def _made(
    images: Path, name: str, names: Sequence[str], *, size: tuple[int, int], silent_ends: str, fingerprint: str
) -> Path:
    """Make the file, beside the images or elsewhere; where it was made meanwhile, or is elsewhere, that one."""
    elsewhere = ELSEWHERE / name
    if elsewhere.is_file():
        return elsewhere
    for folder in (images, ELSEWHERE):
        path = folder / name
        try:
            # One process decodes; others that want the same wait for it.
            with locked(path, is_file=True, wait=True):
                if not path.is_file():
                    _remove_halves(path)
                    _check_room(folder, len(names) * size[0] * size[1])
                    _decode_into(path, images, names, size=size, silent_ends=silent_ends, fingerprint=fingerprint)
            return path
        except OSError as error:
            if error.errno not in NOT_WRITABLE or folder == ELSEWHERE:
                raise
    raise AssertionError  # never reached


def _decode_into(
    path: Path, images: Path, names: Sequence[str], *, size: tuple[int, int], silent_ends: str, fingerprint: str
) -> None:
    n_bytes = len(names) * size[0] * size[1]
    print(
        f"Opening {count(len(names), 'image')} once into {shown(path)} ({n_bytes / 1e9:.3g} GB), since they take too "
        "much memory; later runs read them there",
        file=sys.stderr,
        flush=True,
    )
    one_at_a_time = threading.Lock()
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(names), *size)}
        np.lib.format.write_array_header_1_0(file, header)
        begin = file.tell()

        # Written, not mapped: a full disk is an error here, where a map would end the process.
        def put(k: int, pixels: np.ndarray) -> None:
            with one_at_a_time:
                file.seek(begin + k * size[0] * size[1])
                file.write(np.ascontiguousarray(pixels))

        decode(images, names, put, size=size, silent_ends=silent_ends, fingerprint=fingerprint)


def _check_room(folder: Path, n_bytes: int) -> None:
    free = shutil.disk_usage(folder).free
    if n_bytes > free:
        raise ValueError(
            f"The images take {n_bytes / 1e9:.3g} GB decoded, and the disk of {str(folder)!r} has {free / 1e9:.3g} "
            f"GB free ({available_bytes() / 1e9:.3g} GB of memory are). Free some, give a smaller --input-size, or try "
            "--cache memory."
        )


def _remove_halves(path: Path) -> None:
    """Remove what a process left that was killed while it decoded."""
    for half in path.parent.glob(f"{path.name}.*.tmp"):
        half.unlink(missing_ok=True)
