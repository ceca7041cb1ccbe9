"""Training that is killed, or whose threads or files fail: an error in words, or the same result after `--resume`."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from tests.conftest import SR, white
from tests.faults.rows import IS_FULL, times
from tests.train.conftest import ROOT, draw

LIMIT_S = 60.0
"""Within which there is an error or recovery."""
EPOCHS = times(60, daily=8)
TINY = [
    "--model",
    "cnn7",
    "--ensemble",
    "1",
    "--input-size",
    "32",
    "--batch-size",
    "4",
    "--dropout",
    "0.2",
    "--folds",
    "1",
]
TINY += ["--explain", "0"]
OFTEN = "import sys, train.training.callbacks, train.__main__ as m; train.training.callbacks.SAVE_EVERY_S = 0; sys.exit(m.main(sys.argv[1:]))"
"""`python -m train` with a checkpoint after each epoch; else a run this short has none to go on from."""
FAILS = """
import sys, threading
import train.training.batches, train.training.callbacks
train.training.callbacks.SAVE_EVERY_S = 0
real, n_made, fails = train.training.batches.transform, 0, eval(sys.argv.pop(1))
def transform(*args):
    global n_made
    n_made += 1
    assert threading.current_thread() is not threading.main_thread()
    if n_made >= N_GOOD:
        raise fails
    return real(*args)
train.training.batches.transform = transform
import train.__main__ as m
sys.exit(m.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    """Two classes of ten sounds, five folds."""
    here = tmp_path_factory.mktemp("training")
    for number in range(20):
        path = here / "audio_folder" / "ab"[number % 2] / f"{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, white(seed=number, rms=0.01 + 0.2 * (number % 2)), SR)
    return draw(here / "audio_folder", here / "images", "--variants", "none", "--listen", "0")


def start(here: Path, code: str, *arguments: object, log: str = "said.txt") -> subprocess.Popen:
    """Begin to train in a process of its own; what it says goes into a file, since a full pipe would hang it."""
    with (here / log).open("w") as file:
        return subprocess.Popen(
            [sys.executable, *(["-c", code] if code else ["-m", "train"]), *map(str, arguments)],
            cwd=here,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=subprocess.STDOUT,
        )


def report_of(run: Path) -> dict:
    """The report of a run, without its times and its folder."""

    def without_times(values):
        if isinstance(values, dict):
            named = {"times", "train_seconds"}
            return {name: without_times(value) for name, value in values.items() if name not in named}
        return [without_times(value) for value in values] if isinstance(values, list) else values

    text = (run / "report.json").read_text()
    return without_times(json.loads(re.sub(rf'[^\s"]*outputs/runs/{run.name}', "the run", text)))


def assert_same(run: Path, whole: Path) -> None:
    """A run equals one that was not interrupted, to the last digit."""
    for name in ("predictions.csv", "fold-1/distance.npy"):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    mine, theirs = report_of(run), report_of(whole)
    assert mine["pooled"]["log_loss"] > 0 and mine == theirs
    mine, theirs = (
        pd.read_csv(folder / "fold-1/history.csv", float_precision="round_trip").drop(columns="seconds")
        for folder in (run, whole)
    )
    pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
    assert sorted(path.name for path in (run / "fold-1").iterdir() if path.name != ".lock") == [
        "distance.npy",
        "fold.json",
        "history.csv",
        "last.keras",
        "predictions.csv",
    ]


def epochs_kept(run: Path) -> int:
    """Epochs in the checkpoint, which is whole; 0 where there is none yet."""
    path = run / "fold-1/last.keras"
    if not path.exists():
        return 0
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return len(json.loads(archive.read("training.json")))


def wait_for(condition, process: subprocess.Popen) -> None:
    """Until something is so, or the process has ended."""
    until = time.monotonic() + LIMIT_S
    while not condition() and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)


def interrupt(here: Path, run: Path, arguments: list[object], how: str, rng: random.Random) -> bool:
    """Begin or go on, and kill it; False where it was done before."""
    process = start(here, OFTEN, *arguments)
    fold, kept = run / "fold-1", epochs_kept(run)
    if how == "any moment":
        time.sleep(rng.uniform(0.1, 8))
    elif how == "while it writes":
        wait_for(lambda: any(fold.glob("*.tmp*")), process)
    else:
        wait_for(lambda: epochs_is_more(fold, kept), process)
        time.sleep(rng.uniform(0, 1))
    process.send_signal(signal.SIGTERM if how == "SIGTERM" else signal.SIGKILL)
    status = process.wait(timeout=LIMIT_S)
    if status == 0:
        return False
    assert status in (-signal.SIGKILL, -signal.SIGTERM), (here / "said.txt").read_text()
    assert epochs_kept(run) >= kept, "what was kept stays"
    return True


def epochs_is_more(fold: Path, kept: int) -> bool:
    path = fold / "last.keras"
    try:
        with zipfile.ZipFile(path) as archive:
            return len(json.loads(archive.read("training.json"))) > kept
    except (OSError, KeyError, zipfile.BadZipFile):
        return False


def go_on(here: Path, run: Path) -> str:
    """`--resume` to the end."""
    began = time.monotonic()
    process = start(here, "", "--resume", run)
    status = process.wait(timeout=2 * LIMIT_S)
    said = (here / "said.txt").read_text()
    assert status == 0, said
    assert time.monotonic() - began < 2 * LIMIT_S
    return said


@pytest.mark.skipif(not IS_FULL, reason="takes a minute and more; tests/train/training kills a run every day")
@pytest.mark.fault(15)
def test_a_run_that_is_killed_or_fails_goes_on_to_the_same_result(images, tmp_path, injected):
    here, runs = tmp_path, tmp_path / "outputs/runs"
    rng = random.Random(15)
    whole = start(here, "", images, *TINY, "--epochs", EPOCHS, "--name", "whole", log="whole.txt")
    kinds = (
        ["while it writes", "after an epoch", "after an epoch", "any moment", "SIGTERM"] * 3
        if IS_FULL
        else ["while it writes"]
    )
    errors = ["ValueError('no such value')", "OSError(5, 'the disk')", "MemoryError()", "SystemExit(3)"]
    n_held, number, run = 0, 0, runs / "killed-0"
    for how in kinds:
        is_begun = (run / "config.json").exists()
        arguments = ["--resume", run] if is_begun else [images, *TINY, "--epochs", EPOCHS, "--name", run.name]
        if not interrupt(here, run, arguments, how, rng):
            assert_finished_early(run)
            number += 1
            run = runs / f"killed-{number}"
            continue
        n_held += 1
    if is_begun and epochs_kept(run) > EPOCHS // 2:  # too near its end for all that follows
        go_on(here, run)
        number += 1
        run = runs / f"killed-{number}"
    for error in errors if IS_FULL else errors[:1]:
        is_begun = (run / "config.json").exists()
        arguments = ["--resume", run] if is_begun else [images, *TINY, "--epochs", EPOCHS, "--name", run.name]
        began = time.monotonic()
        process = start(here, FAILS.replace("N_GOOD", "13"), error, *arguments)
        status = process.wait(timeout=LIMIT_S)
        said = (here / "said.txt").read_text()
        assert status == 1 and "Traceback" not in said, said
        words = "memory is full" if error == "MemoryError()" else "A batch of training images could not be made"
        assert words in said and (words != "memory is full" or "--batch-size" in said), said
        assert time.monotonic() - began < LIMIT_S
        assert epochs_kept(run) > 0
        n_held += 1
    if IS_FULL:
        n_held += damaged_checkpoints(here, run)
    left_over = run / "fold-1/last.12345.tmp.keras"
    left_over.write_bytes(b"PK\3\4 half a model")
    assert whole.wait(timeout=2 * LIMIT_S) == 0, (here / "whole.txt").read_text()
    go_on(here, run)
    assert_same(run, runs / "whole")
    for k in range(number):
        assert_same(runs / f"killed-{k}", runs / "whole")
    injected(n_held + 1)


def assert_finished_early(run: Path) -> None:
    """It had ended before it could be killed."""
    assert (run / "report.json").exists()


def damaged_checkpoints(here: Path, run: Path) -> int:
    """A checkpoint that the disk lost in part: said, and nothing else is touched until somebody puts it right."""
    path = run / "fold-1/last.keras"
    good = path.read_bytes()
    damages = [b"", good[:1000], good[: len(good) // 2], good[:-1], bytes(len(good))]
    for content in damages:
        path.write_bytes(content)
        began = time.monotonic()
        process = start(here, "", "--resume", run)
        assert process.wait(timeout=LIMIT_S) == 1
        said = (here / "said.txt").read_text()
        assert str(path) in said and "cannot be read" in said and "Delete the folder of its fold" in said, said
        assert "Traceback" not in said
        assert time.monotonic() - began < LIMIT_S
        assert path.read_bytes() == content
    path.write_bytes(good)
    return len(damages)
