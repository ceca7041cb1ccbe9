"""Commands in real processes, the files that they leave, and small disks."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import soundfile
from PIL import Image

from generate.dataset import tables
from tests.conftest import SR, tone, white
from tests.generate.rendering.test_run import QUICK

ROOT = Path(__file__).resolve().parents[2]
MARK = "FAULTS_MARK"
"""Environment variable by which a command and all that it starts are known."""
SILENT = [*QUICK, "--listen", "0"]


def make_audio_folder(folder: Path, n: int) -> Path:
    """Two classes of n sounds of 1 s, all different."""
    for number in range(2 * n):
        path = folder / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, white(seed=number, rms=0.05) + tone(200 + 37 * number, peak=0.3), SR)
    return folder


class Command:
    """A command of the program, in a process of its own.

    Parameters
    ----------
    arguments
        Such as `"generate", sounds, images`.
    cwd : Path, optional
        Working folder.
    environment
        Variables beside this process's own.
    before
        Called in the new process before the command, such as to limit it.
    wrapper
        Words before the command, such as of `unshare`.
    """

    def __init__(self, *arguments, cwd=None, environment=None, before=None, wrapper=()):
        self.mark = f"mark-{uuid.uuid4().hex}"
        own = {"PYTHONPATH": str(ROOT), "TF_NUM_INTRAOP_THREADS": "1", MARK: self.mark}

        def prepare():
            # Tests that run in the background have Ctrl-C ignored, and what they start would inherit that.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if before is not None:
                before()

        self.process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", *map(str, arguments)],
            cwd=cwd or ROOT,
            env=os.environ | own | (environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def end(self, *, limit_s: float = 120) -> Ended:
        """Wait for it."""
        try:
            out, err = self.process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            for pid in self.processes():
                os.kill(pid, signal.SIGKILL)
            raise
        return Ended(self.process.returncode, out, err)

    def processes(self) -> list[int]:
        """The command's process and all that it started and that still runs, in whatever group or session."""
        return marked(self.mark)

    def workers(self) -> list[int]:
        """Its worker processes: children of a child, which is the server that forks them."""
        pids = self.processes()
        parents = {pid: parent_of(pid) for pid in pids}
        return [pid for pid in pids if parents.get(parents[pid]) == self.process.pid]

    def assert_all_ended(self, *, limit_s: float = 20) -> None:
        """No process of it lives on."""
        until = time.monotonic() + limit_s
        while left := self.processes():
            assert time.monotonic() < until, [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in left]
            time.sleep(0.02)


class Ended:
    """What a command left: its status, and what it said."""

    def __init__(self, status: int, out: str, err: str):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-6000:]}"

    def is_clear(self, *words: str) -> bool:
        """Whether it ended with status 1 and a message that says one of some words, and no traceback."""
        said = self.out + self.err
        return self.status == 1 and "Traceback" not in said and any(word in self.err for word in words)


def run(*arguments, **options) -> Ended:
    """Run a command to its end."""
    return Command(*arguments, **options).end()


def parent_of(pid: int) -> int:
    """Number of a process's parent; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def marked(mark: str) -> list[int]:
    """Processes that were started with a mark in their environment; those that ended and wait to be buried aside."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_one = f"{MARK}={mark}".encode() in (process / "environ").read_bytes()
            if is_one and (process / "stat").read_text().rpartition(")")[2].split()[0] not in "ZX":
                found.append(int(process.name))
        except OSError:  # ended meanwhile
            continue
    return found


def assert_whole(images: Path) -> None:
    """Every file under a final name is whole."""
    for path in images.rglob("*"):
        if path.suffix == ".png":
            with Image.open(path) as image:
                image.verify()
            with Image.open(path) as image:
                image.load()
        elif path.suffix in (".flac", ".mp3"):
            y, _ = soundfile.read(path)
            assert len(y), path
        elif path.suffix == ".html":
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>"), path
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
    if (images / tables.METADATA).exists():
        table = tables.read_metadata(images / tables.METADATA)
        assert (images / tables.METADATA).read_bytes().endswith(b"\n")
        assert len(table)
    if (images / tables.REJECTED).exists():
        with (images / tables.REJECTED).open(encoding="utf-8", newline="") as file:
            assert {len(row) for row in csv.reader(file)} == {len(tables.REJECTED_COLUMNS)}
    if (images / tables.JOURNAL).exists():
        tables.read_journal(images / tables.JOURNAL)


def can_mount() -> bool:
    """Whether this process may mount a file system."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    tried = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True)
    return tried.returncode == 0


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A disk in memory, mounted on a new folder.

    Parameters
    ----------
    folder : Path
    options : str
        Of tmpfs, such as `size=8m` or `size=100m,nr_inodes=30`.
    """
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, options: str) -> None:
    """Change a disk in memory: make it larger, or read-only."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)
