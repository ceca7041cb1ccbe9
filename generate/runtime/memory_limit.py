"""A cap on a worker's memory: a file that asks for more is rejected, before the system ends processes at its choice."""

from __future__ import annotations

import sys

MOST_BYTES = 4 << 30
"""What one worker may hold. A clip takes at most 1 GiB (`generate.audio.formats.MOST_VALUES`), and its mono samples,
variants and spectrograms as much again; most workers never reach 0.6 GiB."""


def limit_memory(n_bytes: int = MOST_BYTES) -> bool:
    """Let this process have no more memory than this: then there is a `MemoryError`.

    Linux counts what a process has written to or may write to on its own (`RLIMIT_DATA`, see getrlimit(2)), not the
    addresses that libraries reserve. Other systems count otherwise or not at all, and are left alone.

    Parameters
    ----------
    n_bytes : int

    Returns
    -------
    bool
        Whether there is a limit now.
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
    """Whether an error of a backend says that the device's memory is full."""
    text = f"{type(error).__name__}: {error}"
    return isinstance(error, MemoryError) or any(
        sign in text for sign in ("ResourceExhausted", "RESOURCE_EXHAUSTED", "OOM when allocating", "out of memory")
    )
