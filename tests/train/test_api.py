"""`train.fit` and `train.load_run`: what the commands do, from Python."""

from __future__ import annotations

import importlib
import inspect
import json
import logging

import pandas as pd
import pytest
import soundfile

import train
from tests.conftest import SR, tone
from tests.train.conftest import fitted
from tests.train.fake_runs import fake_run
from train.predict.command_line import main as predict_main


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    """One fold of one epoch."""
    runs = tmp_path_factory.mktemp("runs")
    recipe = {"model": "cnn7", "ensemble": 1, "input_size": 32, "batch_size": 16, "epochs": 1, "train_variants": ()}
    return fitted(images, folds=["1"], name="first", runs=runs, **recipe)


def test_a_run_has_a_report_and_its_predictions(run):
    assert run.classes == ("high", "low", "middle")
    assert run.report.to_json() == json.loads((run.folder / "report.json").read_text())
    assert not run.report.is_leaky
    tests = run.test_predictions
    assert (tests["label"] == tests["predicted"]).mean() == run.report.pooled.accuracy
    assert "cnn7" in repr(run)


def test_it_predicts_what_the_command_predicts(run, tmp_path, caplog):
    for name, hz in (("a", 310), ("b", 6100)):
        soundfile.write(tmp_path / f"{name}.wav", tone(hz, seconds=2), SR)
    again = train.load_run(run.folder)
    with caplog.at_level(logging.WARNING):
        table = again.predict([tmp_path / "a.wav", tmp_path / "gone.wav", tmp_path / "b.wav"])
    assert predict_main([str(run.folder), str(tmp_path), "--csv", str(tmp_path / "out.csv")]) == 0
    expected = pd.read_csv(tmp_path / "out.csv")
    pd.testing.assert_frame_equal(table, expected, check_dtype=False)
    ((file, from_s, reason),) = table.attrs["rejected"]
    assert file.endswith("gone.wav") and from_s == 0 and "no such file" in reason and "gone.wav" in caplog.text
    windows = again.predict([tmp_path / "a.wav"], hop_s=0.5, folds=["1"], top=1)
    assert windows["start_s"].tolist() == [0, 0.5, 1] and "top_2" not in windows


def test_one_fold_is_not_its_letters_and_numbers_have_a_range(images, run, tmp_path):
    with pytest.raises(ValueError, match="Got '12'"):
        train.fit(images, folds="12", runs=tmp_path, model="cnn7")
    with pytest.raises(ValueError, match="--folds must name folds of the split: 1, 2, 3, 4, 5. Got none"):
        train.fit(images, folds=[], runs=tmp_path, model="cnn7")
    with pytest.raises(ValueError, match="Got '9'"):
        train.fit(images, folds=[1, 9], runs=tmp_path, model="cnn7")
    with pytest.raises(ValueError, match="Got '12'"):
        run.predict(images, folds="12")
    soundfile.write(tmp_path / "a.wav", tone(310, seconds=2), SR)
    with pytest.raises(ValueError, match="top must be 1 or more. Got -1"):
        run.predict(tmp_path / "a.wav", top=-1)
    with pytest.raises(ValueError, match="min_dbfs must be a level in dBFS"):
        run.predict(tmp_path / "a.wav", min_dbfs=float("nan"))
    with pytest.raises(ValueError, match="batch_size must be 1 or more"):
        run.predict(tmp_path / "a.wav", batch_size=0)
    (only,) = {*run.events(tmp_path / "a.wav", classes="low", min_probability=1e-6, min_dbfs=-200)["label"]}
    assert only == "low"
    assert run.events(tmp_path / "a.wav", min_probability=1e-6, min_dbfs=-1).empty  # quieter than that


def test_nothing_that_could_be_predicted_is_an_error(run, tmp_path):
    with pytest.raises(ValueError, match="gone.wav"):
        run.predict([tmp_path / "gone.wav"])


def test_what_is_no_run_and_no_option(tmp_path, images):
    with pytest.raises(FileNotFoundError):
        train.load_run(tmp_path / "gone")
    with pytest.raises(TypeError, match="modle"):
        train.fit(images, modle="cnn7")


def test_what_the_commands_on_labels_do_is_a_method_of_a_run(tmp_path, monkeypatch):
    """With the defaults of the functions that do it, and each argument under its own name."""
    run = train.load_run(fake_run(tmp_path / "run").folder)
    for method, function in (
        (run.suspects, "train.suspects.find_suspects.find_suspects"),
        (run.budget, "train.budget.learning_curve.learning_curve"),
        (run.suggest, "train.suggest.suggest.suggest"),
    ):
        module, name = function.rsplit(".", 1)
        wanted = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        own = inspect.signature(method).parameters
        given = {key: f"{key} as given" for key in own}
        monkeypatch.setattr(function, lambda run, *values, **named: (run.folder, values, named))
        folder, values, named = method(**given)
        assert folder == run.folder
        assert [*values, *named.values()] == list(given.values()) and set(named) <= set(own) & set(wanted)
        assert {k: own[k].default for k in named} == {k: wanted[k].default for k in named}
