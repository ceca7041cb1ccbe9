import os
import signal
import time
from pathlib import Path

import pytest

from generate.audio import BadAudio
from generate.workers import processes
from generate.workers.processes import KILLED_TWICE, QUEUED_A_WORKER, map_ordered

A, B, C = map(Path, "abc")


def work(path, number, what=""):
    """What a worker does in these tests."""
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "dies once":
        once = Path(os.environ.get("TMPDIR", "/tmp")) / number
        if not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if what == "hangs":
        time.sleep(600)
    if what == "bad":
        raise BadAudio("no sound")
    time.sleep(0.02 * (hash(number) % 3))
    return number, os.getpid()


def run(parts, tmp_path, **options):
    options = {"workers": 2, "temporary_folder": tmp_path} | options
    outcomes = list(map_ordered(work, parts, **options))
    assert all(outcome[1] != os.getpid() for _, outcome in outcomes if not isinstance(outcome, str))
    return [(part[0], outcome if isinstance(outcome, str) else outcome[0]) for part, outcome in outcomes]


def test_outcomes_come_in_order_and_a_few_ahead(tmp_path):
    n_taken = n_given = 0

    def parts():
        nonlocal n_taken
        for number in range(60):
            n_taken += 1
            yield A, number

    for (_, number), outcome in map_ordered(work, parts(), workers=2, temporary_folder=tmp_path):
        assert outcome[0] == number == n_given
        n_given += 1
        assert n_taken - n_given <= 2 * QUEUED_A_WORKER
    assert n_given == 60
    assert run([], tmp_path) == []


def test_a_file_that_kills_its_worker_costs_itself(tmp_path):
    parts = [(A, 1), (A, 2), (B, 1), (B, 2, "dies"), (B, 3), (B, 4, "dies"), (C, 1, "dies"), (A, 3), (A, 4)]
    expected = [(A, 1), (A, 2), (B, 1), (B, KILLED_TWICE), (C, KILLED_TWICE), (A, 3), (A, 4)]
    assert run(parts, tmp_path) == expected


def test_once_is_no_harm(tmp_path, monkeypatch):
    once = str(tmp_path / "once")
    assert run([(A, 1), (B, once, "dies once"), (C, 2)], tmp_path) == [(A, 1), (B, once), (C, 2)]


def test_a_file_that_hangs_costs_itself_and_twice_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "PART_LIMIT_S", 2.0)
    began = time.monotonic()
    parts = [(A, 1), (B, 1, "hangs"), (B, 2, "hangs"), (B, 3, "hangs"), (C, 1)]
    assert run(parts, tmp_path) == [(A, 1), (B, KILLED_TWICE), (C, 1)]
    assert 4 <= time.monotonic() - began < 20


def test_after_a_reason_the_rest_of_a_file_is_skipped(tmp_path):
    parts = [(A, 1), (B, 1), (B, 2, "bad"), *((B, k) for k in range(3, 30)), (C, 1)]
    assert run(parts, tmp_path) == [(A, 1), (B, 1), (B, "no sound"), (C, 1)]


def test_workers_end_when_nobody_wants_more(tmp_path):
    stream = map_ordered(work, ((A, k) for k in range(1000)), workers=2, temporary_folder=tmp_path)
    pid = next(stream)[1][1]
    stream.close()
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("the worker lives on")
