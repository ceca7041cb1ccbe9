"""The distance that a fold leaves behind is that of its test clips, by the model that it leaves behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.train.conftest import fitted
from train.calibration.distance import fit_distance, read_distance
from train.models.features import with_features
from train.predict.fold_models import load_models
from train.training.outputs import two_outputs
from train.training.prepare import resume

TINY = {"model": "cnn7", "input_size": 32, "epochs": 1, "weights": "none", "n_folds": 2, "ensemble": 1}
FROZEN = {"quality": "fast", "input_size": 64, "n_folds": 2}
"""Whose features are those that the last layer was fitted to."""


@pytest.mark.parametrize("options", [TINY, FROZEN], ids=["trained", "last layer fitted"])
def test_the_column_is_what_the_files_give(images, tmp_path, options):
    run = fitted(images, runs=tmp_path, **options)._run
    prepared = resume(run.folder, folds=run.all_folds)
    for split in prepared.splits:
        folder = run.fold_folder(split.name)
        both = with_features(load_models(run, [split.name])[0])
        _, features = two_outputs(both, prepared.images, split.test, batch_size=16)
        distance = read_distance(folder, n_features=features.shape[1], n_classes=len(run.classes))
        table = pd.read_csv(folder / "predictions.csv")
        np.testing.assert_allclose(table["distance"], distance.of(features), rtol=1e-3, atol=1e-4)
        rows = np.concatenate([split.train[prepared.table["variant"].to_numpy()[split.train] == "original"]])
        _, trained_on = two_outputs(both, prepared.images, rows, batch_size=16)
        expected = fit_distance(trained_on, prepared.targets[rows].argmax(axis=1))
        np.testing.assert_allclose(distance.of(features), expected.of(features), rtol=0.02)
