"""The folder of a new run: its name, and that it is ours to write in."""

from __future__ import annotations

from pathlib import Path

from generate.dataset.settings_file import read_settings
from generate.runtime.lock import LOCK
from generate.runtime.output_folder import check_output_folder
from train.recipe import LEAKY, Recipe
from train.runs.run_folder import CLASSES, CONFIG, SETTINGS

RUNS = Path("outputs/runs")
NOT_IN_A_NAME = frozenset('/\\\n\0:*?"<>|')
"""Characters that a folder name cannot have on one system or another."""
_BEFORE_CONFIG = frozenset({LOCK, SETTINGS, CLASSES})
"""Files of a run that was killed at its very beginning."""


def check_name(name: str, runs: Path) -> None:
    """Check that a name is one of a folder, or empty.

    Parameters
    ----------
    name : str
        As `--name` gave it.
    runs : Path
        Where the folder is to be.

    Raises
    ------
    ValueError
        If it is none.
    """
    if name in (".", "..") or set(name) & NOT_IN_A_NAME:
        raise ValueError(f"--name must be the name of a folder in {str(runs)!r}, such as first-try. Got {name!r}.")


def check_ours(folder: Path) -> None:
    """Check that a folder is new, or holds a run; folders of other programs are left alone.

    Parameters
    ----------
    folder : Path
        Of the run, which need not exist.

    Raises
    ------
    ValueError
        If it is a file, or holds something else.
    """
    check_output_folder(folder, "--name", marker=CONFIG, is_own=_BEFORE_CONFIG.__contains__)
    if (folder / SETTINGS).is_file() and not (folder / CONFIG).is_file():
        read_settings(folder / SETTINGS)


def default_name(images: Path, recipe: Recipe) -> str:
    """Such as `ESC-10-cnn9`, and `ESC-10-cnn9-leaky` where the split is leaky.

    Parameters
    ----------
    images : Path
        The image folder.
    recipe : Recipe
    """
    leaky = "-leaky" if recipe.protocol in LEAKY or recipe.allow_recording_overlap else ""
    return f"{images.resolve().name}-{recipe.model}{leaky}"


def new_folder(runs: Path, name: str) -> Path:
    """The first name that is free: `name`, `name-2`, ...

    Parameters
    ----------
    runs : Path
        Where the folder is to be.
    name : str
    """
    folder, number = runs / name, 1
    while folder.exists():
        number += 1
        folder = runs / f"{name}-{number}"
    return folder
