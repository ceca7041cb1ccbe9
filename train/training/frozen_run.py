"""The images, classes and folds of a run, with a pretrained model of which the last layer alone is fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from train import backend
from train.data.image_folder import read_unchanged_images
from train.data.split import splits_of, tested_in
from train.predict.fold_models import refuse_leaky
from train.recipe import Recipe
from train.runs.allowed_weights import check_weights_file
from train.runs.run_folder import Run
from train.runs.same_folds import check_same_folds

if TYPE_CHECKING:
    from train.training.prepare import Prepared

OF_THE_SPLIT = ("classes", "leave_out", "ignore_folds", "n_folds", "class_weights", "seed")
OF_THE_MODEL = ("model", "weights", "input_size", "batch_size", "mixed_precision")
"""Options of a run's recipe that are used here too; those of the model only where it is pretrained."""


def check_run(run: Run) -> None:
    """Check that the predictions of a run are out of fold, and of one label a clip.

    Parameters
    ----------
    run : Run

    Raises
    ------
    ValueError
        If it is leaky, or of several labels a clip.
    """
    if run.multilabel:
        raise ValueError(
            f"The run must have one label a clip. Got {str(run.folder)!r}, which has several. Give another run."
        )
    refuse_leaky(run)


def frozen_recipe(run: Run) -> Recipe:
    """The recipe of `--quality fast` on originals for the folds of a run.

    A run from scratch, or of a model without a last layer that can be fitted, gets the default model.

    Images are of the size that the run's own model sees.

    Parameters
    ----------
    run : Run
    """
    from train.models.registry import MODELS  # loads Keras

    has_features = run.recipe.weights != "none" and MODELS[run.recipe.model].has_linear_head
    names = (*OF_THE_SPLIT, *OF_THE_MODEL) if has_features else OF_THE_SPLIT
    values = {"input_size": run.input_size[0]} | {name: getattr(run.recipe, name) for name in names}
    return Recipe.of_quality("fast", values | {"train_variants": ()})


def prepare_frozen(run: Run, *, cache: str = "auto") -> Prepared:
    """Prepare it, and load Keras for that.

    Parameters
    ----------
    run : Run
        With a grouped split.
    cache : {"auto", "memory", "disk"}
        See `train.data.disk_cache`.

    Raises
    ------
    FileNotFoundError, ValueError
        If the images are not there, or no longer those that the run began with, or its weights are of a file outside
        the working directory.
    """
    check_weights_file(run)
    backend.set_up()
    from train.training.prepare import prepare

    read_unchanged_images(run.images, fingerprint=run.image_settings()["fingerprint"], sha256=run.table_sha256)
    prepared = prepare(run.images, frozen_recipe(run), cache=cache)
    # Where folds are made, those with one for validation may be others.
    is_same = run.recipe.select == "last"
    splits = prepared.splits if is_same else splits_of(replace(run.recipe, train_variants=()), prepared.table)
    check_same_folds(run, tested_in(splits, prepared.table))
    if is_same:
        return prepared
    parts = [np.sort(np.concatenate([split.train, split.validation])) for split in splits]
    empty = np.zeros(0, dtype=int)
    return replace(
        prepared,
        splits=[replace(split, train=part, validation=empty) for split, part in zip(splits, parts, strict=True)],
    )
