"""Jobs to the workers of a Dask cluster, on this machine or on many: `--cluster` of `generate` and of `train`."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generate.runtime.wording import count
from generate.workers.dask_worker import Facts, Refused, faults, is_here
from generate.workers.fork_server import ONE_THREAD

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local:"
HOW_TO_INSTALL = "pip install -r requirements-cluster.txt (here, and in the environment of every worker)"
JOIN_LIMIT_S = 60.0
"""For the first worker to be there."""
ANSWER_LIMIT_S = 20.0
"""For the scheduler to answer."""
LOOK_EVERY_S = 2.0
"""How many workers there are."""
Job = TypeVar("Job")
Result = TypeVar("Result")


def check_address(address: str) -> None:
    """Check that an address can be one, and that Dask is installed.

    Parameters
    ----------
    address : str
        Of a scheduler, such as `tcp://scheduler:8786`; or `local:4`, four workers on this machine.

    Raises
    ------
    ValueError
    """
    number = address.removeprefix(LOCAL)
    if address.startswith(LOCAL):
        if not number.isdecimal() or not int(number):
            raise ValueError(f"--cluster must be local:N with a number of workers, such as local:4. Got {address!r}.")
    elif "://" not in address:
        raise ValueError(
            f"--cluster must be the address that `dask scheduler` prints, such as tcp://192.168.0.5:8786, or local:4. "
            f"Got {address!r}."
        )
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError:
        raise ValueError(f"--cluster {address} needs Dask, which is not installed: {HOW_TO_INSTALL}.") from None


@contextmanager
def connected(address: str, **local_options: object) -> Iterator[Client]:
    """Connect to a cluster, or start one on this machine, and leave it (or end it) in the end.

    Parameters
    ----------
    address : str
        See `check_address`.
    **local_options
        Of `distributed.LocalCluster`, where one is started.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ValueError
        If there is no scheduler.
    """
    import dask
    from distributed import Client, LocalCluster

    # Workers that come and go are reported here, not by Dask or by what it is built on.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
    options = {"distributed.comm.timeouts.connect": f"{ANSWER_LIMIT_S:g}s", "logging.distributed": "critical"}
    with dask.config.set(options):
        if address.startswith(LOCAL):
            for variable in ONE_THREAD:
                os.environ[variable] = "1"
            n_workers = int(address.removeprefix(LOCAL))
            with (
                LocalCluster(
                    n_workers=n_workers,
                    threads_per_worker=1,
                    dashboard_address=None,
                    silence_logs="CRITICAL",
                    preload="generate.workers.dask_worker",
                    **local_options,
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


def check_workers(client: Client, facts: Callable[..., Facts], here: Facts, *, token: Path, results: str) -> int:
    """Check that every worker gives the results of this machine: same program, same versions, same folders.

    Parameters
    ----------
    client : distributed.Client
    facts : callable
        `facts(token, dask_worker=None)`, called in each worker.
    here : Facts
        Of this process.
    token : Path
        A temporary file that is made for this, in a folder that all must see.
    results : str
        What they would differ in, such as `render the same images`.

    Returns
    -------
    int
        How many workers there are.

    Raises
    ------
    ValueError
        Naming each worker that cannot be used, and why; or if there is none.
    """
    address = client.scheduler.address
    _wait_for_workers(client)
    try:
        client.run_on_scheduler(is_here)  # it unpickles the jobs
    except Exception as error:  # whatever Dask makes of an import that fails there
        raise ValueError(
            f"The scheduler at {address} cannot read this program's jobs ({error}). Start it, too, in this program's "
            "folder and environment: python -m dask scheduler"
        ) from None
    token.touch()
    try:
        answers = client.run(facts, str(token), on_error="return")
    finally:
        token.unlink()
    wrong = {worker: faults(answer, here) for worker, answer in sorted(answers.items())}
    named = [f"  {worker}: {why}" for worker, why in wrong.items() if why]
    if named:
        raise ValueError(
            f"{len(named)} of {count(len(answers), 'worker')} would not {results} as this machine:\n" + "\n".join(named)
        )
    return len(answers)


def cluster_results(
    work: Callable[[Job], Result | Refused], queue: deque[Job], client: Client, *, jobs_per_worker: int
) -> Iterator[tuple[Job, Result]]:
    """Do all jobs on a cluster, and give each with its result as it is done, in no order.

    Dask gives the jobs of a worker that died to others, and takes in workers that join later.

    Parameters
    ----------
    work : callable
        Pickled; see `generate.workers.dask_worker.may_start` for jobs that kill their workers.
    queue : collections.deque
        The jobs; whoever iterates may take some out or add some.
    client : distributed.Client
        Whose workers were checked.
    jobs_per_worker : int
        Handed out at once.

    Yields
    ------
    job, result

    Raises
    ------
    OSError
        If the scheduler is gone, or none of its workers can be used.
    ValueError
        If all workers are gone.
    """
    from distributed import KilledWorker

    in_flight: dict[Future[Result | Refused], Job] = {}
    refused: set[str] = set()
    executor = client.get_executor(pure=False)
    n_workers, looked = 0, -LOOK_EVERY_S
    idle_since = time.monotonic()
    try:
        while queue or in_flight:
            if time.monotonic() - looked > LOOK_EVERY_S:
                n_workers, looked = max(1, len(client.nthreads())), time.monotonic()
            while queue and len(in_flight) < n_workers * jobs_per_worker:
                job = queue.popleft()
                in_flight[executor.submit(work, job)] = job
            finished, _ = wait(in_flight, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
            if finished:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > JOIN_LIMIT_S:  # a job may take long, but there must be a worker
                _wait_for_workers(client)
            for future in finished:
                job = in_flight.pop(future)
                try:
                    result = future.result()
                except CancelledError:
                    raise OSError(f"the scheduler at {client.scheduler.address} does not answer any more") from None
                except KilledWorker:  # perhaps by other jobs; how often it was started is counted for each
                    queue.append(job)
                    continue
                if isinstance(result, Refused):
                    _retire(client, result, refused)
                    queue.append(job)
                else:
                    yield job, result
    finally:
        executor.shutdown(wait=False)


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
            f"python -m dask worker {address} --nworkers -1 --nthreads 1"
        ) from None


def _retire(client: Client, worker: Refused, refused: set[str]) -> None:
    """Give no more jobs to a worker that joined late and differs from the others."""
    if worker.address not in refused:
        print(f"\nThe worker {worker.address} is not used: {worker.why}", file=sys.stderr)
        refused.add(worker.address)
        client.retire_workers([worker.address])
    if refused.issuperset(client.nthreads()):
        raise OSError(f"no worker at {client.scheduler.address} can be used")
