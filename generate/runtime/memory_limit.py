"""A limit on the memory of a worker: a file that needs more is rejected, before the system kills processes."""

from __future__ import annotations

import sys

MAX_BYTES = 4 << 30
"""Of one worker. A clip takes at most 1 GiB (`generate.audio.formats.MOST_VALUES`), and its mono samples,
variants and spectrograms as much again; most workers never reach 0.6 GiB."""


def limit_memory(n_bytes: int = MAX_BYTES) -> bool:
    """Limit the memory of this process; beyond it, `MemoryError` is raised.

    Linux counts private writable memory (`RLIMIT_DATA`, see getrlimit(2)), not the addresses that libraries reserve.
    Other systems have no such limit.

    Parameters
    ----------
    n_bytes : int

    Returns
    -------
    bool
        Whether there is a limit.
    """
    if sys.platform != "linux":
        return False
    import resource

    _, highest = resource.getrlimit(resource.RLIMIT_DATA)
    if highest != resource.RLIM_INFINITY and highest <= n_bytes:
        return True
    resource.setrlimit(resource.RLIMIT_DATA, (n_bytes, highest))
    return True


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of a backend means that the memory of the device is full."""
    text = f"{type(error).__name__}: {error}"
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("ResourceExhausted", "RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory")
    )
