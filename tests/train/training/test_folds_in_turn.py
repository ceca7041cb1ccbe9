"""Real processes that train one run at once."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.train.conftest import ROOT
from train.__main__ import main
from train.report.command_line import main as report
from train.runs.run_folder import read_run

TINY = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--batch-size", "16", "--epochs", "1"]
WHOLE = [*TINY, "--train-variants", "none", "--explain", "0"]
LIMIT_S = 500
WAITS = """
import sys, time
from pathlib import Path
import train.training.fit, train.training.cross_validation, train.__main__ as command
gate, limit = Path(sys.argv[1]), time.monotonic() + 500
def fit_fold(recipe, fold, **options):
    with open(gate / "trained", "a") as file:  # who trains what
        file.write(fold.split.name + "\\n")
    while not (gate / "open").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    return train.training.fit.fit_fold(recipe, fold, **options)
train.training.cross_validation.fit_fold = fit_fold
sys.exit(command.main(sys.argv[2:]))
"""
"""The command, in which each fold waits at a gate once it is held."""


class Gated:
    """A process whose folds wait until it is let go."""

    def __init__(self, gate, *arguments):
        gate.mkdir()
        self.gate = gate
        self.process = subprocess.Popen(
            [sys.executable, "-c", WAITS, str(gate), *map(str, arguments)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def trained(self):
        path = self.gate / "trained"
        return path.read_text().split() if path.exists() else []

    def wait_until_it_holds(self):
        until = time.monotonic() + LIMIT_S
        while not self.trained():
            assert time.monotonic() < until and self.process.poll() is None, self.process.communicate()
            time.sleep(0.02)

    def let_go(self):
        (self.gate / "open").touch()

    def end(self):
        self.let_go()
        out, _ = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, out


@pytest.fixture(scope="module")
def whole(images, tmp_path_factory):
    """A run of one process."""
    cwd = tmp_path_factory.mktemp("whole")
    with contextlib.chdir(cwd):
        assert main([str(images), *WHOLE, "--name", "whole"]) == 0
    return cwd / "outputs/runs/whole"


@pytest.fixture
def begun(whole, images, tmp_path):
    """The same run, of which nothing is trained."""
    folder = tmp_path / "outputs/runs/shared"
    folder.mkdir(parents=True)
    for name in ("settings.json", "classes.json"):
        shutil.copy(whole / name, folder)
    config = json.loads((whole / "config.json").read_text())
    config["images"] = os.path.relpath(images, folder)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def assert_same(folder, whole):
    """Same seed, same figures, whoever trained; clocks and the folder's name aside."""
    assert (folder / "predictions.csv").read_bytes() == (whole / "predictions.csv").read_bytes()
    reports = []
    for run in (folder, whole):
        report = json.loads((run / "report.json").read_text())
        for fold in report["folds"]:
            del fold["train_seconds"]
        reports.append({name: value for name, value in report.items() if name not in ("run", "times")})
    assert reports[0] == reports[1]
    for fold in read_run(whole).folds:
        one, two = (
            pd.read_csv(run / f"fold-{fold}" / "history.csv").drop(columns="seconds") for run in (folder, whole)
        )
        pd.testing.assert_frame_equal(one, two, check_exact=True)
    assert not list(folder.rglob("*.tmp*")) and not list(folder.rglob(".holder"))


def test_two_processes_share_the_folds_of_one_run(begun, whole, tmp_path):
    first = Gated(tmp_path / "first", "--resume", begun, "--explain", "0")
    first.wait_until_it_holds()
    second = Gated(tmp_path / "second", "--resume", begun, "--explain", "0")
    second.wait_until_it_holds()
    first.let_go(), second.let_go()
    (status_1, said_1), (status_2, said_2) = first.end(), second.end()
    assert (status_1, status_2) == (0, 0), said_1 + said_2
    assert first.trained()[0] == "1" and second.trained()[0] == "2"
    assert sorted(first.trained() + second.trained()) == ["1", "2", "3", "4", "5"]
    assert f"fold 1: process {first.process.pid} on " in said_2 and "joins in" in said_2
    assert_same(begun, whole)


def test_folds_that_were_given_out_and_one_killed(begun, whole, tmp_path, capsys):
    """A new run of some folds; others join with the rest; one is killed in mid-fold, and another takes its fold."""
    config = json.loads((begun / "config.json").read_text())
    (begun / "config.json").write_text(json.dumps(config | {"folds": ["1", "2"]}))
    first = Gated(tmp_path / "first", "--resume", begun, "--folds", "1,2", "--explain", "0")
    first.wait_until_it_holds()
    assert main(["--resume", str(begun), "--folds", "3,4,5", "--explain", "0"]) == 0
    assert "3 of 5 folds only" in capsys.readouterr().out
    assert read_run(begun).folds == ("1", "2", "3", "4", "5")
    assert json.loads((begun / "report.json").read_text())["folds_missing"] == ["1", "2"]
    first.process.kill()
    first.end()
    assert (begun / "fold-1" / ".holder").exists()
    assert main(["--resume", str(begun), "--explain", "0"]) == 0
    assert "joins in" not in capsys.readouterr().out
    assert_same(begun, whole)


def test_nothing_left_to_do(begun, tmp_path, capsys):
    first = Gated(tmp_path / "first", "--resume", begun, "--folds", "1", "--explain", "0")
    first.wait_until_it_holds()
    assert main(["--resume", str(begun), "--folds", "1"]) == 1
    said = capsys.readouterr()
    assert f"fold 1 by process {first.process.pid} on " in said.err and "Nothing is left to do here" in said.err
    assert "Traceback" not in said.err
    assert first.end()[0] == 0


def test_a_new_run_never_takes_anothers_folder(images, tmp_path, monkeypatch, capsys):
    """Two commands begin a run of one name at once: the second is told to join."""
    from train.training import prepare

    monkeypatch.chdir(tmp_path)
    new = prepare.prepare

    def late(*arguments, **options):
        made = new(*arguments, **options)
        made.run.folder.mkdir(parents=True)
        (made.run.folder / "config.json").write_text("another's")
        return made

    monkeypatch.setattr(prepare, "prepare", late)
    assert main([str(images), *WHOLE, "--name", "a"]) == 1
    assert "To join it: python -m train --resume" in capsys.readouterr().err
    assert Path("outputs/runs/a/config.json").read_text() == "another's"


def test_the_report_waits_its_turn(whole, capsys):
    code = (
        "import sys, time; from pathlib import Path; from generate.runtime.lease import held\n"
        "with held(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(2)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(whole)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    waited = report([str(whole), "--explain", "0"])
    assert holder.wait() == 0 and waited == 0
    assert f"Waiting for process {holder.pid} on " in capsys.readouterr().err
