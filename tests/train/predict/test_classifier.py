"""The probabilities of several models: calibrated as the run says, then averaged."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.fake_runs import fake_run
from train.calibration.distance import TrainingDistance, write_distance
from train.calibration.saved import SavedCalibration, read_calibration, write_calibration
from train.predict.classifier import Classifier, load_classifier
from train.runs.run_folder import Run


class Given:
    """A model that predicts what it was given."""

    def __init__(self, *given: np.ndarray) -> None:
        self.given = self.outputs = given

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray | tuple[np.ndarray, ...]:
        return self.given[0] if len(self.given) == 1 else self.given


@pytest.fixture
def run(tmp_path) -> Run:
    return fake_run(tmp_path / "run")


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_each_model_is_brought_to_the_temperature_of_the_run_and_then_averaged(run, temperature):
    write_calibration(run.folder, temperature=temperature, thresholds=dict.fromkeys(run.classes, 0.5))
    given = np.random.default_rng(0).dirichlet(np.ones(3), (2, 5))
    calibration = read_calibration(run.folder, run.classes)
    classifier = load_classifier(run, ["1", "2"], calibration, models=[Given(p) for p in given])
    found, unlikeness = classifier.predict(np.zeros((5, 8, 8, 3), np.uint8))
    powers = given ** (1 / temperature)
    np.testing.assert_allclose(found, (powers / powers.sum(axis=-1, keepdims=True)).mean(axis=0))
    assert not unlikeness.any()


def test_the_distance_of_each_model_is_that_of_its_own_training_clips():
    given, rng = np.full((5, 3), 1 / 3), np.random.default_rng(0)
    features = rng.normal(size=(2, 5, 6))
    distances = tuple(TrainingDistance(rng.normal(size=(6, 4)), rng.normal(size=(3, 4))) for _ in range(2))
    models = [Given(given, of_model) for of_model in features]
    classifier = Classifier(models, distances=distances, most_distance=2.5)
    found, unlikeness = classifier.predict(np.zeros((5, 8, 8, 3), np.uint8))
    np.testing.assert_allclose(found, given)
    np.testing.assert_allclose(unlikeness, (distances[0].of(features[0]) + distances[1].of(features[1])) / 2 / 2.5)


def test_each_model_is_loaded_with_the_distance_of_its_fold(run, monkeypatch):
    monkeypatch.setattr("train.models.features.with_features", lambda model: model)
    rng = np.random.default_rng(0)
    for fold in run.folds:
        arrays = (rng.normal(size=(n, 4)).astype(np.float32) for n in (6, 3))
        write_distance(run.fold_folder(fold), TrainingDistance(*arrays))
    models = {fold: Given(np.full((5, 3), 1 / 3), rng.normal(size=(5, 6))) for fold in run.folds}
    found = {}
    for folds in (["1"], ["2"], ["2", "1"]):
        loaded = load_classifier(run, folds, SavedCalibration(most_distance=1.0), models=[models[k] for k in folds])
        found[tuple(folds)] = loaded.predict(np.zeros((5, 8, 8, 3), np.uint8))[1]
    assert not np.allclose(found["1",], found["2",])
    np.testing.assert_allclose(found["2", "1"], (found["1",] + found["2",]) / 2)
