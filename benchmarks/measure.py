"""Timing side by side, on one core, and tables of it."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

ESC10 = Path(__file__).resolve().parents[2] / "shared" / "ESC-10"
RESULTS = Path("outputs/benchmarks")


def on_one_core() -> None:
    """Keep this process, and all that it starts, on one core, with one thread a library."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ |= {"OPENCV_FOR_THREADS_NUM": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def paired_ms(works: Mapping[str, Callable[[], int]], *, rounds: int) -> dict[str, list[float]]:
    """Time several works one after the other, round after round, so that what slows the machine slows them all.

    Parameters
    ----------
    works : Mapping of str to callable
        Each does its work and returns how many things it did.
    rounds : int
        After one that does not count.

    Returns
    -------
    dict of str to list of float
        Milliseconds a thing, one a round.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            began = time.perf_counter()
            n = work()
            if number:
                found[name].append(1e3 * (time.perf_counter() - began) / n)
    return found


@contextmanager
def seconds_inside(parts: Mapping[str, Iterable[tuple[object, str]]]) -> Iterator[dict[str, float]]:
    """Add up the time that passes in calls of some functions.

    Parameters
    ----------
    parts : Mapping of str to iterable of (object, str)
        What each part is called, and its functions: a module or class, and the function's name there.

    Yields
    ------
    dict of str to float
        Seconds of each part, so far.
    """
    seconds = dict.fromkeys(parts, 0.0)
    originals = [(part, owner, name, getattr(owner, name)) for part, them in parts.items() for owner, name in them]

    def timed(part: str, function: Callable) -> Callable:
        def call(*arguments: object, **options: object) -> object:
            began = time.perf_counter()
            try:
                return function(*arguments, **options)
            finally:
                seconds[part] += time.perf_counter() - began

        return call

    try:
        for part, owner, name, function in originals:
            setattr(owner, name, timed(part, function))
        yield seconds
    finally:
        for _, owner, name, function in originals:
            setattr(owner, name, function)


def ratio(slow: list[float], fast: list[float]) -> float:
    """How many times as fast: the median of the rounds' ratios."""
    return statistics.median(s / f for s, f in zip(slow, fast, strict=True))


def show(title: str, rows: list[dict[str, object]], *, file_name: str) -> None:
    """Print a table and write it as CSV."""
    table = pd.DataFrame(rows)
    print(f"\n{title}\n{table.to_string(index=False)}", flush=True)
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.to_csv(RESULTS / file_name, index=False)


def met(value: float, target: float) -> str:
    """Whether a target is reached."""
    return "yes" if value >= target else "NO"
