"""Folds on the workers of a cluster on this machine."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pandas as pd
import psutil
import pytest

from generate.workers.dask_worker import Facts, faults
from tests.train.conftest import ROOT
from train import backend
from train.__main__ import main
from train.recipe import Recipe
from train.runs.run_folder import write_run
from train.training import cluster, cross_validation, prepare

FOLDS = ("1", "2")
RECIPE = Recipe(model="cnn7", ensemble=1, input_size=32, batch_size=16, epochs=1, train_variants=())


@pytest.fixture
def prepared(images, tmp_path):
    """A run of which nothing is trained."""
    backend.set_up()
    prepared = prepare.prepare(images, RECIPE, folds=FOLDS, name="run", runs=tmp_path)
    write_run(prepared.run, prepared.settings)
    return prepared


def wait_for_a_start(run, process=None):
    """The folder of a fold that a worker has started."""
    until = time.monotonic() + 300
    while not (begun := list(run.glob("fold-*/.starts"))):
        assert time.monotonic() < until and (process is None or process.poll() is None), (
            process and process.communicate()
        )
        time.sleep(0.02)
    return begun[0].parent


def kill_worker_of(fold_folder):
    """The one that has the folder locked."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if str(fold_folder / ".lock") in {file.path for file in child.open_files()}:
                child.kill()


@pytest.mark.slow
def test_interrupted_and_resumed_and_a_worker_dies_and_the_run_equals_that_of_one_process(
    prepared, images, tmp_path, capsys
):
    run = prepared.run.folder
    process = subprocess.Popen(
        [sys.executable, "-m", "train", "--resume", str(run), "--cluster", "local:1", "--explain", "0"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a test run in the background ignores it
    )
    wait_for_a_start(run, process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 130 and "Traceback" not in err and "--resume" in err, err

    for path in run.glob("fold-*/.starts"):
        path.unlink()
    killer = threading.Thread(target=lambda: kill_worker_of(wait_for_a_start(run)))
    killer.start()
    assert main(["--resume", str(run), "--cluster", "local:2", "--explain", "0"]) == 0
    killer.join()
    said = capsys.readouterr().out
    assert "Training on 2 workers of the cluster at tcp://" in said
    assert all(said.count(f"fold {fold}: accuracy") == 1 for fold in FOLDS)
    assert json.loads((run / "report.json").read_text())["pooled"]["n_images"] == 12
    assert not list(run.rglob(".starts")) and not list(run.rglob("*.tmp*"))

    whole = prepare.prepare(images, RECIPE, folds=FOLDS, name="whole", runs=tmp_path)
    cross_validation.execute(whole, n_explained=0)
    alone = tmp_path / "whole"
    assert (run / "predictions.csv").read_bytes() == (alone / "predictions.csv").read_bytes()
    for fold in FOLDS:
        one, two = (pd.read_csv(folder / f"fold-{fold}/history.csv").drop(columns="seconds") for folder in (alone, run))
        pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_a_fold_that_kills_its_workers_is_named(prepared, monkeypatch):
    monkeypatch.setattr(cluster, "cluster_results", lambda *_, **__: iter([("1", None), ("2", "tested")]))

    class Client:
        def subscribe_topic(self, *_):
            pass

    workers = cluster.Workers(Client(), lambda token: None)
    tested = cluster.train_on_cluster(workers, prepared, FOLDS, print, with_logs=False)
    assert next(tested) == "tested"
    with pytest.raises(ValueError, match="The worker of fold 1 died 2 times.*--resume"):
        next(tested)


def test_a_worker_that_differs_is_refused(tmp_path):
    facts = partial(cluster.facts, images=tmp_path, weights=None)
    here = facts(str(tmp_path))
    assert faults(facts(str(tmp_path)), here) == ""
    assert f"does not see '{tmp_path}'" in faults(facts(str(tmp_path / "token")), here)
    gone = tmp_path / "gone.keras"
    assert f"does not see '{gone}'" in faults(cluster.facts(str(tmp_path), images=tmp_path, weights=gone), here)
    assert "keras is 2.0 there" in faults(Facts({**here.versions, "keras": "2.0"}, "", 1), here)


def test_gpus_are_given_to_the_workers_of_this_machine_in_turn(monkeypatch):
    import keras

    monkeypatch.setattr(keras.distribution, "list_devices", lambda kind: [f"{kind}:0", f"{kind}:1"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert cluster._devices("local:4") == ("0", "1") and cluster._devices("tcp://a:1") == ()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert cluster._devices("local:2") == ("5", "7")


@pytest.mark.parametrize("address", ["local:0", "scheduler"])
def test_what_cannot_be_a_cluster_is_refused_before_anything_is_loaded(images, address, capsys):
    assert main([str(images), "--cluster", address]) == 1
    assert "--cluster must be" in capsys.readouterr().err
