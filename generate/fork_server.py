"""The process that all workers are forked from: it imports everything once, while the main process plans.

Nothing but the standard library is imported here, so that it can be started before anything else.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
LONGEST_TEMPORARY_FOLDER = 64
"""Bytes; with what multiprocessing adds, a socket's name must fit 104 on macOS and 108 on Linux (unix(7))."""


def start() -> None:
    """Start the server, where the system can fork, and do not wait for it.

    It has imported everything when the first worker is wanted: faster than starting each anew, and safe beside
    threads.
    """
    for variable in ONE_THREAD:
        os.environ[variable] = "1"
    if is_possible():
        from multiprocessing import forkserver

        forkserver.set_forkserver_preload(["generate.preload"])
        forkserver.ensure_running()


def is_possible() -> bool:
    """Whether the system can fork, and the server's socket can have a name, which may not be long."""
    folder = os.fsencode(tempfile.gettempdir())
    return "forkserver" in multiprocessing.get_all_start_methods() and len(folder) <= LONGEST_TEMPORARY_FOLDER
