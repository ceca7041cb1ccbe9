"""The models of a run's folds, and the mean of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from generate.runtime.os_compat import quoted
from train import backend
from train.recipe import LEAKY
from train.runs.run_folder import FOLD, Run

if TYPE_CHECKING:
    import keras


def folds_to_average(run: Run, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
    """Folds whose models are to be averaged: all that are finished, or those of them that are wanted.

    Raises
    ------
    ValueError
        If there are none, or one that is wanted is not finished.
    """
    finished = run.finished_folds
    if not finished:
        raise ValueError(
            f"No fold of the run {str(run.folder)!r} is finished, so it has no model yet. "
            f"`python -m train --resume {quoted(run.folder)}` goes on with it."
        )
    absent = [fold for fold in wanted or () if fold not in finished]
    if absent:
        raise ValueError(
            f"The run {str(run.folder)!r} has no finished fold {absent[0]!r}; it has {', '.join(finished)}."
        )
    return tuple(fold for fold in finished if wanted is None or fold in wanted)


def is_leaky(run: Run) -> bool:
    """Whether relatives of what the run tested were trained on, so that its figure does not hold.

    Raises
    ------
    ValueError
        If the description of a fold cannot be read.
    """
    try:
        return run.recipe.protocol in LEAKY or any(run.read_fold(fold).get("is_leaky") for fold in run.finished_folds)
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"A {FOLD} of the run {str(run.folder)!r} is not as this program wrote it ({error})."
        ) from None


def load_models(run: Run, folds: Sequence[str]) -> list[keras.Model]:
    """Load the model of each of some folds.

    Raises
    ------
    FileNotFoundError, ValueError
        If one is not there, cannot be read, or is not a model of this run.
    """
    backend.set_up()
    from train.models import checkpoint

    models = []
    for fold in folds:
        path = run.model_file(fold)
        fix = (
            f"Delete the folder {str(run.fold_folder(fold))!r} and train the fold again "
            f"(python -m train --resume {quoted(run.folder)}), or take other --folds."
        )
        if not path.is_file():
            raise FileNotFoundError(f"The model {str(path)!r} is not there. {fix}")
        model = checkpoint.load(path)
        expected = (*run.input_size, 3), len(run.classes)
        if (found := _shapes(model)) != expected:
            raise ValueError(
                f"The model {str(path)!r} goes from images of shape {found[0]} to {found[1]} outputs; expected "
                f"{expected[0]} to {expected[1]}, as the run says. {fix}"
            )
        models.append(model)
    return models


def mean_probabilities(models: Sequence[keras.Model], images: np.ndarray) -> np.ndarray:
    """What models say of images, averaged over the models.

    Parameters
    ----------
    models : sequence of keras.Model
    images : np.ndarray, shape=(n, height, width, 3), uint8

    Returns
    -------
    np.ndarray, shape=(n, n_classes), float64

    Raises
    ------
    ValueError
        If a model gives no numbers.
    """
    probabilities = np.mean([np.asarray(model.predict_on_batch(images), np.float64) for model in models], axis=0)
    if not np.isfinite(probabilities).all():
        raise ValueError("A model of this run gives no numbers (NaN): its training went wrong. Take other --folds.")
    return probabilities


def _shapes(model: keras.Model) -> tuple[object, object]:
    """Shape of a model's images, and number of its outputs."""
    try:
        return tuple(model.input_shape[1:]), model.output_shape[-1]
    except (AttributeError, TypeError, ValueError):
        return "unknown", "unknown"
