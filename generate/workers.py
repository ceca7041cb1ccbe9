"""Clips to processes: as many at once as there are cores, and none that dies takes others with it."""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for_pipe
from pathlib import Path
from typing import TypeVar

from augment_audio.rubberband_program import end_programs
from generate import fork_server
from generate.audio import BadFile, BadSound, FileReason
from generate.memory_limit import limit_memory
from generate.render import Front, Job, render

QUEUED_A_WORKER = 3
"""Clips handed over before they are needed, so that no worker waits, and few are in doubt when one dies."""
MALLOC = {-3: 1 << 27, -1: 1 << 28, -2: 1 << 25}
"""M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD, in bytes."""
CLIP_LIMIT_S = 600.0
"""If no clip is finished for so long, the workers are stopped and their clips tried again one at a time."""
PART_LIMIT_S = 60.0
"""If a part of a file (a header, a window) is not read after so long, the same is done."""
SLICE_S = 0.5
"""Windows hears Ctrl-C between two waits alone, so none is longer."""
KILLED_TWICE = FileReason(
    "its worker process died or hung, twice (a crash in a decoder, not enough memory, an endless loop)"
)
MOST_WORKERS_ON_WINDOWS = 61
TEMPORARY_FOLDERS = ("generate-", "train-", "pymp-")
"""What those are called that this program, and multiprocessing for it, makes for the time of a run."""
Work = Callable[[Job, Front], list[dict[str, object]]]
Outcome = list[dict[str, object]] | str
Part = tuple  # begins with what it is a part of, such as the Path of a file
Result = TypeVar("Result")


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def local_executor(workers: int, temporary_folder: Path) -> Executor:
    """Processes of this machine, one thread each.

    Parameters
    ----------
    workers : int
    temporary_folder : Path
        Where workers, and the programs that they start, put temporary files.
    """
    fork_server.check_main_guard()
    fork_server.start()
    context = multiprocessing.get_context("forkserver" if fork_server.is_possible() else "spawn")
    if os.name == "nt":
        workers = min(workers, MOST_WORKERS_ON_WINDOWS)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(str(temporary_folder),))


def _begin(temporary_folder: str) -> None:
    """Prepare a worker: Ctrl-C is the main process's business, and without that process there is none here."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = temporary_folder
    keep_memory()
    limit_memory()
    parent = multiprocessing.parent_process()

    def end_with_parent() -> None:
        wait_for_pipe([parent.sentinel])
        end_programs()
        for folder in (temporary_folder, multiprocessing.current_process()._config.get("tempdir", "")):
            if os.path.basename(folder).startswith(TEMPORARY_FOLDERS):
                shutil.rmtree(folder, ignore_errors=True)  # as the process would have done, had it not been killed
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def keep_memory() -> None:
    """Let the process keep what it frees, where the C library is glibc.

    Else each array of megabytes is given back to the system, which clears the next one page by page: a tenth of the
    time of a clip. See mallopt(3).
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(library, "mallopt"):
        for parameter, n_bytes in MALLOC.items():
            library.mallopt(parameter, n_bytes)


def or_reason(work: Callable[..., Result], *arguments: object) -> Result | str:
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
    except BadSound as error:
        return str(error)
    except MemoryError:
        return "not enough memory for it; run with fewer --workers, or cut it into shorter files"


def outcomes(
    jobs: Iterable[Job], front: Front, *, workers: int, temporary_folder: Path, work: Work = render
) -> Iterator[tuple[Job, list[dict[str, object]] | str]]:
    """Do a work on all clips, and give each with its rows or its reason as it is done, in no order.

    When a worker dies, or none finishes a clip for `CLIP_LIMIT_S`, the clips that were handed over are tried again one
    at a time; the one that is alone with its worker when that happens again is given up with a reason.

    Parameters
    ----------
    jobs : iterable of Job
    front : Front
    workers : int
        Processes, at most.
    temporary_folder : Path
        Of the workers.
    work : callable
        `work(job, front) -> rows`, a function of a module; raises `BadSound` with the reason where there is none.

    Yields
    ------
    job : Job
    outcome : list of dict, or str
        What `work` gave (from `render`: rows of `metadata.csv`), or the reason why the clip was given up; where its
        file is at fault a `FileReason`: later clips of that file are given up with it, and not tried but for those
        that are in hand.

    Raises
    ------
    OSError
        If a picture cannot be written: the disk is full, or the folder may not be written to.
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
                    in_flight[executor.submit(or_reason, work, source[0], front)] = source[0]
                    source.popleft()
                finished = _first_finished(in_flight, limit_s=CLIP_LIMIT_S)
                if not finished:
                    _kill(executor)
                for future in finished:
                    outcome = future.result()
                    yield from faulty.with_the_rest(in_flight.pop(future), outcome, queue)
        except BrokenProcessPool:
            if len(in_flight) == 1 and tried_before.issuperset(job.clip_id for job in in_flight.values()):
                yield from faulty.with_the_rest(in_flight.popitem()[1], KILLED_TWICE, queue)
            suspects.extend(in_flight.values())
            tried_before.update(job.clip_id for job in in_flight.values())
        finally:
            _end(executor, in_flight)


class FaultyFiles:
    """Files of which a clip showed that the rest cannot be read: it need not be tried."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def with_the_rest(self, job: Job, outcome: Outcome, queue: deque[Job]) -> Iterator[tuple[Job, Outcome]]:
        """Give a clip with its outcome, and those that wait behind it in the same file, which leave the queue.

        Parameters
        ----------
        job : Job
        outcome : list of dict, or str
        queue : collections.deque of Job
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


def in_order(
    work: Callable[..., Result], parts: Iterable[Part], *, workers: int, temporary_folder: Path
) -> Iterator[tuple[Part, Result | str]]:
    """Do a work on parts of files, and give each part with what came of it, in order and only a few ahead.

    When a worker dies, or the part that is waited for takes more than `PART_LIMIT_S`, that part is tried again alone.
    If it happens again, the file is given up with a reason, and so it is where `work` raises one. Further parts of a
    file that was given up are passed over.

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
                    futures.append(executor.submit(or_reason, work, *in_hand[len(futures)]))
                if not in_hand:
                    return
                if not _first_finished(futures[:1], limit_s=PART_LIMIT_S):
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
            _kill(executor)
            executor.shutdown(wait=True, cancel_futures=True)
        if reason:
            given_up.add(in_hand[0][0])
            yield in_hand.popleft(), reason
        is_alone = not reason
        in_hand = deque(part for part in in_hand if part[0] not in given_up)


def _first_finished(futures: Collection[Future], *, limit_s: float) -> set[Future]:
    """Those that are done, as soon as one is; none after the limit."""
    end = time.monotonic() + limit_s
    while True:
        slice_s = min(SLICE_S, max(0.0, end - time.monotonic()))
        finished, _ = wait(futures, timeout=slice_s, return_when=FIRST_COMPLETED)
        if finished or time.monotonic() >= end:
            return finished


def _end(executor: Executor, futures: Collection[Future]) -> None:
    """Let the clips in hand be finished; a second Ctrl-C does not wait for them."""
    if isinstance(sys.exception(), KeyboardInterrupt):
        print("\nStopping; the sounds in hand are finished first (Ctrl-C again: at once) ...", file=sys.stderr)
    try:
        left = {future for future in futures if not future.cancel()}
        while left:
            _, left = wait(left, timeout=SLICE_S)
        executor.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        # The pool's own thread may find its pipes closed under it, now or later; that is no news to the user.
        threading.excepthook = lambda _: None
        _kill(executor)
        executor.shutdown(wait=True, cancel_futures=True)
        raise


def _kill(executor: Executor) -> None:
    """Kill the workers of a pool of this machine."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()
