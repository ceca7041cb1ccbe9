"""What a worker of a cluster does, and what it says of itself so that no two draw different images."""

from __future__ import annotations

import hashlib
import os
import platform
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import augment_audio
from augment_audio.engines.rubberband_program import end_programs
from generate.rendering.clip import Front, Job, known_variants, render
from generate.runtime.versions import versions
from generate.workers.pool import keep_memory
from generate.workers.processes import try_job

if TYPE_CHECKING:
    from distributed import Worker


DISK_LIMIT_S = 60.0
"""A disk that is only slow to wake has answered by then."""
Result = TypeVar("Result")


@dataclass(frozen=True)
class Facts:
    """What the images of a process depend on.

    Parameters
    ----------
    versions : Mapping of str to str
        Python's (without its last number), the packages', the engine's; the kind of processor; digits of the program's
        own files and of the variants file.
    unseen : str
        A folder that this process does not see; else empty.
    n_threads : int
        That draw in it at once.
    """

    versions: Mapping[str, str]
    unseen: str
    n_threads: int


@dataclass(frozen=True)
class Refused:
    """The answer of a worker that shall not draw.

    Parameters
    ----------
    address : str
        Of the worker.
    why : str
    """

    address: str
    why: str


def is_here() -> bool:
    """Whether a process has this program."""
    return True


def facts(front: Front, token: str, *, engine_version: str = "", dask_worker: Worker | None = None) -> Facts:
    """Look at this process.

    Parameters
    ----------
    front : Front
    token : str
        A file that lies in the image folder and nowhere else, or that folder.
    engine_version : str
        Where it is known; else it is found.
    dask_worker : distributed.Worker, optional
        Whose process this is; Dask's `Client.run` fills it in, by this name.

    Raises
    ------
    TimeoutError
        If the disk does not answer.
    """
    found = {**LOADED, "engine": engine_version or _engine_version(front.settings.engine)}
    found["variants file"], unseen = _within(DISK_LIMIT_S, _look_at_disk, front, Path(token))
    return Facts(found, unseen, dask_worker.state.nthreads if dask_worker else 1)


def _look_at_disk(front: Front, token: Path) -> tuple[str, str]:
    """Digits of the variants file, and a folder that this process does not see."""
    own = Path(front.settings.variants_file) if front.settings.variants_file else None
    paths = {front.audio_folder: front.audio_folder, front.images: token}
    unseen = [str(folder) for folder, path in paths.items() if not path.exists()]
    return _digits(own) if own else "none", unseen[0] if unseen else ""


def _within(limit_s: float, look: Callable[..., Result], *arguments: object) -> Result:
    """What a function gives; a network disk whose server is gone lets nobody wait for ever."""
    outcome: Future[Result] = Future()

    def work() -> None:
        try:
            outcome.set_result(look(*arguments))
        except BaseException as error:
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return outcome.result(limit_s)
    except TimeoutError:
        raise TimeoutError(f"the disk of the sounds and the images does not answer within {limit_s:g} s") from None


def faults(answer: Facts | BaseException, here: Facts) -> str:
    """Why a worker will not do; empty where it will.

    Parameters
    ----------
    answer : Facts or BaseException
        What it said of itself, or how it failed to.
    here : Facts
        Of the machine that leads.
    """
    if isinstance(answer, Exception) and "No module named" in str(answer):
        return f"{answer}; start it in this program's folder and environment"
    if isinstance(answer, BaseException):
        return f"{type(answer).__name__}: {answer}"
    if answer.unseen:
        return (
            f"does not see {answer.unseen!r}; sounds and images must lie on a disk that all machines see, by one path"
        )
    differing = [
        f"{name} is {there} there and {here.versions.get(name)} here"
        for name, there in answer.versions.items()
        if there != here.versions.get(name)
    ]
    if differing:
        return "; ".join(differing)
    if answer.n_threads > 1:
        return f"has {answer.n_threads} threads; start it with --nthreads 1 (and --nworkers auto, to use all cores)"
    return ""


def draw(
    job: Job, front: Front, mark: Path, here: Facts, most_starts: int, limit_s: float
) -> list[dict[str, object]] | str | Refused | None:
    """Render one clip in a worker of the cluster.

    Parameters
    ----------
    job : Job
    front : Front
    mark : Path
        File that counts how often this clip was begun; removed when it is done.
    here : Facts
        Of the machine that leads; workers may join late.
    most_starts : int
    limit_s : float
        When it takes longer, the process ends itself, as nobody else can end what a decoder does.

    Returns
    -------
    list of dict, or str
        Rows, or the reason why there are none; see `generate.workers.processes.map_unordered`.
    Refused
        If this worker will not do.
    None
        If the clip was begun too often: it kills its workers.
    """
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    worker = get_worker()
    if why := _why_not(front, here, worker):
        return Refused(worker.address, why)
    with mark.open("ab") as file:
        file.write(b".")
    if mark.stat().st_size > most_starts:
        return None
    watchdog = threading.Timer(limit_s, _end)
    watchdog.start()
    try:
        with threadpool_limits(limits=1):
            outcome = try_job(render, job, front)
    finally:
        watchdog.cancel()
    mark.unlink(missing_ok=True)
    return outcome


def _end() -> None:
    """End this process, and the programs that it started, without a word."""
    end_programs()
    os._exit(1)


_good: set[tuple[str, str]] = set()
"""Fingerprints and image folders for which this process will do."""


def _why_not(front: Front, here: Facts, worker: Worker) -> str:
    """`faults` of this process; looked for once an image folder, if there are none."""
    key = (front.fingerprint, str(front.images))
    if key in _good:
        return ""
    keep_memory()
    known_variants.cache_clear()  # the file may have changed since it was read for another run
    why = faults(facts(front, str(front.images), dask_worker=worker), here)
    if not why:
        _good.add(key)
    return why


def _engine_version(engine: str) -> str:
    """Such as `librosa 0.11`; why there is none where the engine is not installed."""
    try:
        return augment_audio.ENGINES[engine].version()
    except (OSError, ImportError) as error:
        return str(error)


def _digits(*paths: Path) -> str:
    """Eight digits of the text of Python files and of those below folders."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            digest.update(file.relative_to(path).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:8]


def _loaded() -> dict[str, str]:
    """Versions of what this process draws with."""
    found = versions() | {"processor": platform.machine()}
    found["python"] = found["python"].rpartition(".")[0]
    found["this program"] = _digits(Path(augment_audio.__file__).parent, Path(__file__).parents[1])
    return found


LOADED = _loaded()
"""As they are when this file is imported: what is put in their place later is not what this process runs."""
