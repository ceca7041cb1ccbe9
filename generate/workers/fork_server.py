"""The process that all workers are forked from: it imports everything once, while the main process plans.

Nothing but the standard library is imported here, so that it can be started before anything else.
"""

from __future__ import annotations

import ast
import multiprocessing
import os
import shutil
import sys
import tempfile
from multiprocessing import util
from pathlib import Path

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
LONGEST_TEMPORARY_FOLDER = 64
"""Bytes; with what multiprocessing adds, a socket's name must fit 104 on macOS and 108 on Linux (unix(7))."""


def start() -> None:
    """Start the server, where the system can fork, and do not wait for it.

    It has imported everything when the first worker is wanted: faster than starting each again, and safe beside
    threads.
    """
    for variable in ONE_THREAD:
        os.environ[variable] = "1"
    if is_possible():
        from multiprocessing import forkserver

        _make_temporary_folder()
        forkserver.set_forkserver_preload(["generate.preload"])
        forkserver.ensure_running()


def _make_temporary_folder() -> None:
    """Make the folder in which multiprocessing's sockets lie, before it does, and remove it at exit.

    Its own removal fails with a traceback where the folder is gone, and a worker that ends after its main process has
    let go of it removes the folder too.
    """
    settings = multiprocessing.current_process()._config  # as multiprocessing.util.get_temp_dir keeps it
    if settings.get("tempdir") is None:
        settings["tempdir"] = tempfile.mkdtemp(prefix="pymp-")
        util.Finalize(
            None, shutil.rmtree, args=(settings["tempdir"],), kwargs={"ignore_errors": True}, exitpriority=-100
        )


def check_main_guard() -> None:
    """Check that a program which starts workers can be imported by them without starting workers itself.

    Each worker imports the main program first, under another name (see "Safe importing of main module" in Python's
    documentation of multiprocessing). Without a guard it would begin all over again there, and die.

    Raises
    ------
    RuntimeError
        With what to write around the call.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RuntimeError(_NO_GUARD.format(place="the main program"))
    main = sys.modules["__main__"]
    frame = sys._getframe()
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
    """Whether the system can fork, and the server's socket can have a name, which may not be long."""
    folder = os.fsencode(tempfile.gettempdir())
    return "forkserver" in multiprocessing.get_all_start_methods() and len(folder) <= LONGEST_TEMPORARY_FOLDER
