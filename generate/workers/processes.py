"""Clips to processes: as many at once as there are cores, and none that dies takes others with it."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Protocol, TypeVar

from generate.audio import BadAudio, BadFile, FileReason
from generate.workers.pool import end, first_finished, kill, local_executor

QUEUED_A_WORKER = 3
"""Clips handed over before they are needed, so that no worker waits, and few are in doubt when one dies."""
CLIP_LIMIT_S = 600.0
"""If no clip is finished for so long, the workers are stopped and their clips tried again one at a time."""
PART_LIMIT_S = 60.0
"""If a part of a file (a header, a window) is not read after so long, the same is done."""
KILLED_TWICE = FileReason(
    "its worker process died or hung, twice (a crash in a decoder, not enough memory, an endless loop)"
)
Part = tuple  # begins with what it is a part of, such as the Path of a file
Result = TypeVar("Result")
Front = TypeVar("Front")


class Clip(Protocol):
    """What `map_unordered` must know of a job: which clip it is, and of which part of which file."""

    clip_id: str
    path: str
    start_s: float


Job = TypeVar("Job", bound=Clip)


def try_job(work: Callable[..., Result], *arguments: object) -> Result | str:
    """Do the work on one clip or a part of one; where that cannot be done, give the reason instead.

    Parameters
    ----------
    work : callable
        Raises `BadSound` with the reason.
    arguments
        Of the work.

    Returns
    -------
    What the work gave, or str
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
) -> Iterator[tuple[Job, Result | str]]:
    """Do a work on all clips, and give each with its result or its reason as it is done, in no order.

    When a worker dies, or none finishes a clip for `CLIP_LIMIT_S`, the clips that were handed over are tried again one
    at a time; the one that is alone with its worker when that happens again is given up with a reason.

    Parameters
    ----------
    work : callable
        `work(job, front) -> result`, a function of a module; raises `BadSound` with the reason where there is none.
        Its result is no text.
    jobs : iterable of Clip
    front
        What is the same for all of them.
    workers : int
        Processes, at most.
    temporary_folder : Path
        Of the workers.

    Yields
    ------
    job : Clip
    outcome : what `work` gave, or str
        The reason why the clip was given up; where its
        file is at fault a `FileReason`: later clips of that file are given up with it, and not tried but for those
        that are in hand.

    Raises
    ------
    OSError
        If an image cannot be written: the disk is full, or the folder may not be written to.
    """
    queue, suspects = deque(jobs), deque()
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
    """Files of which a clip showed that the rest cannot be read: it need not be tried."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def with_the_rest(self, job: Job, outcome: Result | str, queue: deque[Job]) -> Iterator[tuple[Job, Result | str]]:
        """Give a clip with its outcome, and those that wait behind it in the same file, which leave the queue.

        Parameters
        ----------
        job : Clip
        outcome
            What the work gave, or the reason.
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
) -> Iterator[tuple[Part, Result | str]]:
    """Do a work on parts of files, and give each part with what came of it, in order and only a few ahead.

    When a worker dies, or the part that is waited for takes more than `PART_LIMIT_S`, that part is tried again alone.
    If it happens again, the file is given up with a reason, and so it is where `work` raises one. Further parts of a
    file that was given up are skipped.

    Parameters
    ----------
    work : callable
        `work(*part) -> result`, a function of a module (or a partial of one); raises `BadSound` with the reason where
        there is none. Its result is no text.
    parts : iterable of tuple
        The first of each is the file; they are taken as they are needed.
    workers : int
        Processes, at most.
    temporary_folder : Path
        Of the workers.

    Yields
    ------
    part : tuple
    outcome : what `work` gave, or str
        The reason why the file was given up.
    """
    parts, in_hand, given_up = iter(parts), deque(), set()
    is_alone = False
    while True:
        executor = local_executor(workers, temporary_folder)
        futures: list[Future] = []  # of the first of those in hand
        reason = ""
        try:
            while True:
                room = 1 if is_alone else workers * QUEUED_A_WORKER
                in_hand.extend(itertools.islice(parts, max(0, room - len(in_hand))))
                while len(futures) < min(room, len(in_hand)):
                    futures.append(executor.submit(try_job, work, *in_hand[len(futures)]))
                if not in_hand:
                    return
                if not first_finished(futures[:1], limit_s=PART_LIMIT_S):
                    raise TimeoutError
                outcome = futures[0].result()
                futures.pop(0)
                part, is_alone = in_hand.popleft(), False
                if part[0] not in given_up:
                    if isinstance(outcome, str):
                        given_up.add(part[0])
                    yield part, outcome
        except (BrokenProcessPool, TimeoutError):
            reason = KILLED_TWICE if is_alone else ""
        finally:
            # Nothing that they have in hand is wanted any more.
            kill(executor)
            executor.shutdown(wait=True, cancel_futures=True)
        if reason:
            given_up.add(in_hand[0][0])
            yield in_hand.popleft(), reason
        is_alone = not reason
        in_hand = deque(part for part in in_hand if part[0] not in given_up)
