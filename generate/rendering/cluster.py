"""Clips to the workers of a Dask cluster, on this machine or on many: `python -m generate --cluster`."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING

from generate.dataset.settings_file import SETTINGS
from generate.rendering.clip import Front, Job
from generate.rendering.cluster_worker import Refused, draw, facts, faults, is_here
from generate.runtime.wording import count
from generate.workers.fork_server import ONE_THREAD
from generate.workers.processes import CLIP_LIMIT_S, KILLED_TWICE, QUEUED_A_WORKER, FaultyFiles

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local:"
HOW_TO_INSTALL = "pip install -r requirements-cluster.txt (here, and in the environment of every worker)"
STARTED = ".started"
"""Folder in the image folder: a file a clip that is in hand, and a byte in it each time that it was begun."""
MOST_STARTS = 2
JOIN_LIMIT_S = 60.0
"""For the first worker to be there."""
ANSWER_LIMIT_S = 20.0
"""For the scheduler to answer."""
LOOK_EVERY_S = 2.0
"""How many workers there are."""


def check_address(address: str) -> None:
    """Check that an address can be one, and that Dask is there.

    Parameters
    ----------
    address : str
        Of a scheduler, such as `tcp://scheduler:8786`; or `local:4`, four workers of our own.

    Raises
    ------
    ValueError
    """
    number = address.removeprefix(LOCAL)
    if address.startswith(LOCAL):
        if not number.isdecimal() or not int(number):
            raise ValueError(f"--cluster is {address!r}; write local:N with a number of workers, such as local:4.")
    elif "://" not in address:
        raise ValueError(
            f"--cluster is {address!r}; write the address that `dask scheduler` prints, such as "
            "tcp://192.168.0.5:8786, or local:4."
        )
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(f"--cluster {address} needs Dask, which is not installed: {HOW_TO_INSTALL}.") from None


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Connect to a cluster, or start one on this machine, and leave it (or end it) in the end.

    Parameters
    ----------
    address : str
        See `check_address`.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ValueError
        If there is no scheduler, or no worker.
    """
    import dask
    from distributed import Client, LocalCluster

    # What Dask has to say of workers that come and go, we say ourselves.
    options = {"distributed.comm.timeouts.connect": f"{ANSWER_LIMIT_S:g}s", "logging.distributed": "critical"}
    with dask.config.set(options):
        if address.startswith(LOCAL):
            for variable in ONE_THREAD:
                os.environ[variable] = "1"
            n_workers = int(address.removeprefix(LOCAL))
            with (
                LocalCluster(
                    n_workers=n_workers, threads_per_worker=1, dashboard_address=None, silence_logs="CRITICAL"
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(address, timeout=ANSWER_LIMIT_S)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"No Dask scheduler answers at {address} ({error}). Start one with `python -m dask scheduler`, and "
                "give the address that it prints."
            ) from None
        with client:
            yield client


def check_workers(client: Client, front: Front, *, engine_version: str) -> int:
    """Check that every worker will draw the images that this machine would: same program, same versions, same folders.

    Parameters
    ----------
    client : distributed.Client
    front : Front
        Its image folder is there.
    engine_version : str
        Of this machine's engine.

    Returns
    -------
    int
        How many workers there are.

    Raises
    ------
    ValueError
        Naming each worker that will not do, and why; or if there is none.
    """
    address = client.scheduler.address
    _wait_for_workers(client)
    try:
        client.run_on_scheduler(is_here)  # it reads what it hands on
    except Exception as error:  # whatever Dask makes of an import that fails there
        raise ValueError(
            f"The scheduler at {address} cannot read this program's clips ({error}). Start it, too, in this program's "
            "folder and environment: python -m dask scheduler"
        ) from None
    token = front.images / f"{SETTINGS}.{os.getpid()}.tmp"  # a temporary file, known as such if it is left behind
    token.write_text(front.fingerprint)
    try:
        answers = client.run(facts, front, str(token), on_error="return")
    finally:
        token.unlink()
    here = facts(front, str(front.images), engine_version=engine_version)
    wrong = {worker: faults(answer, here) for worker, answer in sorted(answers.items())}
    named = [f"  {worker}: {why}" for worker, why in wrong.items() if why]
    if named:
        raise ValueError(
            f"{len(named)} of {count(len(answers), 'worker')} would not draw the same images as this machine:\n"
            + "\n".join(named)
        )
    return len(answers)


def cluster_outcomes(
    jobs: Iterable[Job], front: Front, client: Client, *, engine_version: str
) -> Iterator[tuple[Job, list[dict[str, object]] | str]]:
    """Render all clips on a cluster; gives what `generate.workers.processes.map_unordered` gives.

    Dask gives the clips of a worker that died to others, and takes in workers that come later. How often a clip was
    begun stands in the image folder, so one that kills its worker twice is given up, whatever number of deaths the
    scheduler allows; a worker that hangs over a clip for `CLIP_LIMIT_S` ends itself.

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
    OSError
        If an image cannot be written, the scheduler is gone, or none of its workers will do.
    ValueError
        If all workers are gone.
    """
    from distributed import KilledWorker

    started = front.images / STARTED
    shutil.rmtree(started, ignore_errors=True)  # what a run that was killed had counted
    started.mkdir()
    here = facts(front, str(front.images), engine_version=engine_version)
    queue, in_flight, refused = deque(jobs), {}, set()
    executor = client.get_executor(pure=False)
    n_workers, looked = 0, -LOOK_EVERY_S
    faulty = FaultyFiles()
    try:
        while queue or in_flight:
            if time.monotonic() - looked > LOOK_EVERY_S:
                n_workers, looked = max(1, len(client.nthreads())), time.monotonic()
            while queue and len(in_flight) < n_workers * QUEUED_A_WORKER:
                job = queue.popleft()
                mark = started / job.clip_id
                in_flight[executor.submit(draw, job, front, mark, here, MOST_STARTS, CLIP_LIMIT_S)] = job
            finished, _ = wait(in_flight, timeout=JOIN_LIMIT_S, return_when=FIRST_COMPLETED)
            if not finished:  # a clip may take long, but somebody must be at work
                _wait_for_workers(client)
            for future in finished:
                job = in_flight.pop(future)
                try:
                    outcome = _result(future, client)
                except KilledWorker:  # perhaps by its neighbours; how often it was begun itself is known
                    queue.append(job)
                    continue
                if isinstance(outcome, Refused):
                    _send_away(client, outcome, refused)
                    queue.append(job)
                else:
                    yield from faulty.with_the_rest(job, KILLED_TWICE if outcome is None else outcome, queue)
    finally:
        executor.shutdown(wait=False)
        shutil.rmtree(started, ignore_errors=True)


def _result(future: Future, client: Client) -> list[dict[str, object]] | str | Refused | None:
    """What a worker gave; an error that says so where the cluster is gone."""
    try:
        return future.result()
    except CancelledError:
        raise OSError(f"the scheduler at {client.scheduler.address} does not answer any more") from None


def _wait_for_workers(client: Client) -> None:
    """Check that there is a worker, or that one joins soon.

    Raises
    ------
    ValueError
        If none does.
    """
    address = client.scheduler.address
    try:
        client.wait_for_workers(1, timeout=JOIN_LIMIT_S)
    except TimeoutError:
        raise ValueError(
            f"The cluster at {address} has no workers. Start some, in this program's folder and environment: "
            f"python -m dask worker {address} --nworkers auto --nthreads 1"
        ) from None


def _send_away(client: Client, worker: Refused, refused: set[str]) -> None:
    """Give no more clips to a worker that joined late and is not like the others."""
    if worker.address not in refused:
        print(f"\nThe worker {worker.address} is sent away: {worker.why}", file=sys.stderr)
        refused.add(worker.address)
        client.retire_workers([worker.address])
    if refused.issuperset(client.nthreads()):
        raise OSError(f"no worker at {client.scheduler.address} will do")


def cluster_text(client: Client, n_workers: int) -> str:
    """Who renders, in a line."""
    return f"Rendering on {count(n_workers, 'worker')} of the cluster at {client.scheduler.address} ..."
