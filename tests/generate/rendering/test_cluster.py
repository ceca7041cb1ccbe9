"""A real scheduler and real workers, in processes of their own, on this machine."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from generate.__main__ import main
from generate.dataset.settings import Settings
from generate.rendering import cluster
from generate.rendering.clip import Front
from generate.workers import dask_cluster, dask_worker
from generate.workers.dask_worker import Facts, faults
from tests.conftest import SR, white
from tests.faults.real_runs import can_mount
from tests.generate.rendering.test_run import (
    QUICK,
    many,
    metadata,
    rejected,
    start,
    tree,
    unhurried,
    wait_for_images,
)

ROOT = Path(__file__).resolve().parents[3]

SLOW = """
import os, time
from pathlib import Path
from augment_audio import Variant
drawn = []
def slow(sound):
    '''Say who draws; after three clips, wait until all may go on.'''
    folder = Path(__file__).parent
    (folder / f"drawn-by-{os.getpid()}").touch()
    drawn.append(1)
    while len(drawn) > 3 and not (folder / "go").exists():
        time.sleep(0.02)
    time.sleep(0.05)
    return sound.y * 0.5
VARIANTS = {"slow": Variant(slow)}
"""
BAD = """
import os, signal, time
from augment_audio import Variant
def bad(sound):
    '''Kill the process on one clip, hang on another.'''
    if len(sound.y) == 7777:
        os.kill(os.getpid(), signal.SIGKILL)
    if len(sound.y) == 8888:
        time.sleep(3600)
    return sound.y * 0.5
VARIANTS = {"bad": Variant(bad)}
"""


class Cluster:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.processes = []
        self._dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", folder / "scheduler.json")
        self._wait_for(folder / "scheduler.json")
        self.address = json.loads((folder / "scheduler.json").read_text())["address"]

    def add_worker(self, *, environment=None, wrapper=(), options=("--nthreads", "1")) -> subprocess.Popen:
        """Start one, nobody minding it, and do not wait for it."""
        return self._dask(
            "worker", self.address, "--no-nanny", *options, environment=environment or {}, wrapper=wrapper
        )

    def wait_for_workers(self, n: int) -> None:
        from distributed import Client

        with Client(self.address) as client:
            client.wait_for_workers(n, timeout=60)

    def _dask(self, *arguments, environment=None, wrapper=()) -> subprocess.Popen:
        process = subprocess.Popen(
            [*wrapper, sys.executable, "-m", "dask", *map(str, arguments), "--dashboard-address", ":0"],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    @staticmethod
    def _wait_for(path: Path) -> None:
        until = time.monotonic() + 60
        while not (path.exists() and path.read_text().rstrip().endswith("}")):
            assert time.monotonic() < until
            time.sleep(0.05)

    def end(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def started(tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Cluster(folder)
    yield cluster
    cluster.end()


@pytest.mark.slow
def test_a_worker_dies_and_one_comes_late_and_the_folder_equals_one_made_alone(started, tmp_path, capsys):
    audio_folder = many(tmp_path / "audio_folder", 15)
    (audio_folder / "a" / "text.wav").write_text("no sound")
    (tmp_path / "own.py").write_text(SLOW)
    arguments = [*QUICK[:-1], "1", "--variants-file", tmp_path / "own.py", "--variants", "slow", "pitch=+2"]
    (tmp_path / "go").touch()
    assert main([str(a) for a in (audio_folder, tmp_path / "alone", *arguments, "--workers", "1")]) == 0
    (tmp_path / "go").unlink()
    for path in tmp_path.glob("drawn-by-*"):
        path.unlink()
    first, second = started.add_worker(), started.add_worker()
    started.wait_for_workers(2)
    images = tmp_path / "together"
    run = start(audio_folder, images, *arguments, "--cluster", started.address)
    wait_for_images(images, 10)
    first.kill()
    first.wait()
    late = started.add_worker()
    started.wait_for_workers(2)
    (tmp_path / "go").touch()
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert f"Rendering on 2 workers of the cluster at {started.address}" in out
    assert tree(images) == tree(tmp_path / "alone")
    assert rejected(images)["clip_id"].tolist() == ["a-text"]
    drawn_by = {int(path.name.rpartition("-")[2]) for path in tmp_path.glob("drawn-by-*")}
    assert drawn_by - {run.pid} == {first.pid, second.pid, late.pid}  # the run itself tries the variant on a tone


@pytest.mark.slow
def test_ctrl_c_leaves_a_folder_that_goes_on(started, tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 15)
    images, options = tmp_path / "images", (*QUICK, *unhurried(tmp_path))
    started.add_worker()
    run = start(audio_folder, images, *options, "--cluster", started.address)
    wait_for_images(images, 8)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "again to resume" in err
    assert "Traceback" not in err
    (tmp_path / "go").touch()
    assert main([str(a) for a in (audio_folder, images, *options)]) == 0
    assert main([str(a) for a in (audio_folder, tmp_path / "fresh", *options)]) == 0
    assert tree(images) == tree(tmp_path / "fresh")


@pytest.mark.slow
def test_a_clip_that_kills_its_worker_and_one_that_hangs_are_rejected(tmp_path, monkeypatch):
    """On a cluster of our own, whose workers are started again."""
    monkeypatch.setattr(cluster, "CLIP_LIMIT_S", 12.0)  # a worker that begins on a busy machine takes some
    audio_folder = many(tmp_path / "audio_folder", 6)
    soundfile.write(audio_folder / "a" / "killer.wav", white(1)[:7777], SR)
    soundfile.write(audio_folder / "b" / "endless.wav", white(1)[:8888], SR)
    (tmp_path / "own.py").write_text(BAD)
    arguments = [*QUICK, "--variants-file", tmp_path / "own.py", "--variants", "bad", "--max-rejected", "20"]
    images = tmp_path / "images"
    assert main([str(a) for a in (audio_folder, images, *arguments, "--cluster", "local:2")]) == 0
    assert rejected(images)["clip_id"].tolist() == ["a-killer", "b-endless"]
    assert rejected(images)["reason"].str.contains("died or hung, twice").all()
    assert len(metadata(images)) == 12 * 2
    assert not list(images.glob(".started*"))


def test_workers_that_would_draw_otherwise_are_refused_by_name(started, tmp_path, audio_folder, capsys):
    other = tmp_path / "other" / "soundfile-0.0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: soundfile\nVersion: 0.0.1\n")
    started.add_worker(environment={"PYTHONPATH": f"{other.parent}{os.pathsep}{ROOT}"})
    started.add_worker(options=("--nthreads", "2"))
    started.add_worker(environment={"PYTHONPATH": ""})
    n = 3
    images = tmp_path / "images"
    if can_mount():
        images.mkdir()
        started.add_worker(
            wrapper=("unshare", "--mount", "sh", "-c", f'mount -t tmpfs tmpfs "{images}" && exec "$@"', "sh")
        )
        n = 4
    started.wait_for_workers(n)
    assert main([str(a) for a in (audio_folder, images, *QUICK, "--cluster", started.address)]) == 1
    said = capsys.readouterr().err
    assert f"{n} of {n} workers would not render the same images" in said
    assert f"soundfile is 0.0.1 there and {soundfile.__version__} here" in said
    assert "has 2 threads; start it with --nthreads 1" in said
    assert "No module named 'generate'" in said
    assert ("does not see" in said and str(images) in said) == (n == 4)
    assert said.count("tcp://127.0.0.1:") == n
    assert not list(images.rglob("*.png"))


@pytest.mark.slow
def test_a_worker_that_joins_late_and_would_draw_otherwise_is_sent_away(started, tmp_path):
    audio_folder = many(tmp_path / "audio_folder", 10)
    (tmp_path / "own.py").write_text(SLOW)
    arguments = [*QUICK, "--variants-file", tmp_path / "own.py", "--variants", "slow"]
    started.add_worker()
    images = tmp_path / "images"
    run = start(audio_folder, images, *arguments, "--cluster", started.address)
    wait_for_images(images, 2)
    late = started.add_worker(options=("--nthreads", "2"))
    started.wait_for_workers(2)
    (tmp_path / "go").touch()
    _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert "is not used: has 2 threads" in err
    assert len(metadata(images)) == 20 * 2
    assert not (tmp_path / f"drawn-by-{late.pid}").exists()


HERE = Facts({"python": "3.11", "numpy": "2.4.6", "engine": "librosa 0.11.0"}, unseen="", n_threads=1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HERE, ""),
        (replace(HERE, versions=HERE.versions | {"numpy": "2.4.5"}), "numpy is 2.4.5 there and 2.4.6 here"),
        (replace(HERE, versions=HERE.versions | {"engine": "Rubber Band 3"}), "engine is Rubber Band 3 there"),
        (replace(HERE, unseen="/sounds"), "does not see '/sounds'"),
        (replace(HERE, n_threads=8), "has 8 threads"),
        (ModuleNotFoundError("No module named 'generate'"), "start it in this program's folder"),
        (OSError("closed"), "OSError: closed"),
    ],
)
def test_why_a_worker_will_not_do(answer, words):
    assert (words in faults(answer, HERE)) if words else (faults(answer, HERE) == "")


def test_a_worker_whose_disk_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    gone = threading.Event()
    monkeypatch.setattr(dask_worker, "DISK_LIMIT_S", 0.1)
    monkeypatch.setattr(Path, "exists", lambda path: gone.wait())
    front = Front(tmp_path, tmp_path, Settings(engine="librosa"), b"", "")
    with pytest.raises(TimeoutError, match="does not answer within 0.1 s") as caught:
        cluster.facts(front, str(tmp_path))
    gone.set()
    assert "does not answer" in faults(caught.value, HERE)


def test_what_goes_wrong_while_the_disk_is_looked_at_is_said(tmp_path):
    settings = Settings(engine="librosa", variants_file=str(tmp_path / "gone.py"))
    with pytest.raises(FileNotFoundError, match="gone.py"):
        cluster.facts(Front(tmp_path, tmp_path, settings, b"", ""), str(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--cluster", "local:0"], "such as local:4"),
        (["--cluster", "local:many"], "such as local:4"),
        (["--cluster", "scheduler"], "tcp://192.168.0.5:8786"),
        (["--cluster", "local:2", "--workers", "2"], "contradict"),
        (["--cluster", "tcp://127.0.0.1:9"], "No Dask scheduler answers at tcp://127.0.0.1:9"),
    ],
)
def test_what_cannot_be_a_cluster_is_said(audio_folder, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.setattr(dask_cluster, "ANSWER_LIMIT_S", 0.5)
    assert main([str(a) for a in (audio_folder, tmp_path / "images", *QUICK, *arguments)]) == 1
    assert words in capsys.readouterr().err
    assert not list((tmp_path).rglob("*.png"))


def test_without_dask_the_error_says_how_to_get_it(audio_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main([str(a) for a in (audio_folder, tmp_path / "images", *QUICK, "--cluster", "local:2")]) == 1
    assert "pip install -r requirements-cluster.txt" in capsys.readouterr().err
    assert not (tmp_path / "images").exists()
