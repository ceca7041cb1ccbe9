"""The page of a run: its figures, and each clip that it tested, to look at and to listen to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.folder import PAGE, audio_of
from generate.dataset.settings import Settings
from generate.features.axes import frequency_marks, time_marks
from generate.gallery.page import fill
from generate.runtime.atomic_write import atomic_write, write_text_atomically
from train.data.decode import decode
from train.data.image_folder import read_images
from train.data.select_classes import select_classes
from train.data.split import Split, splits_of
from train.explain.explain_run import EXPLAINED, ExplainedTest, explain_run, nearest_of_class
from train.report.interval_text import interval_in_words
from train.report.knn_baseline import SIDE_PX, shrink_one
from train.report.results import read_predictions
from train.runs.run_folder import PROBABILITY, Run, table_sha256

TEMPLATE = Path(__file__).resolve().parent / "pages" / "run.html"
IMAGES = "images"
"""Folder of the run's own images: the page reads nothing outside of the run's folder."""


@dataclass(frozen=True)
class Sources:
    """What a page shows beside figures: the images that a run was made of, if they are still as they were.

    Parameters
    ----------
    table : pandas.DataFrame
        Of all images in the image folder.
    splits : dict of str to Split
        By the fold's name.
    shrunk : np.ndarray, shape=(n_images, n), uint8
        From `train.report.knn_baseline.shrink_one`.
    """

    table: pd.DataFrame
    splits: dict[str, Split]
    shrunk: np.ndarray


def write_page(
    run: Run,
    report: Mapping[str, object],
    *,
    n_explained: int,
    recordings: Path | None = None,
) -> str:
    """Write `index.html` and the images and sounds that it shows into the run's folder.

    Parameters
    ----------
    run : Run
    report : Mapping
        As in `report.json`.
    n_explained : int
        Test images for which it is shown where the model looked: mistakes first.
    recordings : Path, optional
        See `train.explain.explain_run.explain_run`.

    Returns
    -------
    str
        What the page lacks, and why; empty where it lacks nothing.
    """
    predictions = read_predictions(run)
    lacks, sources = "", None
    try:
        sources = _sources(run)
    except (OSError, ValueError) as error:
        lacks = f"its images: {error}"
    data = _figures(run, report)
    if sources is None:
        data["tests"] = _tests(run, predictions)
    else:
        nearest = _nearest(run, predictions, sources)
        explained: list[ExplainedTest | None] = [None] * len(predictions)
        try:
            explained, lacks = explain_run(run, predictions, sources.table, most=n_explained, audio_folder=recordings)
        except (OSError, ValueError) as error:
            lacks = f"where the models looked: {error}"
        data["tests"] = _tests(run, predictions) | nearest | {"explained": explained}
        shown = {*predictions["file_name"], *filter(None, [*nearest["like_true"], *nearest["like_predicted"]])}
        data["audio_folder"] = _bring_images(run, shown)
        data["has_images"] = True
    data["lacks"] = lacks
    write_text_atomically(run.folder / PAGE, fill(TEMPLATE, data))
    return lacks


def _sources(run: Run) -> Sources:
    settings, table = read_images(run.images)
    if table_sha256(table) != run.table_sha256:
        raise ValueError(f"those in {str(run.images)!r} are no longer those that the run began with.")
    recipe = run.recipe
    table = select_classes(table, recipe)
    splits = splits_of(recipe, table)
    shrunk = np.empty((len(table), SIDE_PX * SIDE_PX), dtype=np.uint8)

    def put(k: int, pixels: np.ndarray) -> None:
        shrunk[k] = shrink_one(pixels)

    # One after the other: training may hold them still, and twice would be too much for the memory.
    how = {"size": run.input_size, "silent_ends": recipe.silent_ends, "fingerprint": str(settings["fingerprint"])}
    decode(run.images, list(table["file_name"]), put, **how)
    return Sources(table, {split.name: split for split in splits}, shrunk)


def _figures(run: Run, report: Mapping[str, object]) -> dict[str, object]:
    """All of the page that needs no image."""
    described = run.image_settings()
    settings = Settings.from_json(described["settings"])
    histories = {}
    for fold in report["folds"]:
        history = run.read_history(fold["name"])
        names = [name for name in ("accuracy", "val_accuracy", "loss", "val_loss") if name in history]
        histories[fold["name"]] = {name: [_short(value) for value in history[name]] for name in names}
    return {
        "name": run.folder.resolve().name,
        "report": report,
        "interval": interval_in_words(report["pooled"], level=report["pooled"]["level"]),
        "histories": histories,
        "classes": list(run.classes),
        "frequency_marks": frequency_marks(settings),
        "time_marks": time_marks(settings),
        "images_folder": IMAGES,
        "explained_folder": EXPLAINED,
        "has_images": False,
        "audio_folder": [],
    }


def _tests(run: Run, predictions: pd.DataFrame) -> dict[str, object]:
    """The test images, a list a column."""
    probabilities = predictions[[PROBABILITY + name for name in run.classes]].to_numpy()
    number = {name: k for k, name in enumerate(run.classes)}
    return {
        "clip": list(predictions["clip_id"]),
        "variant": list(predictions["variant"]),
        "recording": list(predictions["source_id"]),
        "fold": list(predictions["fold"]),
        "file": list(predictions["file_name"]),
        "label": [number[name] for name in predictions["label"]],
        "predicted": [number[name] for name in predictions["predicted"]],
        "probabilities": [[_short(value) for value in row] for row in probabilities],
        "like_true": [""] * len(predictions),
        "like_predicted": [""] * len(predictions),
        "explained": [None] * len(predictions),
    }


def _nearest(run: Run, predictions: pd.DataFrame, sources: Sources) -> dict[str, list[str]]:
    """Of each test image the most similar original that was trained on, of the true and of the predicted class."""
    table = sources.table
    labels, names = table["label"].to_numpy(), table["file_name"].to_numpy()
    row_of = {name: row for row, name in enumerate(names)}
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    found = {"like_true": np.full(len(predictions), -1), "like_predicted": np.full(len(predictions), -1)}
    for column, key in (("label", "like_true"), ("predicted", "like_predicted")):
        for (fold, label), of_group in predictions.groupby(["fold", column]):
            train = sources.splits[fold].train
            rows = np.array([row_of[name] for name in of_group["file_name"]])
            found[key][of_group.index] = nearest_of_class(
                sources.shrunk, labels, rows=rows, train=train[is_original[train]], label=label
            )
    return {key: [str(names[row]) if row >= 0 else "" for row in rows] for key, rows in found.items()}


def _bring_images(run: Run, file_names: Iterable[str]) -> list[str]:
    """Put images, and their sounds where there are some, into the run's folder; those that have a sound."""
    with_audio = []
    for file_name in sorted(file_names):
        for name in (file_name, audio_of(file_name)):
            source, target = run.images / name, run.folder / IMAGES / name
            if not source.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(target, to_disk=False) as temporary:
                try:
                    os.link(source, temporary)  # takes no room, and stays as it is when the image is drawn again
                except OSError:
                    shutil.copyfile(source, temporary)
            if name != file_name:
                with_audio.append(file_name)
    return with_audio


def _short(value: float) -> float | None:
    """Four significant digits, which a page needs no more of; None where there is no number."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
