"""Row 14: the same files with any number of workers, any order of the folders' listings, and two runs at once."""

import os
import signal
import time

import pytest

from tests.faults.real_runs import ROOT, Command, make_audio_folder, run
from tests.faults.rows import only_at_full_count, times
from tests.generate.rendering.test_run import QUICK, tree

pytestmark = pytest.mark.fault(14)

ARGUMENTS = [*QUICK, "--listen", "1", "--variants", "paper", "noise=10", "shift=0.2", "roll=0.5"]

SHUFFLED = """
import os, random

open(__file__ + ".loaded", "w").close()

_scandir, _listdir = os.scandir, os.listdir
_random = random.Random(SEED)


class _Shuffled:
    def __init__(self, *path):
        with _scandir(*path) as entries:
            self._entries = list(entries)
        _random.shuffle(self._entries)
        self._left = iter(self._entries)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __iter__(self):
        return self

    def __next__(self):
        return next(self._left)

    def close(self):
        pass


def _shuffled_list(*path):
    names = _listdir(*path)
    _random.shuffle(names)
    return names


os.scandir, os.listdir = _Shuffled, _shuffled_list
"""
"""Python loads `sitecustomize` from its path at the start of every process: the workers too."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with the sounds in it, and the files of a run of one worker."""
    folder = tmp_path_factory.mktemp("same")
    audio_folder = make_audio_folder(folder / "audio_folder", 5)
    ended = run("generate", audio_folder, folder / "whole", *ARGUMENTS, "--workers", "1")
    assert ended.status == 0, ended
    return folder, tree(folder / "whole")


def test_workers_and_listings(whole, tmp_path, injected):
    place, expected = whole
    audio_folder = place / "audio_folder"
    combinations = [(workers, order) for order in range(3) for workers in (4, 2, 1)][: times(9, daily=1)]
    for workers, order in combinations:
        folder = tmp_path / f"order{order}"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(SHUFFLED.replace("SEED", str(order)))
        environment = {"PYTHONPATH": f"{folder}:{ROOT}"}
        images = place / f"images-{workers}-{order}"
        ended = run("generate", audio_folder, images, *ARGUMENTS, "--workers", workers, environment=environment)
        assert ended.status == 0, ended
        assert (folder / "sitecustomize.py.loaded").exists()
        assert tree(images) == expected, (workers, order)
    injected(len(combinations))


@only_at_full_count
def test_two_runs_at_once(whole, injected):
    """The second says that another is at work, and changes nothing; the first goes on to the same files."""
    place, expected = whole
    audio_folder = place / "audio_folder"
    n = times(3, daily=1)
    for number in range(n):
        images = place / f"images{number}"
        first = Command("generate", audio_folder, images, *ARGUMENTS, "--workers", "1")
        until = time.monotonic() + 60
        while not (images / "journal.csv").exists():
            assert time.monotonic() < until and first.process.poll() is None, first.end()
            time.sleep(0.002)
        # Held where it is, so that it cannot be done before the second is at the lock.
        for pid in first.processes():
            os.kill(pid, signal.SIGSTOP)
        before = tree(images)
        second = run("generate", audio_folder, images, *ARGUMENTS, "--workers", "2")
        assert second.is_clear("in use by another process"), second
        assert tree(images) == before
        for pid in first.processes():
            os.kill(pid, signal.SIGCONT)
        ended = first.end()
        assert ended.status == 0, ended
        assert tree(images) == expected
    injected(n)
