"""The nets of a run's folds, and the mean of what they say."""

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
    """Folds whose nets are to be averaged: all that are finished, or those of them that are wanted.

    Raises
    ------
    ValueError
        If there are none, or one that is wanted is not finished.
    """
    finished = run.finished_folds
    if not finished:
        raise ValueError(
            f"No fold of the run {str(run.folder)!r} is finished, so it has no net yet. "
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


def load_nets(run: Run, folds: Sequence[str]) -> list[keras.Model]:
    """Load the net of each of some folds.

    Raises
    ------
    FileNotFoundError, ValueError
        If one is not there, cannot be read, or is not a net of this run.
    """
    backend.set_up()
    from train.models import checkpoint

    nets = []
    for fold in folds:
        path = run.model_file(fold)
        mend = (
            f"Delete the folder {str(run.fold_folder(fold))!r} and train the fold again "
            f"(python -m train --resume {quoted(run.folder)}), or take other --folds."
        )
        if not path.is_file():
            raise FileNotFoundError(f"The net {str(path)!r} is not there. {mend}")
        net = checkpoint.load(path)
        expected = (*run.input_size, 3), len(run.classes)
        if (found := _shapes(net)) != expected:
            raise ValueError(
                f"The net {str(path)!r} goes from pictures of shape {found[0]} to {found[1]} outputs; expected "
                f"{expected[0]} to {expected[1]}, as the run says. {mend}"
            )
        nets.append(net)
    return nets


def mean_probabilities(nets: Sequence[keras.Model], pictures: np.ndarray) -> np.ndarray:
    """What nets say of pictures, averaged over the nets.

    Parameters
    ----------
    nets : sequence of keras.Model
    pictures : np.ndarray, shape=(n, height, width, 3), uint8

    Returns
    -------
    np.ndarray, shape=(n, n_classes), float64

    Raises
    ------
    ValueError
        If a net gives no numbers.
    """
    probabilities = np.mean([np.asarray(net.predict_on_batch(pictures), np.float64) for net in nets], axis=0)
    if not np.isfinite(probabilities).all():
        raise ValueError("A net of this run gives no numbers (NaN): its training went wrong. Take other --folds.")
    return probabilities


def _shapes(net: keras.Model) -> tuple[object, object]:
    """Shape of a net's pictures, and number of its outputs."""
    try:
        return tuple(net.input_shape[1:]), net.output_shape[-1]
    except (AttributeError, TypeError, ValueError):
        return "unknown", "unknown"
