"""Row 18: memory over many images and epochs in one process."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tests.conftest import SR, tone, white
from tests.faults.real_runs import ROOT
from tests.faults.rows import IS_FULL, only_at_full_count, times
from tests.train.conftest import images  # noqa: F401

pytestmark = [
    pytest.mark.fault(18),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells the memory"),
]

MOST_MB = 50

MEMORY = """
import json, os, sys
from pathlib import Path

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""

RENDERS = (
    MEMORY
    + """
import numpy as np
from generate.workers.pool import keep_memory
from generate.command_line import options_from, parse
from generate.rendering.plan import make_plan
from generate.rendering.prepare import prepare
from generate.rendering.clip import render

audio_folder, images, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
prepared = prepare(options_from(parse([audio_folder, images, "--engine", "librosa", "--variants", "paper", "--seconds", "3", "--layout", "folders"])))
keep_memory()  # as in a worker
Path(images).mkdir()
jobs = list(make_plan(prepared).jobs)
rng = np.random.default_rng(0)
seen = []
for number in range(n):
    assert len(render(jobs[rng.integers(len(jobs))], prepared.front)) == 6
    seen.append(resident_mb())
print(json.dumps(seen))
"""
)

EPOCHS = (
    MEMORY
    + """
from train import backend
backend.set_up()
from train.training.fit import fit_fold
from train.training.prepare import prepare
from train.recipe import Recipe
from train.training.train_fold import fold_of

recipe = Recipe(
    model="cnn7", ensemble=1, input_size=32, batch_size=16, epochs=int(sys.argv[2]), augment=("spectrogram", "image"),
    image_preset="paper", select="validation",
)
prepared = prepare(Path(sys.argv[1]), recipe)
seen = []
fit_fold(recipe, fold_of(prepared, prepared.splits[0]), on_epoch=lambda row, n: seen.append(resident_mb()))
print(json.dumps(seen))
"""
)


def grown_mb(script, *arguments, cwd):
    """By how much the memory of a process grows after the first tenth of what it does."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TF_NUM_INTRAOP_THREADS": "1"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    ended = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert ended.returncode == 0, ended.stderr[-3000:]
    seen = json.loads(ended.stdout.splitlines()[-1])
    tenth = len(seen) // 10
    return len(seen), max(seen[tenth:]) - seen[tenth - 1]


@only_at_full_count
def test_renders(tmp_path):
    """All variants of sounds of many lengths, by librosa's way, as a worker draws them."""
    rng = np.random.default_rng(0)
    (tmp_path / "audio_folder" / "a").mkdir(parents=True)
    for number in range(40):
        seconds = rng.uniform(0.02, 9)
        y = tone(300 + 50 * number, seconds=seconds, sr=44100) + white(seconds, sr=44100, seed=number)
        sr = 44100 if number % 2 else SR
        soundfile.write(tmp_path / "audio_folder" / "a" / f"{number}.flac", y, sr)
    n, grown = grown_mb(RENDERS, tmp_path / "audio_folder", tmp_path / "images", times(2000, daily=200), cwd=tmp_path)
    assert n == times(2000, daily=200)
    print(f"{n} renders: {grown:.1f} MB more after the first tenth")
    assert grown < MOST_MB


@pytest.mark.skipif(not IS_FULL, reason="takes half a minute")
def test_epochs(images, tmp_path, injected):  # noqa: F811
    """Both kinds of augmentation, validation and checkpoints."""
    n, grown = grown_mb(EPOCHS, images, times(50, daily=10), cwd=tmp_path)
    assert n == times(50, daily=10)
    print(f"{n} epochs: {grown:.1f} MB more after the first tenth")
    assert grown < MOST_MB
    injected(1)
