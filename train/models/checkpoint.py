"""Models of a run on disk, written atomically, with what is needed to resume training."""

from __future__ import annotations

import json
import os
import re
import zipfile
from pathlib import Path

import keras

from generate.runtime.atomic_write import atomic_write
from generate.runtime.json_check import TEXT, check, number
from generate.runtime.memory_limit import is_out_of_memory
from train import backend
from train.models.build import build_from_recipe
from train.models.weights import HISTORY, check_members, load_weights
from train.recipe import Recipe
from train.runs.run_folder import FINAL

UNFINISHED = re.compile(r"(last|best)\.\d+\.tmp\.keras|(history\.csv|predictions\.csv|fold\.json)\.\d+\.tmp")
"""Names of a fold's files while they are written."""
NUMBER = number(nan=True)
OF_EPOCH = {
    **dict.fromkeys(("learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"), NUMBER),
    "epoch": number(1, 10**9, whole=True),
    "phase": TEXT,
}
"""Columns of the history."""


def save(model: keras.Model, path: Path, history: list[dict[str, object]], *, with_optimizer: bool = True) -> None:
    """Write a model atomically.

    Parameters
    ----------
    model : keras.Model
    path : Path
        Ends in `.keras`.
    history : list of dict
        One row per finished epoch; in the same file as the weights, so that the two never disagree.
    with_optimizer : bool
        Needed to resume training, but not to predict.
    """
    # A new model of the same layers has no optimizer; Keras's own option for that is for older formats.
    saved = model if with_optimizer else keras.Model(model.inputs, model.outputs, name=model.name)
    # Keras refuses other endings than .keras.
    name = f"{path.stem}.{os.getpid()}.tmp.keras"
    with atomic_write(path, temporary_name=name) as temporary:
        keras.saving.save_model(saved, temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(HISTORY, json.dumps(history))


def remove_halves(folder: Path) -> None:
    """Remove the files that a killed process was writing."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if UNFINISHED.fullmatch(path.name):
            path.unlink()


def load(path: Path, recipe: Recipe, *, n_classes: int, size: tuple[int, int], multilabel: bool = False) -> keras.Model:
    """Build the model of a recipe, and read its weights; it has no optimizer.

    Parameters
    ----------
    path : Path
        Ends in `.keras`.
    recipe : Recipe
        That the model was trained with.
    n_classes : int
    size : tuple of (int, int)
        Height and width of its images, in pixels.
    multilabel : bool
        See `train.models.build.build_model`.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    try:
        half_precision = recipe.mixed_precision and backend.has_gpu()
        model = build_from_recipe(
            recipe, n_classes=n_classes, size=size, half_precision=half_precision, multilabel=multilabel
        )
        load_weights(model, path)
        return model
    except Exception as error:
        raise _unreadable(path, error) from error


def restore(model: keras.Model, path: Path, *, with_optimizer: bool = False) -> None:
    """Read the weights that `save` wrote into a model of the same recipe that is there already.

    Parameters
    ----------
    model : keras.Model
        With `with_optimizer`, compiled, and its optimizer built.
    path : Path
    with_optimizer : bool
        Read the state of the optimizer too.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    try:
        load_weights(model, path, with_optimizer=with_optimizer)
    except Exception as error:
        raise _unreadable(path, error) from error


def read_history(path: Path) -> list[dict[str, object]]:
    """Read the history that `save` was given.

    Raises
    ------
    ValueError
        If the model cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path.stat().st_size)
            history = json.loads(archive.read(HISTORY))
        if not isinstance(history, list):
            raise ValueError(f"its {HISTORY} is not a list")
        for row in history:
            check(row, {name: OF_EPOCH[name] for name in ("epoch", "phase", "loss")}, optional=OF_EPOCH)
        return history
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> Exception:
    """What to raise for a file that could not be read."""
    if is_out_of_memory(error):  # which is no reason to delete the file
        return error
    why = (str(error) or type(error).__name__).splitlines()[0][:200]
    what, command = ("fold", "train --resume") if path.parent.name != FINAL else ("model", "train.finalize")
    return ValueError(
        f"The model {str(path)!r} cannot be read ({why}). Delete the folder of its {what} and train the {what} again: "
        f"python -m {command} RUN."
    )
