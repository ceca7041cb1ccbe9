"""What a worker of a Dask cluster reports about itself, so that no two workers give different results."""

from __future__ import annotations

import hashlib
import platform
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from distributed import Worker

DISK_LIMIT_S = 60.0
"""A disk that is only slow to wake has answered by then."""
MOST_STARTS = 2
"""Of a job; one that is started more often kills its workers."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Facts:
    """What the results of a process depend on.

    Parameters
    ----------
    versions : Mapping of str to str
        Of Python (without its last number) and the packages; the kind of processor; digests of files.
    unseen : str
        A folder or file that this process does not see; else empty.
    n_threads : int
        Jobs that it runs at once.
    """

    versions: Mapping[str, str]
    unseen: str
    n_threads: int


@dataclass(frozen=True)
class Refused:
    """The result of a worker that must not do the job.

    Parameters
    ----------
    address : str
        Of the worker.
    why : str
    """

    address: str
    why: str


def dask_setup(worker: Worker) -> None:
    """Leave Ctrl-C to the process that started this worker; Dask calls it by this name in workers of this machine.

    A terminal sends the signal to both; the worker would print a traceback.

    Parameters
    ----------
    worker : distributed.Worker
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def is_here() -> bool:
    """Whether a process has this program."""
    return True


def process_facts(
    versions: Mapping[str, str],
    paths: Mapping[Path, Path],
    *,
    files: Mapping[str, Path] | None = None,
    dask_worker: Worker | None = None,
) -> Facts:
    """Examine this process.

    Parameters
    ----------
    versions : Mapping of str to str
        Of Python and what else the results depend on.
    paths : Mapping of Path to Path
        Folder or file that all must see, to the path that shows whether this process does.
    files : Mapping of str to Path
        Files whose content the results depend on.
    dask_worker : distributed.Worker, optional
        Whose process this is.

    Raises
    ------
    TimeoutError
        If the disk does not answer.
    """

    def look() -> tuple[dict[str, str], list[str]]:
        digests = {name: digest(path) for name, path in (files or {}).items()}
        return digests, [str(path) for path, shown_by in paths.items() if not shown_by.exists()]

    digests, unseen = _within(DISK_LIMIT_S, look)
    found = {**versions, **digests, "python": versions["python"].rpartition(".")[0], "processor": platform.machine()}
    return Facts(found, unseen[0] if unseen else "", dask_worker.state.nthreads if dask_worker else 1)


def _within(limit_s: float, look: Callable[[], Result]) -> Result:
    """Call a function with a time limit; a network disk whose server is gone blocks for ever."""
    outcome: Future[Result] = Future()

    def work() -> None:
        try:
            outcome.set_result(look())
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return outcome.result(limit_s)
    except TimeoutError:
        raise TimeoutError(f"the disk with the data does not answer within {limit_s:g} s") from None


def faults(answer: Facts | BaseException, here: Facts) -> str:
    """Why a worker cannot be used; empty if it can.

    Parameters
    ----------
    answer : Facts or BaseException
        Of the worker, or how it failed to give them.
    here : Facts
        Of the process that hands out the jobs.
    """
    if isinstance(answer, Exception) and "No module named" in str(answer):
        return f"{answer}; start it in this program's folder and environment"
    if isinstance(answer, BaseException):
        return f"{type(answer).__name__}: {answer}"
    if answer.unseen:
        return f"does not see {answer.unseen!r}; it must be on a disk that all machines see, under the same path"
    differing = [
        f"{name} is {there} there and {here.versions.get(name)} here"
        for name, there in answer.versions.items()
        if there != here.versions.get(name)
    ]
    if differing:
        return "; ".join(differing)
    if answer.n_threads > 1:
        return f"has {answer.n_threads} threads; start it with --nthreads 1 (and --nworkers -1, to use all cores)"
    return ""


def may_start(mark: Path) -> bool:
    """Count a start of a job in a file; False if it was started `MOST_STARTS` times before."""
    with mark.open("ab") as file:
        file.write(b".")
    return mark.stat().st_size <= MOST_STARTS


def digest(*paths: Path) -> str:
    """Eight hexadecimal digits that change with the content of Python files and of those in folders."""
    sha256 = hashlib.sha256()
    for path in paths:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            sha256.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return sha256.hexdigest()[:8]
