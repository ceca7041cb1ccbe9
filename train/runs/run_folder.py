"""The folder of a run: what its files are called, and reading them back."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from generate.dataset import settings_file
from generate.dataset.file_names import is_image_name
from generate.dataset.settings_file import SettingsFile
from generate.runtime.atomic_write import write_json
from generate.runtime.json_check import (
    SWITCH,
    TABLE,
    TEXT,
    check,
    list_of,
    number,
    or_none,
    read_json,
    shortly,
    table_of,
)
from generate.runtime.os_compat import relative_posix
from generate.runtime.safe_names import safe_name
from train.recipe import SIDES_PX, Recipe

CONFIG = "config.json"
SETTINGS = "settings.json"
CLASSES = "classes.json"
PREDICTIONS = "predictions.csv"
REPORT = "report.json"
CONFUSION_CSV, CONFUSION_PNG = "confusion_matrix.csv", "confusion_matrix.png"
CURVES = "curves.png"
CARD = "README.md"
BUDGET_PLOT = Path("budget", "learning_curve.png")
FOLD = "fold.json"
"""Of a fold that is finished: its counts, its nearest-neighbour baseline, its times. Written last."""
HISTORY = "history.csv"
LAST, BEST = "last.keras", "best.keras"
"""Of a fold: the model after the last epoch, and with `--select validation` that of the best one."""
FINAL = "final"
"""Takes the place of a fold's name for the model that is trained on all recordings; no fold may be called so."""
FORMAT = 2
PROBABILITY = "p:"
"""Prefix of the columns of `predictions.csv` with the probability of a class."""

TRAIN_AGAIN = "Delete the folder of this fold, and train it again with --resume."
_COUNT = number(0, 10**15, whole=True)
_FOLDS = list_of(TEXT, least=1, most=10_000, unique=True)
CLASS_NAMES = list_of(TEXT, least=1, unique=True)
OF_CONFIG = {
    "format": number(FORMAT, FORMAT, whole=True),
    "images": TEXT,
    "collection": TEXT,
    "recipe": TABLE,
    "input_size": list_of(number(*SIDES_PX, whole=True), least=2, most=2),
    "folds": _FOLDS,
    "all_folds": _FOLDS,
    "versions": table_of(TEXT),
    "table_sha256": TEXT,
    "trained_on": TABLE,
}
"""What `config.json` must hold."""
OF_FOLD = {
    "name": TEXT,
    "n_test": _COUNT,
    "n_left_out": _COUNT,
    "is_leaky": SWITCH,
    "n_leaked": _COUNT,
    "train_seconds": number(0, 1e12),
    "images_seen": _COUNT,
    "n_train": _COUNT,
    "n_validation": _COUNT,
    **dict.fromkeys(("n_images", "n_clips", "n_recordings"), _COUNT),
    "nearest_neighbour_accuracy": or_none(number(0, 1)),
    "epochs": _COUNT,
    "tested_epoch": _COUNT,
}
"""What `fold.json` holds, of a fold or of the final model."""
NUMBERS_OF_HISTORY = frozenset({"learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"})


@dataclass(frozen=True)
class Run:
    """A run, finished or not.

    Parameters
    ----------
    folder : Path
    images : Path
        The image folder that it trains on.
    recipe : Recipe
    classes : tuple of str
        In the order of the model's outputs.
    input_size : tuple of (int, int)
        Height and width of the images that the model sees.
    folds : tuple of str
        Those that are to be trained, of `all_folds`.
    all_folds : tuple of str
        Those that the split has.
    collection : str
        Its name.
    versions : dict of str to str
        Of Python and of the packages that train.
    table_sha256 : str
        Of the images' table when the run began; see `train.data.table_digest.table_sha256`.
    trained_on : dict
        As `train.data.clip_statistics.clip_statistics` gives it.
    multilabel : bool
        Whether an image may have several classes; see `generate.dataset.label_sets`.
    """

    folder: Path
    images: Path
    recipe: Recipe
    classes: tuple[str, ...]
    input_size: tuple[int, int]
    folds: tuple[str, ...]
    all_folds: tuple[str, ...]
    collection: str
    versions: dict[str, str]
    table_sha256: str = ""
    trained_on: dict[str, object] = field(default_factory=dict)
    multilabel: bool = False

    def fold_folder(self, fold: str) -> Path:
        """Where one fold's files are; the names of folds are the user's own, and may hold anything."""
        return self.folder / (FINAL if fold == FINAL else f"fold-{safe_name(fold)}")

    def is_finished(self, fold: str) -> bool:
        """Whether a fold is trained and tested, or the final model trained."""
        return (self.fold_folder(fold) / FOLD).is_file()

    @property
    def finished_folds(self) -> tuple[str, ...]:
        """Folds that are trained and tested."""
        return tuple(fold for fold in self.folds if self.is_finished(fold))

    def model_file(self, fold: str) -> Path:
        """The weights that were tested."""
        return self.fold_folder(fold) / (BEST if self.recipe.select == "validation" else LAST)

    def image_settings(self) -> settings_file.SettingsFile:
        """The `settings.json` of the images when the run began."""
        return settings_file.read_settings(self.folder / SETTINGS)

    def read_fold(self, fold: str) -> dict[str, object]:
        """The counts, nearest-neighbour baseline and times of a finished fold."""
        path = self.fold_folder(fold) / FOLD
        try:
            found = read_json(path)
            check(found, {}, optional=OF_FOLD, others=False)
        except ValueError as error:
            raise ValueError(f"{str(path)!r} is not as this program wrote it ({error}). {TRAIN_AGAIN}") from None
        return cast("dict[str, object]", found)

    def read_history(self, fold: str) -> pd.DataFrame:
        """One row an epoch: `epoch` (from 1), `phase`, `learning_rate`, `loss`, `accuracy`, perhaps `val_loss`, ..."""
        path = self.fold_folder(fold) / HISTORY
        try:
            history = pd.read_csv(path)
            absent = [name for name in ("epoch", "loss", "accuracy") if name not in history]
            if absent or not len(history):
                raise ValueError(f"it lacks the column {absent[0]!r}" if absent else "it is empty")
            for name in {*NUMBERS_OF_HISTORY, "epoch"} & set(history):
                history[name] = pd.to_numeric(history[name]).astype(float)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{str(path)!r} is not as this program wrote it ({error}). {TRAIN_AGAIN}") from None
        return history.astype({"epoch": int}) if np.isfinite(history["epoch"]).all() else history

    def read_fold_predictions(self, fold: str) -> pd.DataFrame:
        """Predictions of one finished fold; columns as in `read_predictions`."""
        return read_predictions(self.fold_folder(fold) / PREDICTIONS)


def read_predictions(path: Path) -> pd.DataFrame:
    """Read a table of predictions, one row a test image.

    Returns
    -------
    pandas.DataFrame
        `fold`, `clip_id`, `source_id`, `variant`, `file_name`, `label`, `predicted` as text; `start_s`, where the clip
        begins in its audio file, in s; and for each class its probability in a column `p:<class>`.
    """
    text = ("fold", "clip_id", "source_id", "variant", "file_name", "label", "predicted")
    try:
        table = pd.read_csv(
            path, dtype=dict.fromkeys(text, object), keep_default_na=False, float_precision="round_trip"
        )
        if absent := [name for name in (*text, "start_s") if name not in table]:
            raise ValueError(f"it lacks the column {absent[0]!r}")
        if not table["file_name"].map(is_image_name).all():
            raise ValueError("its column 'file_name' holds what is no name of an image")
        table["start_s"] = pd.to_numeric(table["start_s"]).astype(float)
        if not np.isfinite(table["start_s"]).all():
            raise ValueError("its column 'start_s' holds what is no number")
        for name in (name for name in table if name.startswith(PROBABILITY)):
            values = pd.to_numeric(table[name]).astype(float)
            if not values.between(0, 1).all():
                raise ValueError(f"its column {name!r} holds what is no probability")
            table[name] = values
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{str(path)!r} is not as this program wrote it ({error}). {TRAIN_AGAIN}") from None
    return table


def write_run(run: Run, settings: SettingsFile) -> None:
    """Write `config.json`, `settings.json` and `classes.json`.

    Parameters
    ----------
    run : Run
        Its folder is made.
    settings : SettingsFile
        Of the image folder.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    write_json(run.folder / SETTINGS, settings)
    write_json(run.folder / CLASSES, list(run.classes))
    # Last: a folder with a config is a run.
    config = {
        "format": FORMAT,
        "images": relative_posix(run.images.resolve(), run.folder.resolve()),
        "collection": run.collection,
        "recipe": run.recipe.to_json(),
        "input_size": list(run.input_size),
        "folds": list(run.folds),
        "all_folds": list(run.all_folds),
        "versions": run.versions,
        "table_sha256": run.table_sha256,
        "trained_on": run.trained_on,
        **({"multilabel": True} if run.multilabel else {}),
    }
    write_json(run.folder / CONFIG, config)


def with_folds_of(run: Run) -> Run:
    """The run with all folds that any command has requested, in the split's order."""
    requested = {*run.folds, *read_run(run.folder).folds}
    return replace(run, folds=tuple(fold for fold in run.all_folds if fold in requested))


def read_run(folder: Path) -> Run:
    """Read a run back; its folder has a name, also where it is given as `.`.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or it is no run.
    ValueError
        If a file of it is not as this program wrote it.
    """
    folder = folder if folder.name.strip(".") else folder.resolve()
    path = folder / CONFIG
    if not path.is_file():
        what = f"holds no {CONFIG}, so it is no run" if folder.is_dir() else "is not there"
        raise FileNotFoundError(
            f"The folder {str(folder)!r} {what}. `python -m train IMAGES` makes runs, in outputs/runs."
        )
    try:
        found, classes = read_json(path), read_json(folder / CLASSES)
        check(found, OF_CONFIG, optional={"multilabel": SWITCH}, others=False)
        config = cast("dict[str, Any]", found)
        if not isinstance(classes, list) or not CLASS_NAMES.fits(classes):
            raise ValueError(f"{CLASSES} must be {CLASS_NAMES.words}. Got {shortly(classes)}")
        if absent := set(config["folds"]) - set(config["all_folds"]):
            raise ValueError(f"'folds' names {min(absent)!r}, which is none of 'all_folds'")
        run = Run(
            folder=folder,
            images=_images_of(folder, config["images"]),
            recipe=Recipe.from_json(config["recipe"]),
            classes=tuple(classes),
            input_size=tuple(config["input_size"]),
            folds=tuple(config["folds"]),
            all_folds=tuple(config["all_folds"]),
            collection=config["collection"],
            versions=config["versions"],
            table_sha256=config["table_sha256"],
            trained_on=config["trained_on"],
            multilabel=config.get("multilabel", False),
        )
    except (ValueError, OSError) as error:
        raise ValueError(
            f"The run {str(folder)!r} is not as this program wrote it ({error}). Fix it, or train it "
            "again: `python -m train IMAGES`."
        ) from None
    return run


def _images_of(folder: Path, images: str) -> Path:
    """The image folder of a run, which is named relative to where the run's folder is, whatever links lead to it."""
    real = folder.resolve()
    return Path(os.path.normpath((folder if real == Path(os.path.abspath(folder)) else real) / images))
