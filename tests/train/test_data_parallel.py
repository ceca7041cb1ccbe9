"""Two devices made of the processor, on each backend: the same run as on one, within rounding."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.train.conftest import environment_of
from tests.train.fake_runs import SETTINGS, fake_run
from train.__main__ import main
from train.data_parallel import Devices, check_shares, choose
from train.model_card import card_text
from train.results import build_report, read_predictions
from train.run_folder import FOLD, write_json

TOLERANCE = 1e-4
"""Of losses and probabilities around 1. Sums in another order differ in the seventh digit, and after these few steps in
the sixth; statistics or a loss of half a batch show in the second."""
TWO = Devices(("cpu:0", "cpu:1"))

RUNS = """
import shutil, sys
from pathlib import Path

backend, images = sys.argv[1:]
if backend == "tensorflow":
    import tensorflow as tf

    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
from train import device

device.set_up()
import train.fit, train.keeper, train.nets.cnn
from train.__main__ import main
from train.batches import Batches
from train.models import build_model
from train.progress import Progress

RUNS = Path("outputs/runs")
train.nets.cnn.CNN7_WIDTHS = ((8,), (8, 8))  # most of the time goes into making steps of layers
build_model("cnn7", n_classes=3, size=(32, 32)).save("weights.keras")
# Nine pictures a batch, which two devices cannot share evenly.
RECIPE = ["--model", "cnn7", "--input-size", "32", "--batch-size", "10"]
RECIPE += ["--train-variants", "none", "--folds", "1", "--explain", "0"]
SCRATCH = [images, *RECIPE, "--epochs", "2", "--select", "validation", "--class-weights", "--l2", "0.001"]
SCRATCH += ["--nets", "2" if backend == "jax" else "1"]
TUNING = [images, *RECIPE, "--weights", "weights.keras", "--head-epochs", "1", "--epochs", "2"]
train.keeper.SAVE_EVERY_S = 0
epoch, batch = Progress.epoch, Batches.batch


def run(*arguments):
    return main([str(argument) for argument in arguments])


def copy_after_second(self, row, n):
    epoch(self, row, n)
    if row["epoch"] == 2:
        shutil.copytree(RUNS / "tuned", RUNS / "tuned-killed", ignore=shutil.ignore_patterns(".lock", ".holder"))


def broken(self, epoch, number):
    if (epoch, number) == (1, 1):
        raise OSError("no such picture")
    return batch(self, epoch, number)


assert run(*SCRATCH, "--name", "one", "--devices", "1") == 0
Batches.batch = broken
assert run(*SCRATCH, "--name", "two", "--devices", "all") == 1
Batches.batch = batch
assert run("--resume", RUNS / "two", "--devices", "2") == 0
Progress.epoch = copy_after_second
assert run(*TUNING, "--name", "tuned") == 0
Progress.epoch = epoch
assert run("--resume", RUNS / "tuned-killed", "--devices", "2") == 0
"""


def runs_on(backend, images, here):
    """The folder of runs on one and on two devices, and what they said."""
    environment = environment_of(backend, here)
    if backend == "jax":
        environment["XLA_FLAGS"] += " --xla_force_host_platform_device_count=2"
    done = subprocess.run(
        [sys.executable, "-c", RUNS, backend, str(images)],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return SimpleNamespace(folder=here / "outputs/runs", said=done.stdout, errors=done.stderr)


def history(folder):
    return pd.read_csv(folder / "fold-1/history.csv").drop(columns=["seconds", "phase"])


def assert_same(one, two):
    """History, and what the saved net says when one device loads it."""
    pd.testing.assert_frame_equal(history(one), history(two), check_exact=False, rtol=0, atol=TOLERANCE)
    says = [pd.read_csv(folder / "predictions.csv").filter(like="p:").to_numpy() for folder in (one, two)]
    np.testing.assert_allclose(*says, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_two_devices_give_the_run_of_one(backend, images, tmp_path):
    """One test, since tests that run side by side would each make the runs."""
    if backend == "jax":
        pytest.importorskip("jax")
    runs = runs_on(backend, images, tmp_path)
    assert_same(runs.folder / "one", runs.folder / "two")
    # In the middle of a phase of fine-tuning, with batch normalisation frozen.
    assert_same(runs.folder / "tuned", runs.folder / "tuned-killed")
    assert_saved_net_knows_of_one_device(runs)
    assert_what_was_used_is_told(runs)
    assert "A batch of training pictures could not be made (OSError: no such picture)" in runs.errors
    assert "Traceback" not in runs.errors and "ran out of data" not in runs.errors


def assert_saved_net_knows_of_one_device(runs):
    """Here, in a process with one device, and whichever backend wrote it."""
    import keras

    from train import checkpoint

    nets = [checkpoint.load(runs.folder / name / "fold-1/best.keras") for name in ("one", "two")]
    norms = [layer for layer in nets[1]._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    assert norms and not any(layer.synchronized for layer in norms)
    x = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    np.testing.assert_allclose(*(net.predict_on_batch(x) for net in nets), rtol=0, atol=TOLERANCE)


def assert_what_was_used_is_told(runs):
    assert "each takes 5 of the 10 pictures of a batch, and the rate is that of the whole batch" in runs.said
    assert runs.said.count("2 devices made of") == 3
    folds = {
        name: json.loads((runs.folder / name / "report.json").read_text())["folds"][0]["devices"]
        for name in ("one", "two", "tuned", "tuned-killed")
    }
    assert folds["one"] == folds["tuned"] == {"number": 1, "kind": "CPU", "batch_size_each": 10}
    assert folds["two"] == folds["tuned-killed"] == {"number": 2, "kind": "CPU", "batch_size_each": 5}
    configs = [json.loads((runs.folder / name / "config.json").read_text()) for name in ("one", "two")]
    assert configs[0] == configs[1]
    assert "Trained on 2 CPU devices at once, 5 pictures of each batch on each" in (
        runs.folder / "two/README.md"
    ).read_text(encoding="utf-8")


def test_more_devices_than_there_are(images, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([str(images), "--devices", "64"]) == 1
    assert "--devices is 64, and tensorflow sees no GPU and 1 CPU device; give at most 1" in capsys.readouterr().err
    assert not (tmp_path / "outputs").exists()


def test_no_number_of_devices(images, capsys):
    with pytest.raises(SystemExit):
        main([str(images), "--devices", "0"])
    assert "write all, or a number such as 2" in capsys.readouterr().err


def test_a_backend_that_cannot(monkeypatch):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    with pytest.raises(ValueError, match="'torch' this program trains on one device.*KERAS_BACKEND"):
        choose(2)
    assert choose(None).number == 1


def test_all_of_one_is_one():
    assert choose("all") == choose(None) == choose(1) == Devices(("cpu:0",))


@pytest.mark.parametrize(
    ("batch_size", "n_train", "n_aside", "words"),
    [
        (9, 100, 0, "multiple of 2 such as 8 or 10"),
        (2, 3, 0, "batches of 1, and 2 devices need one picture each"),
        (8, 100, 3, "only 3 pictures are left .* need 4"),
    ],
)
def test_shares_that_cannot_be(batch_size, n_train, n_aside, words):
    split = SimpleNamespace(name="1", train=np.arange(n_train), validation=np.arange(n_aside))
    with pytest.raises(ValueError, match=words):
        check_shares(TWO, batch_size, [split])
    check_shares(Devices(), batch_size, [split])


def test_validation_loses_no_picture_and_leaves_no_device_idle():
    from train.mirrored import parts_of

    for n_devices in (2, 3, 4, 8):
        for batch_size in (n_devices, 2 * n_devices, 32 * n_devices):
            for n in range(2 * n_devices, 100):
                parts = parts_of(n, batch_size=batch_size, n_devices=n_devices)
                rows = [np.arange(n)[part] for part in parts]
                np.testing.assert_array_equal(np.concatenate(rows), np.arange(n))
                assert all(len(part) % n_devices == 0 for part in rows[:-1]) and len(rows[0]) % n_devices == 0
                assert all(n_devices <= len(part) < max(batch_size + 1, 2 * n_devices) for part in rows)


def test_the_card_says_which_folds_had_several(tmp_path):
    run = fake_run(tmp_path / "run")
    described = run.read_fold("2") | {"devices": {"number": 4, "kind": "GPU", "batch_size_each": 8}}
    write_json(run.fold_folder("2") / FOLD, described)
    text = card_text(build_report(run, read_predictions(run)), SETTINGS)
    assert "Trained on 4 GPU devices at once, 8 pictures of each batch on each" in text and "(folds 2)" in text
