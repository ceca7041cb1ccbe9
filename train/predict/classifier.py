"""The models of a run with its calibration: probabilities, and whether a sound is like the training clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from generate.runtime.os_compat import quoted
from train.calibration.distance import FILE, TrainingDistance, read_distance
from train.calibration.saved import SavedCalibration
from train.calibration.temperature import with_temperature
from train.predict.fold_models import load_models
from train.runs.run_folder import FINAL, Run

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Classifier:
    """The models of some folds with the calibration of their run: the mean of what they give.

    Parameters
    ----------
    models : sequence of keras.Model
        Where there are `distances`, each with the features that its last layer sees as a second output.
    temperature : float
        See `train.calibration.temperature`.
    multilabel : bool
        Whether each class has a probability of its own.
    distances : tuple of TrainingDistance
        Of each model; empty: no sound is unlike the training clips.
    most_distance : float
        Beyond it, it is.
    """

    models: Sequence[keras.Model]
    temperature: float = 1.0
    multilabel: bool = False
    distances: tuple[TrainingDistance, ...] = ()
    most_distance: float = math.inf

    def predict(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Predict the class probabilities of images, and how unlike the training clips they are.

        Parameters
        ----------
        images : np.ndarray, shape=(n, height, width, 3), uint8

        Returns
        -------
        probabilities : np.ndarray, shape=(n, n_classes), float64
        unlikeness : np.ndarray, shape=(n,), float64
            The distance as a fraction of the limit: above 1 they are unlike; 0 where there is no limit.

        Raises
        ------
        ValueError
            If a model predicts NaN or infinity.
        """
        given = [model.predict_on_batch(images) for model in self.models]
        if not self.distances:
            return self._mean(given), np.zeros(len(images))
        far = [distance.of(np.asarray(features)) for distance, (_, features) in zip(self.distances, given, strict=True)]
        return self._mean([probabilities for probabilities, _ in given]), np.mean(far, axis=0) / self.most_distance

    def _mean(self, given: Sequence[np.ndarray]) -> np.ndarray:
        parts = [
            with_temperature(np.asarray(part, np.float64), self.temperature, multilabel=self.multilabel)
            for part in given
        ]
        probabilities = np.mean(parts, axis=0)
        if not np.isfinite(probabilities).all():
            raise ValueError(
                "A model of this run predicts NaN: its training diverged. Use other --folds, or train it again."
            )
        return np.asarray(probabilities)


def load_classifier(
    run: Run,
    folds: Sequence[str],
    calibration: SavedCalibration,
    *,
    any_sound: bool = False,
    models: Sequence[keras.Model] | None = None,
) -> Classifier:
    """Load the models of some folds with what is needed to use them.

    Parameters
    ----------
    run : Run
    folds : sequence of str
    calibration : SavedCalibration
        Of the run.
    any_sound : bool
        Without the distance from the training clips.
    models : sequence of keras.Model, optional
        Those of the folds, where they are loaded already.

    Raises
    ------
    FileNotFoundError, ValueError
        If a file is missing, cannot be read, or does not fit this run.
    """
    models = load_models(run, folds) if models is None else models
    plain = Classifier(models, calibration.temperature, run.multilabel)
    if any_sound or not calibration.most_distance:
        return plain
    from train.models.features import with_features

    both = [with_features(model) for model in models]
    distances = tuple(_distance(run, fold, model) for fold, model in zip(folds, both, strict=True))
    return replace(plain, models=both, distances=distances, most_distance=calibration.most_distance)


def _distance(run: Run, fold: str, both: keras.Model | None) -> TrainingDistance:
    folder = run.fold_folder(fold)
    n_features = 0 if both is None else both.outputs[1].shape[-1]
    distance = read_distance(folder, n_features=n_features, n_classes=len(run.classes))
    if distance is None:
        again = "train.finalize" if fold == FINAL else "train --resume"
        raise FileNotFoundError(
            f"{str(folder / FILE)!r} does not exist, which says what is unlike the training clips. Delete the folder "
            f"{folder.name!r} and train it again (python -m {again} {quoted(run.folder)}), or predict with --any-sound."
        )
    return distance
