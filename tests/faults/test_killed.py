"""Row 7: SIGKILL of the main process and of workers, at any moment."""

import os
import random
import signal
import tempfile
import time

import pandas as pd
import pytest
import soundfile

from tests.conftest import SR, white
from tests.faults.real_runs import SILENT, Command, assert_whole, make_audio_folder, run
from tests.faults.rows import IS_FULL, only_at_full_count, times
from tests.generate.rendering.test_run import DEADLY, QUICK, tree

pytestmark = pytest.mark.fault(7)

WITH_AUDIO = [*QUICK, "--listen", "1", "--workers", "2"]
SLOW = """
import time
from augment_audio import Variant
def slow(sound):
    '''As a long clip is.'''
    time.sleep(0.1)
    return sound.y * 0.5
VARIANTS = {"slow": Variant(slow)}
"""


@pytest.fixture
def audio_folder(tmp_path):
    return make_audio_folder(tmp_path / "audio_folder", 10)


def test_the_main_process(audio_folder, tmp_path, injected):
    """Images, page and sounds of the next run are those of a run that nobody stopped."""
    n = times(50, daily=2)
    began = time.monotonic()
    ended = run("generate", audio_folder, tmp_path / "whole", *WITH_AUDIO)
    took_s = time.monotonic() - began
    assert ended.status == 0, ended
    whole = tree(tmp_path / "whole")
    assert any(path.endswith(".flac") for path in whole)
    rng = random.Random(7)
    moments = [took_s * (k + rng.random()) / n for k in range(n)]  # over the whole run, from its first breath on
    n_killed = 0
    for number, moment_s in enumerate(moments):
        images = tmp_path / f"killed{number}"
        while True:
            command = Command("generate", audio_folder, images, *WITH_AUDIO)
            time.sleep(moment_s)
            command.process.kill()
            status = command.end().status
            command.assert_all_ended()
            if status == -signal.SIGKILL:
                break
            assert status == 0  # a quick run: it ended before its time
            images = tmp_path / f"killed{number}-{moment_s:.3f}"
            moment_s *= 0.8
        if images.exists():
            assert_whole(images)
        ended = run("generate", audio_folder, images, *WITH_AUDIO)
        assert ended.status == 0, (moment_s, ended)
        assert tree(images) == whole, f"killed after {moment_s:.3f} s of {took_s:.3f}"
        n_killed += 1
    injected(n_killed)


def test_no_temporary_folder_of_the_main_process_stays(audio_folder, tmp_path):
    (tmp_path / "own.py").write_text(SLOW)
    arguments = [*SILENT, "--workers", "2", "--variants-file", tmp_path / "own.py", "--variants", "slow"]
    with tempfile.TemporaryDirectory() as temporary:  # a short name, as the system's own: pytest's are long
        command = Command("generate", audio_folder, tmp_path / "images", *arguments, environment={"TMPDIR": temporary})
        until = time.monotonic() + 60
        while not list(tmp_path.glob("images/*/*.png")):
            assert time.monotonic() < until and command.process.poll() is None, command.end()
            time.sleep(0.005)
        there = {name.partition("-")[0] for name in os.listdir(temporary)}
        command.process.kill()
        command.end()
        command.assert_all_ended()
        assert there == {"generate", "pymp"}
        assert os.listdir(temporary) == []


@only_at_full_count
def test_workers(audio_folder, tmp_path, injected):
    """A worker that is killed once costs nothing: its run goes on by itself, to the same files."""
    n = times(20, daily=1)
    (tmp_path / "own.py").write_text(SLOW)
    arguments = [*SILENT, "--workers", "2", "--variants-file", tmp_path / "own.py", "--variants", "slow", "trim"]
    assert run("generate", audio_folder, tmp_path / "whole", *arguments).status == 0
    whole = tree(tmp_path / "whole")
    rng = random.Random(8)
    for number in range(n):
        images = tmp_path / f"images{number}"
        command = Command("generate", audio_folder, images, *arguments)
        until = time.monotonic() + 60
        is_killed = False
        wanted = rng.randrange(len(whole) - 8)  # files that are there when it is killed
        while not is_killed:
            assert time.monotonic() < until and command.process.poll() is None, command.end()
            workers = command.workers()
            if workers and len(list(images.glob("*/*.png"))) >= wanted:
                os.kill(rng.choice(workers), signal.SIGKILL)
                is_killed = True
            time.sleep(0.005)
        ended = command.end()
        assert ended.status == 0, ended
        assert tree(images) == whole, ended
        command.assert_all_ended()
    injected(n)


@pytest.mark.skipif(not IS_FULL, reason="tests/generate/rendering/test_run.py has one every day")
def test_clips_that_kill_their_worker_each_time(tmp_path, injected):
    audio_folder = make_audio_folder(tmp_path / "audio_folder", 6)
    (tmp_path / "own.py").write_text(DEADLY)
    arguments = [*SILENT, "--variants-file", tmp_path / "own.py", "--variants", "deadly", "--max-rejected", "50"]
    assert run("generate", audio_folder, tmp_path / "whole", *arguments).status == 0
    for name in ("a/killer.wav", "b/murderer.wav"):
        soundfile.write(audio_folder / name, white(1, seed=len(name))[:7777], SR)
    images = tmp_path / "images"
    ended = run("generate", audio_folder, images, *arguments)
    assert ended.status == 0, ended
    rejected = pd.read_csv(images / "rejected.csv")
    assert rejected["clip_id"].tolist() == ["a-killer", "b-murderer"]
    assert rejected["reason"].str.contains("twice").all()
    drawn = {path: digest for path, digest in tree(images).items() if path.endswith(".png")}
    assert drawn == {path: digest for path, digest in tree(tmp_path / "whole").items() if path.endswith(".png")}
    for name in ("a/killer.wav", "b/murderer.wav"):
        (audio_folder / name).unlink()
    assert run("generate", audio_folder, images, *arguments).status == 0
    assert tree(images) == tree(tmp_path / "whole")
    injected(2)
