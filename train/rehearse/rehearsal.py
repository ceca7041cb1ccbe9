"""The main function of a rehearsal: each clip, degraded, is predicted by the model that was not trained on it."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from generate.gallery.listen import job_of
from generate.runtime.progress import Progress
from generate.workers import fork_server
from generate.workers.pool import usable_cores
from generate.workers.processes import map_ordered
from train.data.decode import Images, image_palette
from train.predict.fold_models import models_in_turn
from train.predict.recordings import MAX_READERS
from train.rehearse.degraded_clip import DegradedClip, degrade_clip
from train.rehearse.plan import Plan
from train.rehearse.results import CLEAN, Condition, calibrations, conditions, predictions_of
from train.report.results import probabilities_and_truth

if TYPE_CHECKING:
    import keras

CLIPS_AT_ONCE = 32
"""Clips whose images are held at a time."""
ROUNDING_LEVELS = 2
"""By so many of 255 pixel values an image may differ where other versions of numpy or scipy rendered it."""


@dataclass(frozen=True)
class Rehearsal:
    """The results of a rehearsal.

    Parameters
    ----------
    plan : Plan
    conditions : tuple of Condition
        The first is `clean`.
    predictions : pandas.DataFrame
        One row a clip and condition; see `train.rehearse.results.predictions_of`.
    n_images_differ : int
        Clean images that differ from the stored ones, by `ROUNDING_LEVELS` at most.
    n_predictions_differ : int
        Clean clips that are not predicted as in the run's own test.
    """

    plan: Plan
    conditions: tuple[Condition, ...]
    predictions: pd.DataFrame
    n_images_differ: int
    n_predictions_differ: int


def rehearse(plan: Plan, *, batch_size: int = 32) -> Rehearsal:
    """Predict each clip clean and after each degradation, by the model that was not trained on its recording.

    Parameters
    ----------
    plan : Plan
    batch_size : int
        Images that go through a model at once.

    Raises
    ------
    FileNotFoundError, ValueError
        If a model is missing, a clip cannot be read, or its image is not the stored one.
    """
    fork_server.start()
    names = [CLEAN, *plan.how.names]
    classes, known = plan.run.classes, plan.calibrated_on
    probabilities, truth = probabilities_and_truth(plan.run, known)
    by_fold = calibrations(probabilities, truth, known["fold"].to_numpy(), known["source_id"].to_numpy())
    tests = plan.tests.sort_values("fold", kind="stable", key=lambda fold: fold.map(plan.run.folds.index))
    tables, n_images_differ = [], 0
    with _degraded(plan, tests) as clips:
        for fold, model in models_in_turn(plan.run, list(tests["fold"].unique())):
            of_fold = tests[tests["fold"] == fold]
            left, parts = iter(itertools.islice(clips, len(of_fold))), []
            while batch := list(itertools.islice(left, CLIPS_AT_ONCE)):
                n_images_differ += sum(clip.largest_difference > 0 for clip in batch)
                parts.append(_predict(model, np.stack([clip.pixels for clip in batch]), plan, batch_size))
            probabilities = np.concatenate(parts)
            tables += [
                predictions_of(probabilities[:, k], of_fold, name, classes, by_fold[fold])
                for k, name in enumerate(names)
            ]
    predictions = pd.concat(tables, ignore_index=True)
    clean = predictions[predictions["condition"] == CLEAN]
    return Rehearsal(
        plan,
        conditions(predictions, names, classes),
        predictions,
        n_images_differ=n_images_differ,
        n_predictions_differ=int((clean["predicted"].to_numpy() != tests["predicted"].to_numpy()).sum()),
    )


@contextmanager
def _degraded(plan: Plan, tests: pd.DataFrame) -> Iterator[Iterator[DegradedClip]]:
    """Yield the clips of the tests in order; worker processes read and render them, a few ahead."""
    rows = (plan.clips.loc[[name]] for name in tests["file_name"])
    parts = ((row["clip_id"].iloc[0], job_of(row, plan.how.front), row["file_name"].iloc[0]) for row in rows)
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        Progress(len(tests)) as progress,
        closing(
            map_ordered(
                partial(degrade_clip, how=plan.how),
                parts,
                workers=min(MAX_READERS, usable_cores()),
                temporary_folder=Path(temporary),
            )
        ) as outcomes,
    ):
        yield (_checked(str(part[0]), outcome, progress) for part, outcome in outcomes)


def _checked(clip_id: str, outcome: DegradedClip | str, progress: Progress) -> DegradedClip:
    """A clip whose image is the stored one, to rounding."""
    if isinstance(outcome, str):
        raise ValueError(f"All clips of the run must be readable. Got {clip_id!r}: {outcome}.")
    if outcome.largest_difference > ROUNDING_LEVELS:
        raise ValueError(
            f"The audio must give the images that the run tested. Got another one for the clip {clip_id!r}, by up to "
            f"{outcome.largest_difference} of 255 pixel values. Name the folder of these recordings with "
            "--audio-folder; if they have changed, render them and train again."
        )
    progress.step(n_rejected=0)
    return outcome


def _predict(model: keras.Model, pixels: np.ndarray, plan: Plan, batch_size: int) -> np.ndarray:
    """Probabilities of the images of some clips, shape=(n_clips, n_conditions, n_classes), float64."""
    from train.training.outputs import outputs

    flat = pixels.reshape(-1, *pixels.shape[2:])
    images = Images(flat, image_palette(plan.how.front.settings))
    probabilities = outputs(model, images, np.arange(len(flat)), batch_size=batch_size).astype(np.float64)
    if not np.isfinite(probabilities).all():
        raise ValueError("A model of this run predicts NaN: its training diverged. Train it again.")
    return probabilities.reshape(*pixels.shape[:2], -1)
