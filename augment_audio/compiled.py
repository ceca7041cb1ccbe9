"""Functions that are compiled for the processor, and kept on the disk where there is room for them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numba
from filelock import FileLock
from numba.core.caching import FunctionCache

LOCK = "compiled.lock"
LOCK_LIMIT_S = 30.0
"""Time that another process is given to write what it compiled; it takes milliseconds."""


class _Kept(FunctionCache):
    """numba's store of compiled functions, of which no fault ends a run: what cannot be read is compiled again."""

    def load_overload(self, sig: object, target_context: object) -> object:
        """As numba's, but for a file that is cut short or not to be read: None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever unpickling a broken file raises
            return None

    def save_overload(self, sig: object, data: object) -> None:
        """As numba's, one process at a time, and nothing where the disk is full or may not be written to.

        Two processes that write at once could give one file name to two functions, and then one would be called for
        the other: numba numbers the files by its index, which each would read before the other has written it.
        """
        with contextlib.suppress(OSError), FileLock(Path(self.cache_path) / LOCK, timeout=LOCK_LIMIT_S):
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # the index is broken: begin a new one
                self.flush()
                super().save_overload(sig, data)


def compiled(function: Callable, *, fused: bool = True) -> Callable:
    """Compile a function when it is first called, once a machine, and keep what was compiled beside its file.

    Where nothing can be written there, or in the user's folder of such files (or in that of the environment variable
    `NUMBA_CACHE_DIR`), it is compiled once a process.

    Parameters
    ----------
    function : callable
        Of arrays and numbers.
    fused : bool
        Whether a multiplication and an addition may be done in one, rounded once: faster, and not to the last bit what
        is written. Sums keep their order either way, so the same input gives the same bytes.

    Returns
    -------
    callable
    """
    dispatcher = numba.njit(nogil=True, error_model="numpy", fastmath={"contract"} if fused else False)(function)
    # What `cache=True` does; where there is no place for the files numba raises.
    with contextlib.suppress(RuntimeError, OSError):
        dispatcher._cache = _Kept(function)
    return dispatcher
