"""The history of a fold: a row per epoch, which epoch is tested, and when to stop early."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generate.dataset import tables
from train.recipe import Recipe
from train.runs.run_folder import HISTORY

EpochRow = dict[str, Any]
"""Of one epoch: its number from 1, its phase, learning rate, losses, accuracies and seconds."""


def write_history(folder: Path, history: list[EpochRow]) -> None:
    """Write `history.csv`.

    Parameters
    ----------
    folder : Path
        Of the fold.
    history : list of dict
        One row per epoch.
    """
    tables.write_table(folder / HISTORY, pd.DataFrame(history))


def tested_epoch(recipe: Recipe, history: list[EpochRow]) -> int:
    """Number, from 1, of the epoch whose weights are tested.

    Parameters
    ----------
    recipe : Recipe
        With `select="validation"` it is the one with the least loss on the validation fold; else the last one.
    history : list of dict
    """
    if recipe.select == "last":
        return len(history)
    return 1 + int(np.argmin([row["val_loss"] for row in history]))


def has_waited(recipe: Recipe, phase: str, history: list[EpochRow]) -> bool:
    """Whether the last epochs of a phase were no better than one before them, as often as `patience` says.

    Parameters
    ----------
    recipe : Recipe
    phase : str
        Name of the one that is being trained.
    history : list of dict
        Of all phases.
    """
    of_phase = [row for row in history if row["phase"] == phase]
    if not recipe.patience or not of_phase:
        return False
    return len(of_phase) - tested_epoch(recipe, of_phase) >= recipe.patience
