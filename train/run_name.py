"""What the folder of a run is called."""

from __future__ import annotations

from pathlib import Path

from train.recipe import LEAKY, Recipe

RUNS = Path("outputs/runs")
NOT_IN_A_NAME = frozenset('/\\\n\0:*?"<>|')
"""What a folder cannot be called on one system or another."""


def check_name(name: str, runs: Path) -> None:
    """See that a name is one of a folder, or empty.

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
        raise ValueError(f"--name is {name!r}; expected the name of a folder in {str(runs)!r}, such as first-try.")


def default_name(images: Path, recipe: Recipe) -> str:
    """Such as `ESC-10-cnn9`, and `ESC-10-cnn9-leaky` where the figures will not hold.

    Parameters
    ----------
    images : Path
        The picture folder.
    recipe : Recipe
    """
    leaky = "-leaky" if recipe.protocol in LEAKY or recipe.keep_relatives else ""
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
