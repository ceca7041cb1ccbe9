"""The server process from which all workers are forked: it imports everything once, while the main process plans.

Only the standard library is imported here, so that the server can be started first.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import util
from pathlib import Path
from types import FrameType

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
_NO_GUARD = (
    "{place} starts worker processes, and each of them imports that file first and would start them again. Put the "
    "call under if __name__ == '__main__':"
)
MAX_TEMPORARY_FOLDER = 64
"""Bytes; with what multiprocessing adds, a socket's name must fit 104 on macOS and 108 on Linux (unix(7))."""


def start() -> None:
    """Start the server, where the system can fork, without waiting for it.

    It has imported everything before the first worker is needed: faster than starting each worker on its own, and safe
    with threads.
    """
    for variable in ONE_THREAD:
        os.environ[variable] = "1"
    if is_possible():
        from multiprocessing import forkserver

        _make_temporary_folder()
        forkserver.set_forkserver_preload(["generate.preload"])
        forkserver.ensure_running()


@contextmanager
def environment_restored() -> Iterator[None]:
    """Give other libraries of a notebook their threads back when the workers are done."""
    before = {variable: os.environ.get(variable) for variable in ONE_THREAD}
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


def _make_temporary_folder() -> None:
    """Create the folder of multiprocessing's sockets before it does, and remove it at exit.

    Its own removal ends with a traceback where the folder is gone, and a worker that outlives the main process removes
    the folder too.
    """
    settings = vars(multiprocessing.current_process())["_config"]  # where multiprocessing.util.get_temp_dir keeps it
    if settings.get("tempdir") is None:
        settings["tempdir"] = tempfile.mkdtemp(prefix="pymp-")
        util.Finalize(
            None, shutil.rmtree, args=(settings["tempdir"],), kwargs={"ignore_errors": True}, exitpriority=-100
        )


def check_main_guard() -> None:
    """Check that workers can import the main program without starting workers themselves.

    Each worker imports the main program first, under another name (see "Safe importing of main module" in Python's
    documentation of multiprocessing). Without a guard it would start again there, and fail.

    Raises
    ------
    RuntimeError
        If it lacks the guard, with what to write.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(_NO_GUARD.format(place="the main program"))
    main = sys.modules["__main__"]
    frame: FrameType | None = sys._getframe()
    while frame is not None and not (frame.f_code.co_name == "<module>" and frame.f_globals is vars(main)):
        frame = frame.f_back
    path = getattr(main, "__file__", None)
    if frame is None or path is None or getattr(main, "__spec__", None) is not None:
        return  # called from a thread or a console, or a package's own __main__
    try:
        statements = ast.parse(Path(path).read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    line = frame.f_lineno
    for statement in statements:
        if statement.lineno <= line <= (statement.end_lineno or 0) and not isinstance(statement, ast.If):
            raise RuntimeError(_NO_GUARD.format(place=f"line {line} of {path!r}"))


def is_possible() -> bool:
    """Whether the system can fork, and the path of the server's socket is not too long."""
    folder = os.fsencode(tempfile.gettempdir())
    return "forkserver" in multiprocessing.get_all_start_methods() and len(folder) <= MAX_TEMPORARY_FOLDER
