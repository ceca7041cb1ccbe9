"""The command as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import pandas as pd
import pytest
import soundfile

from generate.dataset.tables import read_metadata
from tests.conftest import SR, tone
from tests.train.conftest import ROOT, draw, environment_of, in_new_process
from tests.train.fake_runs import fake_run
from train.__main__ import main
from train.runs.run_folder import read_predictions, read_run

RECIPE = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--batch-size", "16", "--epochs", "2"]
RECIPE += ["--train-variants", "none"]
TINY = [*RECIPE, "--explain", "0"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_pitch(options: list[str]) -> list[str]:
    """The options, with a variant beside the originals."""
    return ["pitch=+2" if option == "none" else option for option in options]


def train(*arguments):
    return main([str(argument) for argument in arguments])


def histories(run):
    """Histories of all folds, without what the clock says."""
    return {path.parent.name: pd.read_csv(path).drop(columns="seconds") for path in run.glob("fold-*/history.csv")}


def test_from_images_to_a_report(images, here, capsys):
    assert train(images, *with_pitch(TINY), "--n-folds", "2", "--name", "first") == 0
    folder = here / "outputs" / "runs" / "first"
    assert {path.name for path in folder.iterdir() if path.name != ".lock"} == {
        *("config.json", "settings.json", "classes.json", "predictions.csv", "report.json", "README.md"),
        *("index.html", "images", "suspects.csv"),
        *("confusion_matrix.csv", "confusion_matrix.png", "curves.png", "calibration.json", "calibration.png"),
        *(f"fold-{k}" for k in (1, 2)),
    }
    table = read_metadata(images / "metadata.csv")
    predictions = read_predictions(folder / "predictions.csv")
    originals = table[table["variant"] == "original"]
    assert sorted(predictions["file_name"]) == sorted(originals["file_name"])
    probabilities = predictions[[f"p:{label}" for label in ("high", "low", "middle")]]
    assert probabilities.sum(axis=1).round(4).eq(1).all()
    assert (probabilities.idxmax(axis=1).str[2:] == predictions["predicted"]).all()
    report = json.loads((folder / "report.json").read_text())
    assert report["pooled"]["accuracy"] == (predictions["predicted"] == predictions["label"]).mean()
    assert not report["is_leaky"]
    for fold in report["folds"]:
        assert fold["n_images"] in (14, 16)
        assert fold["n_train"] == 2 * (30 - fold["n_images"]) and fold["n_leaked"] == 0
        assert fold["epochs"] == 2 and fold["images_seen"] == 2 * fold["n_train"]
    said = capsys.readouterr().out
    assert "2 folds, each the test set once, 30 originals" in said and "with pitch=+2" in said
    assert f"{100 * report['pooled']['accuracy']:.1f} %" in said


@pytest.mark.parametrize("model", ["mobilenetv2", "resnet18"])
def test_dry_run_downloads_nothing(images, here, capsys, monkeypatch, model):
    def fetched(file_name, *_, **__):
        raise Exception(f"URL fetch failure on https://example.org/{file_name}: None -- no network")

    from keras.src.utils import file_utils

    monkeypatch.setenv("KERAS_HOME", str(here))
    monkeypatch.setattr(keras.utils, "get_file", fetched)
    monkeypatch.setattr(file_utils, "get_file", fetched)
    arguments = ("--model", model, "--weights", "imagenet", "--input-size", "64")
    assert train(images, *arguments, "--dry-run") == 0
    assert f"{model}, from ImageNet weights" in capsys.readouterr().out
    assert train(images, *arguments) == 1


def test_dry_run_writes_nothing(images, here, capsys):
    assert train(images, "--dry-run") == 0
    assert list(here.iterdir()) == []
    assert "Dry run" in capsys.readouterr().out


def test_a_run_that_is_gone_on_with(images, here, capsys):
    """More folds later, a name of its own for a second run, and what is no resume."""
    own = here / "own"
    shutil.copytree(images, own)
    assert train(own, *TINY, "--folds", "3") == 0
    folder = here / "outputs/runs/own-cnn7"
    before = (folder / "fold-3" / "last.keras").read_bytes()
    assert json.loads((folder / "report.json").read_text())["folds_missing"] == ["1", "2", "4", "5"]

    assert train(own, *TINY, "--dry-run") == 0
    assert "outputs/runs/own-cnn7-2" in capsys.readouterr().out
    assert train(own, *TINY, "--name", "own-cnn7") == 1
    assert "--resume" in capsys.readouterr().err
    assert train("--resume", folder, "--batch-size", "8") == 1
    assert "began with batch-size 16, and 8 was given" in capsys.readouterr().err
    assert train("--resume", folder, "--name", "other") == 1
    assert "--name must not be combined with --resume, which uses the folder" in capsys.readouterr().err

    assert train("--resume", folder, "--folds", "1", "--epochs", "2", "--explain", "0") == 0
    run = read_run(folder)
    assert run.folds == run.finished_folds == ("1", "3")
    assert (folder / "fold-3" / "last.keras").read_bytes() == before
    assert set(read_predictions(folder / "predictions.csv")["fold"]) == {"1", "3"}

    settings = json.loads((own / "settings.json").read_text())
    (own / "settings.json").write_text(json.dumps(settings | {"fingerprint": "0123456789abcdef"}))
    assert train("--resume", folder) == 1
    assert "rendered with other settings" in capsys.readouterr().err


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(images, here):
    """A real SIGKILL in a real process; histories and predictions are the same to the last digit.

    On JAX, so that all of the command runs there too.
    """
    pytest.importorskip("jax")
    backend = "jax"
    arguments = [str(images), *TINY, "--epochs", "8", "--folds", "1"]
    whole = in_new_process("train", *arguments, "--name", "whole", cwd=here, backend=backend)
    assert whole.returncode == 0, whole.stderr
    environment = environment_of(backend, here)
    code = "import sys, train.training.callbacks, train.__main__ as m; train.training.callbacks.SAVE_EVERY_S = 0; sys.exit(m.main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, "--name", "killed"],
        cwd=here,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    killed = here / "outputs/runs/killed"
    until = time.monotonic() + 120
    while not (killed / "fold-1/last.keras").exists() and time.monotonic() < until and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "fold-1/fold.json").exists()
    resumed = in_new_process("train", "--resume", str(killed), "--explain", "0", cwd=here, backend=backend)
    assert resumed.returncode == 0, resumed.stderr
    runs = here / "outputs/runs"
    one, two = histories(runs / "whole"), histories(runs / "killed")
    assert one.keys() == two.keys() == {"fold-1"}
    pd.testing.assert_frame_equal(one["fold-1"], two["fold-1"], check_exact=True)
    predictions = [(runs / name / "predictions.csv").read_bytes() for name in ("whole", "killed")]
    assert predictions[0] == predictions[1]
    assert backend in (runs / "whole" / "report.json").read_text()


def test_jax_needs_no_tensorflow(here):
    """What is imported to train on JAX; Keras itself and its ImageDataGenerator load TensorFlow only if they must."""
    pytest.importorskip("jax")
    code = (
        "import sys; sys.modules['tensorflow'] = None;"
        "from train import backend; backend.set_up(); import train.training.cross_validation, train.training.plan, train.training.prepare;"
        "print(backend.description())"
    )
    environment = os.environ | {"KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("jax ")


def test_leaky_protocols_say_so_everywhere(images, here, capsys):
    assert train(images, *with_pitch(TINY), "--protocol", "paper", "--name", "l") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all("leaky" in line.lower() for line in lines if "%" in line and "interval" in line)
    report = json.loads((here / "outputs/runs/l/report.json").read_text())
    assert report["is_leaky"] and report["protocol"]["n_leaked"] > 0
    assert "leaky" in (here / "outputs/runs/l/README.md").read_text().lower()


def test_config_file_under_the_command_line(images, here):
    (here / "recipe.toml").write_text(
        'model = "cnn7"\nensemble = 1\ninput-size = 32\nepochs = 1\naugment = ["image", "spectrogram"]\nimage-preset = "paper"\n'
        'train-variants = "none"\nfolds = "2"\nlabel-smoothing = 0.1\nclass-weights = true\n'
    )
    assert train(images, "--config", "recipe.toml", "--batch-size", "8", "--dropout", "0.2", "--explain", "0") == 0
    run = read_run(here / "outputs/runs/images-cnn7")
    recipe = run.recipe
    assert (recipe.augment, recipe.image_preset, recipe.train_variants) == (("image", "spectrogram"), "paper", ())
    assert (recipe.label_smoothing, recipe.class_weights, recipe.batch_size, recipe.dropout) == (0.1, True, 8, 0.2)
    assert run.folds == ("2",)
    # As the README says: the recipe may be given again, as long as it is the same.
    again = ["--config", "recipe.toml", "--resume", run.folder]
    assert train(images, *again, "--batch-size", "8", "--dropout", "0.2", "--explain", "0") == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "no folder .*Make images first: python -m generate"),
        (["IMAGES", "--model", "resnet-151"], "There is no model 'resnet-151'. Do you mean 'resnet101'?|resnet152"),
        (["IMAGES", "--augment", "none", "image"], "--augment must be none, or names without it"),
        (["IMAGES", "--tensorboard", "--quality", "fast"], "--tensorboard must be combined with fine-tuning"),
        (
            ["IMAGES", "--train-variants", "noise=20"],
            "--train-variants must name variants in the folder: original.*Got 'noise=20'",
        ),
        (["IMAGES", "--folds", "1,9"], "--folds must name folds of the split: 1, 2, 3, 4, 5. Got '9'"),
        (["IMAGES", "--patience", "3"], "--select validation"),
        (["IMAGES", "--model", "cnn9", "--epochs", "0"], "epochs must be a number from 1"),
        (["IMAGES", "--learning-rate", "nan"], "learning_rate must .* Got nan"),
        (["IMAGES", "--model", "cnn9", "--weights", "imagenet"], "There are no ImageNet weights of 'cnn9'"),
        (["IMAGES", "--model", "squeezenet", "--quality", "fast"], "--model must end in a dense layer .*'squeezenet'"),
        (["IMAGES", "--weights", "gone.keras"], "no file 'gone.keras'"),
        (["IMAGES", "--image-values", "blur=2", "--augment", "image"], "must be names with values.*Got 'blur=2'"),
        (["IMAGES", "--unfreeze", "some"], "unfreeze must be all, or a number"),
        (["--resume", "nowhere"], "is not there"),
        (["IMAGES", "--config", "gone.toml"], "no config file"),
    ],
)
def test_what_cannot_start_says_why_and_writes_nothing(images, here, capsys, arguments, words):
    import re

    assert train(*[images if argument == "IMAGES" else argument for argument in arguments]) == 1
    message = capsys.readouterr().err
    assert re.search(words, message) and message.startswith("train: ") and "Traceback" not in message
    assert not list(here.glob("outputs/runs/*/fold-*"))


def test_one_class(here, capsys):
    (here / "s" / "only").mkdir(parents=True)
    for number in range(4):
        soundfile.write(here / "s" / "only" / f"{number}.wav", tone(300 + number), SR)
    draw(here / "s", here / "i", "--variants", "none", "--layout", "folders")
    assert train("i") == 1
    assert "must be two or more. Got only the class 'only'. Add" in capsys.readouterr().err


def test_broken_images_are_named_before_the_first_epoch(images, here, capsys):
    shutil.copytree(images, here / "own")
    broken = sorted((here / "own" / "low").glob("*__original.png"))[3]
    broken.write_bytes(broken.read_bytes()[:200])
    assert train("own", *TINY) == 1
    message = capsys.readouterr().err
    assert broken.name in message and "1 of 30 images" in message
    assert not (here / "outputs").exists()


def test_tensorboard_on_request(images, here):
    assert train(images, *TINY, "--folds", "1", "--tensorboard") == 0
    assert list((here / "outputs/runs/images-cnn7/fold-1/logs").rglob("events.out.tfevents.*"))


def test_out_of_memory_says_what_to_do(images, here, capsys, monkeypatch):
    import keras

    class ResourceExhaustedError(Exception):
        pass

    def full(*_, **__):
        raise ResourceExhaustedError("OOM when allocating tensor with shape[32,64,112,112]")

    monkeypatch.setattr(keras.Model, "fit", full)
    assert train(images, *TINY) == 1
    assert "--batch-size" in capsys.readouterr().err


def test_help_teaches_and_is_quick(here):
    began = time.monotonic()
    done = in_new_process("train", "--help", cwd=here)
    assert time.monotonic() - began < 5
    assert done.returncode == 0 and "resnet152" in done.stdout and "LEAKY" in done.stdout
    code = "import sys, train.__main__ as m\ntry: m.main(['--help'])\nfinally: print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.endswith("False False\n")


def test_leakage_trains_both_and_shows_the_difference(images, here, capsys):
    from train.leakage.command_line import main as leakage_main

    arguments = [*with_pitch(RECIPE), "--folds", "1"]
    assert leakage_main([str(images), *arguments]) == 0
    last = capsys.readouterr().out.rstrip().splitlines()[-3:]
    reports = {
        kind: json.loads((here / f"outputs/runs/images-cnn7-{kind}/report.json").read_text())
        for kind in ("grouped", "leaky")
    }
    assert not reports["grouped"]["is_leaky"] and reports["leaky"]["is_leaky"]
    for line, kind in zip(last, ("grouped", "leaky"), strict=False):
        pooled = reports[kind]["pooled"]
        assert kind in line and f"{100 * pooled['accuracy']:.1f} %" in line
        assert f"{reports[kind]['protocol']['n_leaked']} of a recording in training" in line
    seen = {kind: reports[kind]["folds"][0]["images_seen"] for kind in reports}
    assert abs(seen["grouped"] - seen["leaky"]) <= reports["leaky"]["folds"][0]["n_train"] / 2
    gap = 100 * (reports["leaky"]["pooled"]["accuracy"] - reports["grouped"]["pooled"]["accuracy"])
    assert f"{gap:+.1f} percentage points" in last[-1]


def test_quick_leakage_needs_no_model(images, here, capsys):
    from train.leakage.command_line import main as leakage_main

    assert leakage_main([str(images), "--quick"]) == 0
    said = capsys.readouterr().out
    assert "grouped folds" in said and "leaky   paper" in said and "leaky   random-clips" in said
    assert "0 of them of a recording in training" in said
    assert not (here / "outputs").exists()


def test_a_second_process_on_the_same_run_is_refused(images, here, capsys, monkeypatch):
    """Whether it resumes the run, or begins one in a folder that another process has begun meanwhile."""
    from generate.runtime.lock import locked
    from train.training import prepare

    new = prepare.prepare

    def late(*arguments, **options):
        made = new(*arguments, **options)
        made.run.folder.mkdir(parents=True)
        (made.run.folder / "config.json").write_text("another's")
        return made

    monkeypatch.setattr(prepare, "prepare", late)
    assert train(images, *TINY, "--name", "a") == 1
    assert "To resume that run: python -m train --resume" in capsys.readouterr().err
    folder = here / "outputs/runs/a"
    assert (folder / "config.json").read_text() == "another's"
    (folder / "config.json").unlink()
    monkeypatch.setattr(prepare, "prepare", new)
    with locked(folder):
        assert train(images, *TINY, "--name", "a") == 1
    assert "outputs/runs/a' is in use by another process" in capsys.readouterr().err


def test_a_half_of_a_run_is_not_resumed_as_a_run(tmp_path, capsys):
    """It would be trained on all recordings, and counted as a half."""
    run = fake_run(tmp_path / "run")
    half = fake_run(run.folder / "budget" / "half-1-seed-0")
    assert main(["--resume", str(half.folder)]) == 1
    assert "To continue it: python -m train.budget" in capsys.readouterr().err
