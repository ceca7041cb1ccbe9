"""Timing side by side, on one core, and tables of it."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "ESC-10"
ESC10 = _SHARED if _SHARED.is_dir() else Path("datasets/ESC-10").resolve()
"""Beside this checkout, or where `python -m generate.download esc10` puts it."""
RESULTS = Path("outputs/benchmarks")


def esc10_clips() -> list[Path]:
    """The 400 audio files, in the order of their paths.

    Raises
    ------
    SystemExit
        If ESC-10 is not there.
    """
    clips = sorted(ESC10.rglob("*.ogg"))
    if not clips:
        raise SystemExit(f"This benchmark needs ESC-10 in {str(ESC10)!r}. Run: python -m generate.download esc10")
    return clips


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


def watched(command: Sequence[str]) -> tuple[float, int]:
    """Run a command; seconds, and the largest memory of any of its processes in megabytes."""
    began, peak_kb = time.perf_counter(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
    while process.poll() is None:
        peak_kb = max([peak_kb, *_peaks_kb(process.pid)])
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with status {process.returncode}")
    return time.perf_counter() - began, round(peak_kb / 1024)


def _peaks_kb(session: int) -> list[int]:
    """Peak memory of each process of a session, where the system tells it."""
    peaks = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if os.getsid(int(status.parent.name)) == session:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peaks.append(int(line.split()[1]))
        except (OSError, StopIteration):
            continue
    return peaks


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
