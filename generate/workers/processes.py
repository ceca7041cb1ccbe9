"""Map a function over clips in worker processes; a crash or a hang costs only the clip that caused it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol, TypeVar

from generate.audio import BadAudio, BadFile, FileReason
from generate.workers.pool import end, first_finished, kill, local_executor

QUEUED_A_WORKER = 3
"""Clips submitted ahead for each worker: none waits, and few are tried again when one dies."""
CLIP_LIMIT_S = 600.0
"""Without a finished clip for so long, the workers are killed and their clips are tried again one at a time."""
PART_LIMIT_S = 60.0
"""The same for a part of a file (a header, a window)."""
KILLED_TWICE = FileReason(
    "its worker process died or hung, twice (a crash in a decoder, not enough memory, an endless loop)"
)
Part = tuple[Any, ...]  # begins with what it is a part of, such as the path of a file
Result = TypeVar("Result")
Front = TypeVar("Front")


class Clip(Protocol):
    """A job of `map_unordered`: which clip it is, and where it begins in which file."""

    @property
    def clip_id(self) -> str:
        """Its name."""

    @property
    def path(self) -> str:
        """Its file, relative to the audio folder."""

    @property
    def start_s(self) -> float:
        """Where it begins in the file."""


Job = TypeVar("Job", bound=Clip)


def try_job(work: Callable[..., Result], *arguments: object) -> Result | str:
    """Call `work`; where its audio cannot be used, return the reason instead.

    Parameters
    ----------
    work : callable
        Raises `BadAudio` with the reason.
    arguments
        Its arguments.

    Returns
    -------
    The result of `work`, or str
        The reason.
    """
    try:
        return work(*arguments)
    except BadFile as error:
        return FileReason(error)
    except BadAudio as error:
        return str(error)
    except MemoryError:
        return "not enough memory for it; run with fewer --workers, or cut it into shorter files"


def map_unordered(
    work: Callable[[Job, Front], Result], jobs: Iterable[Job], front: Front, *, workers: int, temporary_folder: Path
) -> Generator[tuple[Job, Result | str], None, None]:
    """Call `work` for all clips, and yield each with its result or the reason, as they finish.

    When a worker dies, or no clip is finished for `CLIP_LIMIT_S`, the submitted clips are tried again one at a time; a
    clip with which that happens again is rejected.

    Parameters
    ----------
    work : callable
        `work(job, front) -> result`, a module-level function that raises `BadAudio` with the reason. Its result is
        not a str.
    jobs : iterable of Clip
    front
        The same for all of them.
    workers : int
        Processes, at most.
    temporary_folder : Path
        Of the workers.

    Yields
    ------
    job : Clip
    outcome : the result of `work`, or str
        The reason why the clip is rejected; a `FileReason` rejects all later clips of the file too, which are not
        tried unless they were submitted already.

    Raises
    ------
    OSError
        If an image cannot be written: the disk is full, or the folder is not writable.
    """
    queue: deque[Job] = deque(jobs)
    suspects: deque[Job] = deque()
    tried_before: set[str] = set()
    faulty = FaultyFiles()
    while queue or suspects:
        executor = local_executor(min(workers, len(queue) + len(suspects)), temporary_folder)
        in_flight: dict[Future, Job] = {}
        try:
            while queue or suspects or in_flight:
                alone = suspects or any(job.clip_id in tried_before for job in in_flight.values())
                source, room = (suspects or queue), (1 if alone else workers * QUEUED_A_WORKER)
                while source and len(in_flight) < room:
                    in_flight[executor.submit(try_job, work, source[0], front)] = source[0]
                    source.popleft()
                finished = first_finished(in_flight, limit_s=CLIP_LIMIT_S)
                if not finished:
                    kill(executor)
                for future in finished:
                    outcome = future.result()
                    yield from faulty.with_the_rest(in_flight.pop(future), outcome, queue)
        except BrokenProcessPool:
            if len(in_flight) == 1 and tried_before.issuperset(job.clip_id for job in in_flight.values()):
                yield from faulty.with_the_rest(in_flight.popitem()[1], KILLED_TWICE, queue)
            suspects.extend(in_flight.values())
            tried_before.update(job.clip_id for job in in_flight.values())
        finally:
            end(executor, in_flight)


class FaultyFiles:
    """Files whose remaining clips cannot be read."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def with_the_rest(self, job: Job, outcome: Result | str, queue: deque[Job]) -> Iterator[tuple[Job, Result | str]]:
        """Yield a clip with its outcome, and the queued clips behind it in the same file, which leave the queue.

        Parameters
        ----------
        job : Clip
        outcome
            The result, or the reason.
        queue : collections.deque of Clip
        """
        yield job, outcome
        if not isinstance(outcome, FileReason) or job.path in self._known:
            return
        self._known.add(job.path)
        rest = [other for other in queue if other.path == job.path and other.start_s > job.start_s]
        if rest:
            left = [other for other in queue if other.path != job.path or other.start_s <= job.start_s]
            queue.clear()
            queue.extend(left)
        yield from ((other, outcome) for other in rest)


def map_ordered(
    work: Callable[..., Result], parts: Iterable[Part], *, workers: int, temporary_folder: Path
) -> Generator[tuple[Part, Result | str], None, None]:
    """Call `work` for parts of files, and yield each with its result or the reason, in order and only a few ahead.

    When a worker dies, or the next part takes longer than `PART_LIMIT_S`, that part is tried again alone. If it happens
    again, or `work` raises, the file is rejected with the reason, and its further parts are skipped.

    Parameters
    ----------
    work : callable
        `work(*part) -> result`, a module-level function (or a partial of one) that raises `BadAudio` with the reason.
        Its result is not a str.
    parts : iterable of tuple
        The first element of each is the file; they are iterated lazily.
    workers : int
        Processes, at most.
    temporary_folder : Path
        Of the workers.

    Yields
    ------
    part : tuple
    outcome : the result of `work`, or str
        The reason why the file is rejected.
    """
    parts = iter(parts)
    submitted: deque[Part] = deque()
    rejected: set[object] = set()
    is_alone = False
    while True:
        executor = local_executor(workers, temporary_folder)
        futures: list[Future] = []  # of the first submitted parts
        reason = ""
        try:
            while True:
                room = 1 if is_alone else workers * QUEUED_A_WORKER
                submitted.extend(itertools.islice(parts, max(0, room - len(submitted))))
                while len(futures) < min(room, len(submitted)):
                    futures.append(executor.submit(try_job, work, *submitted[len(futures)]))
                if not submitted:
                    return
                if not first_finished(futures[:1], limit_s=PART_LIMIT_S):
                    raise TimeoutError
                outcome = futures[0].result()
                futures.pop(0)
                part, is_alone = submitted.popleft(), False
                if part[0] not in rejected:
                    if isinstance(outcome, str):
                        rejected.add(part[0])
                    yield part, outcome
        except (BrokenProcessPool, TimeoutError):
            reason = KILLED_TWICE if is_alone else ""
        finally:
            # Their remaining work is not needed.
            kill(executor)
            executor.shutdown(wait=True, cancel_futures=True)
        if reason:
            rejected.add(submitted[0][0])
            yield submitted.popleft(), reason
        is_alone = not reason
        submitted = deque(part for part in submitted if part[0] not in rejected)
