"""A pool of worker processes that end with their main process."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for_pipe
from pathlib import Path

from augment_audio.engines.rubberband_program import end_programs
from generate.runtime.memory_limit import limit_memory
from generate.workers import fork_server

MALLOC = {-3: 1 << 27, -1: 1 << 28, -2: 1 << 25}
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD, in bytes."""
SLICE_S = 0.5
"""Windows handles Ctrl-C only between two waits, so none is longer."""
MAX_WORKERS_ON_WINDOWS = 61
TEMPORARY_FOLDERS = ("generate-", "train-", "pymp-")
"""Prefixes of the folders that this program, and multiprocessing for it, creates for a run."""


def usable_cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def local_executor(workers: int, temporary_folder: Path) -> Executor:
    """Processes of this machine, one thread each.

    Parameters
    ----------
    workers : int
    temporary_folder : Path
        For the temporary files of workers and of the programs that they start.
    """
    fork_server.check_main_guard()
    fork_server.start()
    context = multiprocessing.get_context("forkserver" if fork_server.is_possible() else "spawn")
    if os.name == "nt":
        workers = min(workers, MAX_WORKERS_ON_WINDOWS)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(str(temporary_folder),))


def _begin(temporary_folder: str) -> None:
    """Prepare a worker: it ignores Ctrl-C, and ends with the main process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = temporary_folder
    keep_memory()
    limit_memory()
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"
    sentinel = parent.sentinel

    def end_with_parent() -> None:
        wait_for_pipe([sentinel])
        end_programs()
        for folder in (temporary_folder, vars(multiprocessing.current_process())["_config"].get("tempdir", "")):
            if os.path.basename(folder).startswith(TEMPORARY_FOLDERS):
                shutil.rmtree(folder, ignore_errors=True)  # as the main process would have done
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def keep_memory() -> None:
    """Let the process keep freed memory, where the C library is glibc.

    Otherwise each large array is returned to the system, which clears the next one page by page: a tenth of the time of
    a clip. See mallopt(3).
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for parameter, n_bytes in MALLOC.items():
            library.mallopt(parameter, n_bytes)


def first_finished(futures: Collection[Future], *, limit_s: float) -> set[Future]:
    """The finished futures, as soon as there is one; none after the limit."""
    end = time.monotonic() + limit_s
    while True:
        slice_s = min(SLICE_S, max(0.0, end - time.monotonic()))
        finished, _ = wait(futures, timeout=slice_s, return_when=FIRST_COMPLETED)
        if finished or time.monotonic() >= end:
            return finished


def end(executor: Executor, futures: Collection[Future]) -> None:
    """Wait for the submitted clips; a second Ctrl-C does not wait for them."""
    if isinstance(sys.exception(), KeyboardInterrupt):
        print("\nStopping after the clips that are being rendered (Ctrl-C again: at once) ...", file=sys.stderr)
    try:
        left = {future for future in futures if not future.cancel()}
        while left:
            _, left = wait(left, timeout=SLICE_S)
        executor.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        # The pool's own thread may find its pipes closed, now or later; its traceback is no use.
        threading.excepthook = lambda _: None
        kill(executor)
        executor.shutdown(wait=True, cancel_futures=True)
        raise


def kill(executor: Executor) -> None:
    """Kill the workers of a local pool."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()
