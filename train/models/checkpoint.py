"""A model on disk, whole or not at all, with what is needed to go on training it."""

from __future__ import annotations

import errno
import json
import os
import re
import zipfile
from pathlib import Path

import keras

import train.models.registry  # noqa: F401  (its layers must be known to load a model)
from generate.runtime.atomic_write import atomic_write
from generate.runtime.json_check import TEXT, check, number
from generate.runtime.memory_limit import is_out_of_memory
from train.models.model_file import NOTES, check_model

HALF = re.compile(r"(last|best)\.\d+\.tmp\.keras|(history\.csv|predictions\.csv|fold\.json)\.\d+\.tmp")
"""What files of a fold are called while they are written."""
NUMBER = number(nan=True)
OF_EPOCH = {
    **dict.fromkeys(("learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"), NUMBER),
    "epoch": number(1, 10**9, whole=True),
    "phase": TEXT,
}
"""What is noted of each epoch beside a model."""
DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Full, the user's part of it full, a file larger than allowed, read-only."""


def save(model: keras.Model, path: Path, history: list[dict[str, object]], *, with_optimizer: bool = True) -> None:
    """Write a model to a temporary name, put it on the disk, and move it to its own.

    Parameters
    ----------
    model : keras.Model
    path : Path
        Ends in `.keras`.
    history : list of dict
        One an epoch that is done. In the same file as the weights, so that the two never disagree.
    with_optimizer : bool
        Needed to go on, and not to predict.
    """
    # A new model of the same layers has no optimizer; Keras's own option for that is for older formats.
    saved = model if with_optimizer else keras.Model(model.inputs, model.outputs, name=model.name)
    # Keras saves under names in .keras alone.
    name = f"{path.stem}.{os.getpid()}.tmp.keras"
    with atomic_write(path, temporary_name=name) as temporary:
        keras.saving.save_model(saved, temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(NOTES, json.dumps(history))


def remove_halves(folder: Path) -> None:
    """Remove what a killed run left half written."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if HALF.fullmatch(path.name):
            path.unlink()


def load(path: Path, *, to_go_on: bool = False) -> keras.Model:
    """Read a model.

    Parameters
    ----------
    path : Path
    to_go_on : bool
        With its optimizer.

    Raises
    ------
    ValueError
        If it cannot be read; nothing in it is run.
    """
    try:
        check_model(path)
        return keras.saving.load_model(path, compile=to_go_on, safe_mode=True)
    except Exception as error:
        # Keras unpacks the file: that a disk is full is no fault of the model, which must not be deleted for it.
        if is_out_of_memory(error) or getattr(error, "errno", None) in DISK_FAULTS:
            raise
        raise _unreadable(path, error) from error


def read_history(path: Path) -> list[dict[str, object]]:
    """What `save` was given beside the model.

    Raises
    ------
    ValueError
        If the model cannot be read.
    """
    try:
        check_model(path)
        with zipfile.ZipFile(path) as archive:
            history = json.loads(archive.read(NOTES))
        if not isinstance(history, list):
            raise ValueError(f"its {NOTES} is no history")
        for row in history:
            check(row, {name: OF_EPOCH[name] for name in ("epoch", "phase", "loss")}, optional=OF_EPOCH)
        return history
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> ValueError:
    why = (str(error) or type(error).__name__).splitlines()[0][:200]
    return ValueError(
        f"The model {str(path)!r} cannot be read ({why}). Delete the folder of its fold and train the fold again: "
        "python -m train --resume RUN."
    )
