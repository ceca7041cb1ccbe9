"""What a process holds, seen by another: with locks of the system, without them, and after a machine has died."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from generate.runtime import lease as module
from generate.runtime.lease import HOLDER, LOCK, HeldByAnother, held
from tests.train.conftest import ROOT

HOLDS = (
    "import sys; from pathlib import Path; from generate.runtime.lease import held\n"
    "with held(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()"
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "fold-1"


@pytest.fixture
def holder(folder):
    """A process that holds the folder until it is told to end, or killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def from_another_machine(folder):
    """What a machine leaves that died: its lease, and no lock of the system."""
    with held(folder):
        written = (folder / HOLDER).read_text()
    (folder / HOLDER).write_text(written.replace(socket.gethostname(), "kermit"))


def test_one_holds_and_the_other_is_told_by_whom(folder, holder):
    name = f"Process {holder.pid} on {socket.gethostname()} is at work in"
    with pytest.raises(HeldByAnother, match=name) as error, held(folder):
        pass
    assert not error.value.may_be_dead and ".lock" in str(error.value)
    holder.stdin.close()
    holder.wait()
    with held(folder) as hold:
        hold.check()
    assert [path.name for path in folder.iterdir()] == [LOCK]


def test_what_a_killed_process_held_is_free_at_once(folder, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / HOLDER).is_file()
    with held(folder, patient=True) as hold:
        hold.check()
        assert f"pid={os.getpid()}\n" in (folder / HOLDER).read_text()


def test_in_turn(folder, holder, capsys):
    began = time.monotonic()
    subprocess.Popen(["sleep", "1"]).wait()
    holder.stdin.close()
    with held(folder, in_turn=True):
        assert time.monotonic() - began > 1
    holder.wait()


def test_where_locks_of_the_system_are_not_shared_the_lease_holds(folder, holder, monkeypatch, capsys):
    """A new file for the lock is as good as a disk that keeps locks for each machine alone."""
    (folder / LOCK).unlink()
    with pytest.raises(HeldByAnother) as error, held(folder):
        pass
    assert error.value.may_be_dead
    beats = itertools.count()
    monkeypatch.setattr(module, "_touched", lambda lease: next(beats))  # nobody waits here for a real one
    with pytest.raises(HeldByAnother) as error, held(folder, patient=True):
        pass
    assert not error.value.may_be_dead
    assert "sign of life" in capsys.readouterr().err


def test_a_disk_without_locks_of_the_system(folder, monkeypatch):
    import errno
    import fcntl

    def none(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none)
    with held(folder) as hold:
        hold.check()
        with pytest.raises(HeldByAnother, match=f"Process {os.getpid()}"), held(folder):
            pass
    with held(folder):
        pass


def test_a_machine_that_died_holds_for_a_while_only(folder, monkeypatch):
    monkeypatch.setattr(module, "SILENT_S", 3.0)
    monkeypatch.setattr(module, "BEAT_S", 1.0)
    from_another_machine(folder)
    with pytest.raises(HeldByAnother, match="Process .* on kermit") as error, held(folder):
        pass
    assert error.value.may_be_dead
    with held(folder, patient=True) as hold:
        assert f"pid={os.getpid()}\n" in (folder / HOLDER).read_text()
        hold.check()


def test_who_was_silent_too_long_is_stopped(folder, monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    with held(folder) as hold:
        taken = (folder / HOLDER).read_text().replace(socket.gethostname(), "kermit")
        (folder / HOLDER).unlink()
        (folder / HOLDER).write_text(taken)
        until = time.monotonic() + 30
        with pytest.raises(ValueError, match="no longer held by this process: .* on kermit has it"):
            while time.monotonic() < until:
                hold.check()
                time.sleep(0.02)
    assert "kermit" in (folder / HOLDER).read_text()


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError), held(tmp_path / "file" / "fold-1"):
        pass


def test_a_file(tmp_path):
    with held(tmp_path / "a.npy", is_file=True), held(tmp_path / "b.npy", is_file=True):
        with pytest.raises(HeldByAnother), held(tmp_path / "a.npy", is_file=True):
            pass
        assert not (tmp_path / "a.npy").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"a.npy.lock", "b.npy.lock"}
