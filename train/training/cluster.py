"""Folds to the workers of a Dask cluster, one fold per worker at a time: `python -m train --cluster`."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.lock import locked
from generate.runtime.os_compat import quoted
from generate.runtime.wording import count
from generate.workers.dask_cluster import LOCAL, check_workers, cluster_results, connected
from generate.workers.dask_worker import MOST_STARTS, Facts, Refused, digest, faults, may_start, process_facts
from train.runs.history import EpochRow
from train.runs.run_folder import CONFIG, Run, read_run

# A worker imports this module before it has chosen its GPU, so what imports Keras is imported later.
if TYPE_CHECKING:
    from distributed import Client, Worker

    from train.training.prepare import Prepared
    from train.training.train_fold import TestedFold

STARTS = ".starts"
"""File in the folder of a fold: a byte for each time that it was started."""
PROGRAM = digest(*(Path(__file__).parents[2] / package for package in ("augment_audio", "generate", "train")))


@dataclass(frozen=True)
class Workers:
    """A cluster whose workers were checked.

    Parameters
    ----------
    client : distributed.Client
    look : callable
        `facts` for the run.
    """

    client: Client
    look: Callable[..., Facts]


@contextmanager
def connected_workers(address: str, run: Run) -> Iterator[Workers]:
    """Connect to a cluster whose workers see the folders of a run and have the same versions as this process.

    Parameters
    ----------
    address : str
        See `generate.workers.dask_cluster.check_address`.
    run : Run

    Raises
    ------
    ValueError
        If there is no scheduler or worker, or a worker differs.
    """
    shared = run.folder if run.folder.exists() else run.folder.parent
    shared.mkdir(parents=True, exist_ok=True)
    look = partial(facts, images=run.images.resolve(), weights=run.recipe.weights_file, devices=_devices(address))
    # Dask would stop a worker that takes more than its share of the memory.
    with connected(address, memory_limit=0) as client:
        token = shared.resolve() / f".{os.getpid()}.tmp"
        n = check_workers(client, look, look(str(shared)), token=token, results="train the same models")
        print(f"Training on {count(n, 'worker')} of the cluster at {client.scheduler.address} ...", flush=True)
        yield Workers(client, look)


def train_on_cluster(
    workers: Workers,
    prepared: Prepared,
    folds: Sequence[str],
    on_epoch: Callable[[str, EpochRow, int], None],
    *,
    with_logs: bool,
) -> Generator[TestedFold, None, None]:
    """Train and test folds on a cluster; a fold whose worker died resumes on another, from its checkpoint.

    Parameters
    ----------
    workers : Workers
    prepared : Prepared
        Its run is written.
    folds : sequence of str
    on_epoch : callable
        `on_epoch(fold, row, n_images)`, after each epoch, in a thread of its own.
    with_logs : bool
        Write logs for TensorBoard.

    Raises
    ------
    ValueError
        If a fold cannot be trained, or killed its workers.
    """
    run, client = prepared.run, workers.client
    folder = run.folder.resolve()
    topic = f"train {folder}"
    work = partial(
        train_on_worker,
        folder=folder,
        look=workers.look,
        here=workers.look(str(folder)),
        cache=prepared.cache,
        topic=topic,
        with_logs=with_logs,
    )
    lost = []
    for fold in folds:  # what a run that was killed had counted
        (run.fold_folder(fold) / STARTS).unlink(missing_ok=True)
    client.subscribe_topic(topic, lambda event: on_epoch(*event[1]))
    for fold, tested in cluster_results(work, deque(folds), client, jobs_per_worker=1):
        if tested is None:
            lost.append(fold)
        else:
            yield tested
    if lost:
        raise ValueError(
            f"The worker of fold {', '.join(lost)} died {MOST_STARTS} times, perhaps for lack of memory. What is done "
            f"is kept; resume with fewer workers: python -m train --resume {quoted(run.folder)}"
        )


def train_on_worker(
    fold: str, *, folder: Path, look: Callable[..., Facts], here: Facts, cache: str, topic: str, with_logs: bool
) -> TestedFold | Refused | None:
    """Train and test one fold in a worker of the cluster.

    Parameters
    ----------
    fold : str
    folder : Path
        Of the run.
    look : callable
        `facts` for the run.
    here : Facts
        Of the machine that hands out the folds; workers may join late.
    cache : {"auto", "memory", "disk"}
    topic : str
        Of the events that report each epoch.
    with_logs : bool

    Returns
    -------
    TestedFold
    Refused
        If this worker cannot be used.
    None
        If the fold was started too often: it kills its workers.
    """
    from distributed import get_worker

    worker = get_worker()
    task = worker.get_current_task()
    if why := faults(look(str(folder), dask_worker=worker), here):
        return Refused(worker.address, why)
    from train.training.train_fold import train_fold

    def on_epoch(row: EpochRow, n_images: int) -> None:
        worker.log_event(topic, (fold, row, n_images))
        state = worker.state.tasks.get(task)
        if state is None or state.state == "cancelled":
            raise RuntimeError("the process that handed out this fold has ended")

    fold_folder = read_run(folder).fold_folder(fold)
    with locked(fold_folder, wait=True):  # a worker that the scheduler lost may still be training the fold
        if not may_start(fold_folder / STARTS):
            return None
        prepared = _prepared(folder, (folder / CONFIG).read_text(encoding="utf-8"), cache)
        split = next(split for split in prepared.splits if split.name == fold)
        tested = train_fold(prepared, split, on_epoch=on_epoch, with_logs=with_logs)
        (fold_folder / STARTS).unlink()
    return tested


@lru_cache(maxsize=1)
def _prepared(folder: Path, config: str, cache: str) -> Prepared:
    """The images of a run, decoded once for all folds that a worker trains while `config.json` is the same."""
    from train.training.prepare import resume

    return resume(folder, cache=cache)


def facts(
    token: str,
    *,
    images: Path,
    weights: Path | None,
    devices: Sequence[str] = (),
    dask_worker: Worker | None = None,
) -> Facts:
    """Examine this process; in a worker of this machine, choose its GPU first.

    Parameters
    ----------
    token : str
        A file that is in a folder of the run and nowhere else, or such a folder.
    images : Path
        The image folder.
    weights : Path, optional
        File of the weights to begin with.
    devices : sequence of str
        GPUs of this machine, for its workers in turn; empty: what the worker was started with.
    dask_worker : distributed.Worker, optional
        Whose process this is; Dask's `Client.run` fills it in, by this name.
    """
    if devices and dask_worker is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[int(dask_worker.name) % len(devices)]
    from train import backend

    backend.set_up()
    from train.training.prepare import versions

    seen = {images: images, Path(token).parent: Path(token)} | ({weights: weights} if weights else {})
    return process_facts(versions() | {"this program": PROGRAM}, seen, dask_worker=dask_worker)


def _devices(address: str) -> tuple[str, ...]:
    """The GPUs of this machine, if the workers are on it too."""
    import keras

    n_gpus = len(keras.distribution.list_devices("gpu")) if address.startswith(LOCAL) else 0
    named = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return tuple(named.split(",")) if named and n_gpus else tuple(map(str, range(n_gpus)))
