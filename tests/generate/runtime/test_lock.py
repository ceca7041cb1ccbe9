"""What a process has locked, seen by another process."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from generate.runtime.lock import LOCK, LockedError, locked
from tests.train.conftest import ROOT

LOCKS = (
    "import sys; from pathlib import Path; from generate.runtime.lock import locked\n"
    "with locked(Path(sys.argv[1])):\n    print('locked', flush=True)\n    sys.stdin.read()"
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "new" / "folder"


@pytest.fixture
def other(folder):
    """A process that has the folder locked until its input ends, or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOCKS, str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "locked\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_and_told_what_to_do(folder, other):
    with pytest.raises(LockedError, match="folder' is in use by another process. Wait until"), locked(folder):
        pass
    other.stdin.close()
    other.wait()
    with locked(folder):
        assert [path.name for path in folder.iterdir()] == [LOCK]


def test_the_lock_of_a_killed_process_is_free_at_once(folder, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    with locked(folder):
        pass


def test_waiting(folder, other, capsys):
    threading.Timer(0.5, other.stdin.close).start()
    with locked(folder, wait=True):
        assert other.wait() == 0
    assert "Waiting for another process" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), locked(tmp_path / "file" / "fold-1"):
        pass


def test_a_file(tmp_path):
    with locked(tmp_path / "a.npy", is_file=True), locked(tmp_path / "b.npy", is_file=True):
        with pytest.raises(LockedError), locked(tmp_path / "a.npy", is_file=True):
            pass
        assert not (tmp_path / "a.npy").exists()
