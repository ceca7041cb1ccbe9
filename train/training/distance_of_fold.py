"""How far clips are from the training clips of a fold, by the features of its trained model."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from augment_audio import ORIGINAL
from train.calibration.distance import MOST_CLIPS, TrainingDistance, fit_distance
from train.models.features import with_features
from train.runs.history import EpochRow
from train.training.fold import Fold
from train.training.outputs import outputs, two_outputs
from train.training.prepare import Prepared


def outputs_and_distance(
    model: keras.Model, prepared: Prepared, fold: Fold, history: Sequence[EpochRow]
) -> tuple[np.ndarray, TrainingDistance | None, np.ndarray | None]:
    """What a trained model gives for the test images of its fold, and how far these are from the training clips.

    Parameters
    ----------
    model : keras.Model
    prepared : Prepared
    fold : Fold
    history : sequence of EpochRow
        Of the training.

    Returns
    -------
    probabilities : np.ndarray, shape=(n_test, n_classes)
    distance : TrainingDistance or None
        None with several labels an image, with a leaky split, for a model without a dense layer at its end, and where
        the training clips are too few.
    distances : np.ndarray or None, shape=(n_test,)
        Of the test images.
    """
    both, rows = _both(model, fold), fold.split.test
    if both is None:
        return outputs(model, fold.images, rows, batch_size=prepared.run.recipe.batch_size), None, None
    probabilities, features = two_outputs(both, fold.images, rows, batch_size=prepared.run.recipe.batch_size)
    distance = _distance(both, prepared, fold, history)
    return probabilities, distance, None if distance is None else distance.of(features)


def distance_of(
    model: keras.Model, prepared: Prepared, fold: Fold, history: Sequence[EpochRow]
) -> TrainingDistance | None:
    """As `outputs_and_distance`, where there is no test image."""
    both = _both(model, fold)
    return None if both is None else _distance(both, prepared, fold, history)


def _both(model: keras.Model, fold: Fold) -> keras.Model | None:
    return None if fold.multilabel or fold.split.is_leaky else with_features(model)


def _distance(
    both: keras.Model, prepared: Prepared, fold: Fold, history: Sequence[EpochRow]
) -> TrainingDistance | None:
    is_original = (prepared.table["variant"] == ORIGINAL).to_numpy()
    rows = fold.split.train[is_original[fold.split.train]]
    if len(rows) > MOST_CLIPS:
        rows = np.sort(np.random.default_rng(fold.seed).permutation(rows)[:MOST_CLIPS])
    is_frozen = all(row["phase"] == "head" for row in history)
    if is_frozen and all(row in fold.features for row in rows.tolist()):  # they were computed for the last layer
        features = np.stack([fold.features[row] for row in rows.tolist()]) if len(rows) else np.zeros((0, 1))
    elif len(rows):
        _, features = two_outputs(both, fold.images, rows, batch_size=prepared.run.recipe.batch_size)
    else:
        return None
    if not np.isfinite(features).all():
        return None
    return fit_distance(features, fold.targets[rows].argmax(axis=1))
