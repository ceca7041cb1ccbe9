"""Clips to the workers of a Dask cluster: `python -m generate --cluster`."""

from __future__ import annotations

import os
import shutil
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import augment_audio
from augment_audio.engines.rubberband_program import end_programs
from generate.dataset.settings_file import SETTINGS
from generate.rendering.clip import Front, Job, known_variants, render
from generate.runtime.versions import versions
from generate.runtime.wording import count
from generate.workers import dask_cluster
from generate.workers.dask_cluster import check_address, connected
from generate.workers.dask_worker import Facts, Refused, digest, faults, may_start, process_facts
from generate.workers.pool import keep_memory
from generate.workers.processes import CLIP_LIMIT_S, KILLED_TWICE, QUEUED_A_WORKER, FaultyFiles, try_job

if TYPE_CHECKING:
    from distributed import Client, Worker

__all__ = ["check_address", "check_workers", "cluster_outcomes", "cluster_text", "connected"]

STARTED = ".started"
"""Folder in the image folder: a file for each clip that is in hand, and a byte in it for each time it was started."""
LOADED = versions() | {"this program": digest(Path(augment_audio.__file__).parent, Path(__file__).parents[1])}
"""As they are when this file is imported: a later installation changes nothing in this process."""
Rows = list[dict[str, object]]


def check_workers(client: Client, front: Front, *, engine_version: str) -> int:
    """Check that every worker renders the images that this machine would; see `dask_cluster.check_workers`.

    Parameters
    ----------
    client : distributed.Client
    front : Front
        Its image folder is there.
    engine_version : str
        Of this machine's engine.
    """
    return dask_cluster.check_workers(
        client,
        partial(facts, front),
        facts(front, str(front.images), engine_version=engine_version),
        token=front.images / f"{SETTINGS}.{os.getpid()}.tmp",  # a temporary file, known as such if it is left behind
        results="render the same images",
    )


def cluster_outcomes(
    jobs: Iterable[Job], front: Front, client: Client, *, engine_version: str
) -> Iterator[tuple[Job, Rows | str]]:
    """Render all clips on a cluster; gives what `generate.workers.processes.map_unordered` gives.

    How often a clip was started is counted in the image folder, so one that kills its worker twice is given up,
    whatever number of deaths the scheduler allows; a worker that hangs for `CLIP_LIMIT_S` ends itself.

    Parameters
    ----------
    jobs : iterable of Job
    front : Front
    client : distributed.Client
        Whose workers were checked.
    engine_version : str

    Yields
    ------
    job : Job
    outcome : list of dict, or str

    Raises
    ------
    OSError, ValueError
        If an image cannot be written, or the cluster is gone; see `dask_cluster.cluster_results`.
    """
    started = front.images / STARTED
    shutil.rmtree(started, ignore_errors=True)  # what a run that was killed had counted
    started.mkdir()
    here = facts(front, str(front.images), engine_version=engine_version)
    work = partial(render_on_worker, front=front, started=started, here=here, limit_s=CLIP_LIMIT_S)
    queue, faulty = deque(jobs), FaultyFiles()
    try:
        for job, outcome in dask_cluster.cluster_results(work, queue, client, jobs_per_worker=QUEUED_A_WORKER):
            yield from faulty.with_the_rest(job, KILLED_TWICE if outcome is None else outcome, queue)
    finally:
        shutil.rmtree(started, ignore_errors=True)


def cluster_text(client: Client, n_workers: int) -> str:
    """Who renders, in a line."""
    return f"Rendering on {count(n_workers, 'worker')} of the cluster at {client.scheduler.address} ..."


def facts(front: Front, token: str, *, engine_version: str = "", dask_worker: Worker | None = None) -> Facts:
    """Examine this process.

    Parameters
    ----------
    front : Front
    token : str
        A file that is in the image folder and nowhere else, or that folder.
    engine_version : str
        Where it is known; else it is found.
    dask_worker : distributed.Worker, optional
        Whose process this is; Dask's `Client.run` fills it in, by this name.

    Raises
    ------
    OSError
        If the disk does not answer, or the variants file is not there.
    """
    own = front.settings.variants_file
    return process_facts(
        LOADED | {"engine": engine_version or _engine_version(front.settings.engine)},
        {front.audio_folder: front.audio_folder, front.images: Path(token)}
        | {Path(folder): Path(folder) for folder in front.backgrounds},
        files={"variants file": Path(own)} if own else {},
        dask_worker=dask_worker,
    )


def render_on_worker(
    job: Job, *, front: Front, started: Path, here: Facts, limit_s: float
) -> Rows | str | Refused | None:
    """Render one clip in a worker of the cluster.

    Parameters
    ----------
    job : Job
    front : Front
    started : Path
        Folder that counts how often each clip was started.
    here : Facts
        Of the machine that hands out the clips; workers may join late.
    limit_s : float
        When it takes longer, the process ends itself, since nothing else can stop a decoder.

    Returns
    -------
    list of dict, or str
        Rows, or the reason why there are none; see `generate.workers.processes.map_unordered`.
    Refused
        If this worker cannot be used.
    None
        If the clip was started too often: it kills its workers.
    """
    from distributed import get_worker
    from threadpoolctl import threadpool_limits

    worker = get_worker()
    if why := _why_not(front, here, worker):
        return Refused(worker.address, why)
    mark = started / job.clip_id
    if not may_start(mark):
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


_checked: set[tuple[str, str]] = set()
"""Fingerprints and image folders for which this process can be used."""


def _why_not(front: Front, here: Facts, worker: Worker) -> str:
    """`faults` of this process; looked for once an image folder, if there are none."""
    key = (front.fingerprint, str(front.images))
    if key in _checked:
        return ""
    keep_memory()
    known_variants.cache_clear()  # the file may have changed since it was read for another run
    why = faults(facts(front, str(front.images), dask_worker=worker), here)
    if not why:
        _checked.add(key)
    return why


def _engine_version(engine: str) -> str:
    """Such as `librosa 0.11.0`; why there is none where the engine is not installed."""
    try:
        return augment_audio.ENGINES[engine].version()
    except (OSError, ImportError) as error:
        return str(error)
