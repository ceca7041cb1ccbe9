"""A class that was left out of training, and what is predicted for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from train.calibration.temperature import with_temperature
from train.calibration.thresholds import fit
from train.data.split import splits_of
from train.open_set.command_line import main
from train.open_set.open_set import _left_out, open_set, open_set_text
from train.recipe import Recipe
from train.training.linear_head import fit_head
from train.training.prepare import prepare

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


def test_a_model_that_heard_the_recording_is_not_asked(images):
    """Each recording has a clip of one class and two of the one that is left out, which sound like the recording."""
    prepared = prepare(images, replace(RECIPE, train_variants=()))
    number = prepared.table["source_id"].str.extract(r"(\d+)$")[0].astype(int).to_numpy()
    label, classes = prepared.table["label"].to_numpy(), prepared.run.classes
    kept = np.flatnonzero((label == "low") | (label == np.where(number % 2, "high", "middle")))
    prepared = replace(prepared, table=prepared.table.assign(source_id=number.astype(str)))
    splits = splits_of(replace(RECIPE, train_variants=(), n_folds=2), prepared.table.iloc[kept])
    splits = [replace(split, train=kept[split.train], test=kept[split.test]) for split in splits]
    of_class = (label[:, None] == np.array(["middle", "high"])) * 3.0
    features = np.hstack([of_class, 6.0 * np.eye(5)[number]]).astype(np.float32)
    truth = prepared.targets.argmax(axis=1)
    low = classes.index("low")
    found = _left_out(replace(prepared, splits=splits), features, truth, kept, low)

    # Again, each clip by the fold in which its recording was tested.
    known, known_truth, clips, by_others = [], [], [], []
    names = [k for k in range(3) if k != low]
    for split in splits:
        train, test = (rows[truth[rows] != low] for rows in (split.train, split.test))
        head = fit_head(features[train], np.searchsorted(names, truth[train]), 2)
        known.append(softmax(head.logits(features[test]), axis=1))
        known_truth.append(np.searchsorted(names, truth[test]))
        clips.append(softmax(head.logits(features[split.test[truth[split.test] == low]]), axis=1))
        by_others.append(softmax(head.logits(features[split.train[truth[split.train] == low]]), axis=1))
    calibration = fit(np.concatenate(known), np.concatenate(known_truth))
    shares = []
    for of_clips in (clips, by_others):
        scaled = with_temperature(np.concatenate(of_clips), calibration.temperature)
        shares.append((scaled.max(axis=1) >= calibration.thresholds[scaled.argmax(axis=1)]).mean())
    assert (found.n_clips, found.named) == (10, shares[0]) and shares[0] < shares[1]


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
