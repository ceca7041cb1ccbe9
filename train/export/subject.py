"""What is exported: the models of a run, with the rendering of its images and its calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from generate.dataset.label_sets import join_labels
from train.calibration.saved import SavedCalibration, read_calibration
from train.calibration.thresholds import reaches
from train.data.decode import colour
from train.export.options import INPUTS
from train.export.rendering import Rendering, check_rendering, rendering
from train.predict.classifier import Classifier, load_classifier
from train.predict.fold_models import folds_to_average, is_leaky
from train.predict.windows import FrontEnd, front_end
from train.runs.run_folder import FINAL, Run


@dataclass(frozen=True)
class Subject:
    """What is exported.

    Parameters
    ----------
    run : Run
    folds : tuple of str
        Whose models are averaged; `(FINAL,)`: the final model.
    front : FrontEnd
    calibration : SavedCalibration
    input : {"audio", "image"}
        Whether the rendering is part of it.
    """

    run: Run
    folds: tuple[str, ...]
    front: FrontEnd
    calibration: SavedCalibration
    input: str = "audio"

    @cached_property
    def classifier(self) -> Classifier:
        """In full precision."""
        recipe = replace(self.run.recipe, mixed_precision=False)
        return load_classifier(replace(self.run, recipe=recipe), self.folds, self.calibration)

    @cached_property
    def rendering(self) -> Rendering | None:
        """None where images are the input."""
        return rendering(self.front) if self.input == "audio" else None

    @property
    def held_out_fold(self) -> str | None:
        """The fold whose clips the model was not trained on: of the model of one fold alone, with a grouped split."""
        return self.folds[0] if len(self.folds) == 1 and self.folds != (FINAL,) and not is_leaky(self.run) else None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images that the models see."""
        return self.run.input_size

    def predict(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `train.predict` gives for images, shape=(n, height, width), uint8.

        Returns
        -------
        probabilities : np.ndarray, shape=(n, n_classes)
        unlikeness : np.ndarray, shape=(n,)
            See `train.predict.classifier.Classifier.predict`.
        """
        return self.classifier.predict(colour(pixels, self.front.palette))

    def labels(self, probabilities: np.ndarray) -> np.ndarray:
        """What probabilities, shape=(n, n_classes), say, as the column `label` has it: shape=(n,), str.

        The most probable class; where clips may have several labels, all that reach their thresholds.
        """
        classes = np.array(self.run.classes, dtype=object)
        if not self.run.multilabel:
            return classes[probabilities.argmax(axis=1)]
        has = reaches(probabilities, [self.calibration.threshold(name) for name in classes])
        return np.array([join_labels(classes[row]) for row in has], dtype=object)


def subject_of(run: Run, *, folds: Sequence[str] | None = None, input: str = "audio") -> Subject:
    """Choose the models of a run, and check that they can be exported.

    Parameters
    ----------
    run : Run
    folds : sequence of str, optional
        See `train.predict.fold_models.folds_to_average`.
    input : {"audio", "image"}

    Raises
    ------
    FileNotFoundError, ValueError
        If a fold is not finished, or the rendering cannot be part of an export.
    """
    if input not in INPUTS:
        raise ValueError(f"--input must be one of {', '.join(INPUTS)}. Got {input!r}.")
    front = front_end(run)
    if input == "audio":
        check_rendering(front)
    return Subject(run, folds_to_average(run, folds), front, read_calibration(run.folder, run.classes), input)
