"""A net on disk, whole or not at all, with what is needed to go on training it."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import keras

import train.models  # noqa: F401  (its layers must be known to load a net)
from generate.whole_file import whole_file
from train import device

NOTES = "training.json"
"""Member of the file, which is a zip archive; Keras passes it over."""


def save(model: keras.Model, path: Path, history: list[dict[str, object]], *, with_optimizer: bool = True) -> None:
    """Write a net to a temporary name, put it on the disk, and move it to its own.

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
    # A new net of the same layers has no optimizer; Keras's own option for that is for older formats.
    saved = model if with_optimizer else keras.Model(model.inputs, model.outputs, name=model.name)
    # Keras saves under names in .keras alone.
    with whole_file(path, temporary_name=f"{path.stem}.{os.getpid()}.tmp.keras") as temporary:
        keras.saving.save_model(saved, temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(NOTES, json.dumps(history))


def remove_halves(folder: Path) -> None:
    """Remove what a killed run left half written."""
    for path in folder.glob("*.tmp*"):
        path.unlink()


def load(path: Path, *, to_go_on: bool = False) -> keras.Model:
    """Read a net.

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
        return keras.saving.load_model(path, compile=to_go_on, safe_mode=True)
    except Exception as error:
        if device.is_out_of_memory(error):
            raise
        raise ValueError(
            f"The net {str(path)!r} cannot be read ({type(error).__name__}: {str(error).splitlines()[0][:200]}). "
            "Delete the folder of its fold and train the fold again: python -m train --resume RUN."
        ) from error


def read_history(path: Path) -> list[dict[str, object]]:
    """What `save` was given beside the net."""
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(NOTES))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"The net {str(path)!r} cannot be read ({error}).") from None
