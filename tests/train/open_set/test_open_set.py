"""A class that was left out of training, and what is predicted for it."""

from __future__ import annotations

import numpy as np
import pytest

from train.open_set.command_line import main
from train.open_set.open_set import open_set, open_set_text
from train.recipe import Recipe

RECIPE = Recipe(model="efficientnet_lite0", views=0, input_size=64)


@pytest.fixture
def features(monkeypatch):
    """Features with a place for each class, instead of those of a model: `features(middle=[...])`."""
    from train.open_set import open_set as module

    def of(places):
        def made(prepared, rows):
            rng = np.random.default_rng(0)
            centres = np.array([places[label] for label in prepared.table["label"]], np.float32)
            return centres + 0.3 * rng.standard_normal(centres.shape).astype(np.float32)

        monkeypatch.setattr(module, "frozen_features", made)

    return of


def test_a_class_like_another_is_named_as_that(images, features):
    features({"low": [0, 0, 6], "middle": [0, 0, 5.5], "high": [9, 0, 0]})
    results = {result.label: result for result in open_set(images, RECIPE)}
    assert results["middle"].named == 1 and results["middle"].most_named == "low"
    assert results["low"].named == 1 and results["low"].most_named == "middle"
    assert {result.n_clips for result in results.values()} == {10}
    assert {result.n_recordings for result in results.values()} == {5}
    assert results["low"].interval.low is None, "five recordings are too few"


def test_other_sounds_are_no_name_and_are_not_left_out(images, features, monkeypatch):
    """What is predicted as `_other` is refused, as by `train.predict`."""
    monkeypatch.setattr("train.open_set.open_set.NOT_EVENTS", {"high"})
    features({"low": [0, 0, 6], "middle": [9, 0, 5], "high": [9, 0, 0]})
    results = {result.label: result for result in open_set(images, RECIPE)}
    assert list(results) == ["low", "middle"]
    assert results["middle"].named == 0 and results["middle"].most_named == ""


def test_a_line_a_class(images, features):
    features({"low": [0, 0, 6], "middle": [0, 0, 5.5], "high": [9, 0, 0]})
    text = open_set_text(open_set(images, RECIPE))
    assert "  low     100.0 % (no interval) of 10 clips of 5 recordings, most often as middle" in text
    assert text.splitlines()[-1].startswith("  mean of the classes ")


def test_a_real_model_on_the_command_line(images, capsys):
    """The pretrained default: tones of three heights are told apart, and what is not known is named all the same."""
    assert main([str(images)]) == 0
    assert capsys.readouterr().out.count(" of 10 clips of 5 recordings") == 3


def test_two_classes_are_too_few(images, capsys):
    assert main([str(images), "--leave-out", "low"]) == 1
    assert "must be of 3 classes and 2 folds or more" in capsys.readouterr().err


def test_a_model_from_scratch_has_nothing_to_fit(images, capsys):
    assert main([str(images), "--model", "cnn9"]) == 1
    assert "must be combined with pretrained weights" in capsys.readouterr().err
