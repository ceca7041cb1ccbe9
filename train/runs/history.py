"""The history of a fold: what each epoch gave, which one is tested, and when to stop waiting for a better one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset import tables
from train.recipe import Recipe
from train.runs.run_folder import HISTORY


def write_history(folder: Path, history: list[dict[str, object]]) -> None:
    """Write `history.csv`.

    Parameters
    ----------
    folder : Path
        Of the fold.
    history : list of dict
        One an epoch: its number from 1, its phase, learning rate, losses, accuracies and seconds.
    """
    tables.write_table(folder / HISTORY, pd.DataFrame(history))


def tested_epoch(recipe: Recipe, history: list[dict[str, object]]) -> int:
    """Number, from 1, of the epoch whose weights are tested.

    Parameters
    ----------
    recipe : Recipe
        With `select="validation"` it is the one with the least loss on the fold that is kept aside; else the last one.
    history : list of dict
    """
    if recipe.select == "last":
        return len(history)
    return 1 + int(np.argmin([row["val_loss"] for row in history]))


def has_waited(recipe: Recipe, phase: str, history: list[dict[str, object]]) -> bool:
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
