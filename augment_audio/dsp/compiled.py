"""Functions compiled by numba, with a disk cache that never raises."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numba
from filelock import FileLock
from numba.core.caching import FunctionCache

LOCK = "compiled.lock"
LOCK_LIMIT_S = 30.0
"""How long to wait for another process that writes to the cache; it takes milliseconds."""


Function = TypeVar("Function", bound=Callable[..., None])


class _SafeCache(FunctionCache):
    """numba's disk cache, without its errors: what cannot be read is compiled again."""

    def load_overload(self, sig: object, target_context: object) -> object:
        """As numba's, but None for a file that is truncated or unreadable."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling a damaged file may raise anything
            return None

    def save_overload(self, sig: object, data: object) -> None:
        """As numba's, by one process at a time, and without an error if the disk is full or read-only.

        Two processes that write at once could give one file name to two functions, since numba numbers the files by
        its index: then one function would be called for the other.
        """
        with contextlib.suppress(OSError), FileLock(Path(self.cache_path) / LOCK, timeout=LOCK_LIMIT_S):
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # the index is damaged: begin a new one
                self.flush()
                super().save_overload(sig, data)


def compiled(function: Function, *, fused: bool = True) -> Function:
    """Compile a function at its first call, and cache the machine code on disk beside its file.

    If neither that folder nor the user's cache folder (or that of the environment variable `NUMBA_CACHE_DIR`) can be
    written to, it is compiled once per process.

    Parameters
    ----------
    function : callable
        Takes arrays and numbers, and writes its results into arrays.
    fused : bool
        Whether a multiplication and an addition may be fused, rounded once: faster. Sums keep their order either way,
        so the same input gives the same bytes.

    Returns
    -------
    callable
    """
    dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath={"contract"} if fused else False)(function)
    # What `cache=True` does; numba raises if it finds no folder for the files.
    with contextlib.suppress(RuntimeError, OSError):
        dispatcher._cache = _SafeCache(function)
    return dispatcher
