"""The page of a run: its results, and each test clip to look at and to listen to."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.clip_audio import audio_beside
from generate.dataset.folder import PAGE
from generate.dataset.settings import Settings
from generate.features.axes import frequency_marks, time_marks
from generate.features.spectrogram import padded_before
from generate.gallery.fill_page import fill
from generate.runtime.atomic_write import atomic_write, write_text_atomically
from generate.runtime.os_compat import quoted, relative_to_page
from train.data.decode import decode, image_palette, pixel_shape
from train.data.image_folder import read_unchanged_images
from train.data.select_classes import select_classes
from train.data.split import Split, splits_of, tested_in
from train.explain.explain_run import EXPLAINED, ExplainedTest, explain_run, most_probable, nearest_of_class
from train.report.false_alarms import false_alarms_text
from train.report.interval_text import interval_in_words
from train.report.knn_baseline import n_shrunk, shrink_one
from train.report.label_quality import SUSPECTS_PAGE
from train.report.next_steps import RUN, next_steps
from train.report.page_tests import cells_of, columns_of, short, shown_tests
from train.report.report import Report
from train.report.results import read_predictions
from train.runs.run_folder import BUDGET_PLOT, Run
from train.runs.same_folds import check_same_folds

TEMPLATE = Path(__file__).resolve().parent / "pages" / "run.html"
IMAGES = "images"
"""Folder of the run with copies of the images that the page shows: it reads nothing outside of the run's folder."""


@dataclass(frozen=True)
class RunImages:
    """The images of a run, if they are still as they were.

    Parameters
    ----------
    table : pandas.DataFrame
        One row an image; see `train.data.image_folder.read_images`.
    splits : dict of str to Split
        Each finished fold.
    shrunk : np.ndarray, shape=(n_images, n), uint8
        From `train.report.knn_baseline.shrink_one`; 0 for images that the page does not compare.
    """

    table: pd.DataFrame
    splits: dict[str, Split]
    shrunk: np.ndarray


def write_page(
    run: Run,
    report: Report,
    *,
    n_explained: int,
    recordings: Path | None = None,
    shrunk: Mapping[str, np.ndarray] | None = None,
) -> str:
    """Write `index.html`, and the images and audio that it shows, into the run's folder.

    Parameters
    ----------
    run : Run
    report : Report
    n_explained : int
        Test images for which it shows what the model attends to: errors first.
    recordings : Path, optional
        See `train.explain.explain_run.explain_run`.
    shrunk : Mapping of str to np.ndarray, optional
        See `train.report.make_report.make_report`.

    Returns
    -------
    str
        What the page lacks, and why; empty where it lacks nothing.
    """
    all_predictions = read_predictions(run)
    predictions = shown_tests(run, all_predictions)
    lacking, images = "", None
    try:
        images = _run_images(run, predictions, shrunk or {})
    except (OSError, ValueError) as error:
        lacking = f"the images: {error}"
    data = _results(run, report)
    data["cells"], data["n_tests"] = cells_of(run, all_predictions), len(all_predictions)
    if images is None:
        data["tests"] = columns_of(run, predictions)
    else:
        none = [""] * len(predictions)
        nearest = {"like_true": none, "like_predicted": none} if run.multilabel else _nearest(predictions, images)
        explained: list[ExplainedTest | None] = [None] * len(predictions)
        try:
            of_class = most_probable(run, predictions) if run.multilabel else predictions
            explained, lacking = explain_run(run, of_class, images.table, most=n_explained, audio_folder=recordings)
        except (OSError, ValueError) as error:
            lacking = f"what the models attend to: {error}"
        data["tests"] = columns_of(run, predictions) | nearest | {"explained": explained}
        shown = {*predictions["file_name"], *filter(None, [*nearest["like_true"], *nearest["like_predicted"]])}
        data["audio_of"] = _copy_images(run, shown)
        data["starts"] = starts_of(_settings(run), images.table[images.table["file_name"].isin(shown)])
        data["has_images"] = True
    data["lacking"] = re.split("[.:]", lacking)[0]  # without the paths of this computer
    write_text_atomically(run.folder / PAGE, fill(TEMPLATE, data))
    return lacking


def _run_images(run: Run, predictions: pd.DataFrame, known: Mapping[str, np.ndarray]) -> RunImages:
    settings, table = read_unchanged_images(
        run.images, fingerprint=run.image_settings()["fingerprint"], sha256=run.table_sha256
    )
    table = select_classes(table, run.recipe, multilabel=run.multilabel)
    all_splits = splits_of(run.recipe, table, multilabel=run.multilabel)
    check_same_folds(run, tested_in(all_splits, table))
    splits = {split.name: split for split in all_splits if split.name in run.finished_folds}
    names = table["file_name"]
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    is_compared = np.array(names.isin(predictions["file_name"]))
    for split in splits.values():
        is_compared[split.train[is_original[split.train]]] = True
    shape = pixel_shape(run.input_size, image_palette(Settings.from_json(settings["settings"])))
    shrunk = np.zeros((len(table), n_shrunk(shape[2:])), dtype=np.uint8)
    to_decode = []
    for row in np.flatnonzero(is_compared):
        if (pixels := known.get(names[row])) is not None:
            shrunk[row] = pixels
        else:
            to_decode.append(row)

    def put(k: int, pixels: np.ndarray) -> None:
        shrunk[to_decode[k]] = shrink_one(pixels)

    # One after the other: all at once might not fit the memory.
    wanted = [names[row] for row in to_decode]
    decode(run.images, wanted, put, shape=shape, fingerprint=settings["fingerprint"])
    return RunImages(table, splits, shrunk)


def _results(run: Run, report: Report) -> dict[str, object]:
    """The data of the page that need no images."""
    settings = _settings(run)
    histories = {}
    for fold in report.folds:
        history = run.read_history(fold.name)
        names = [name for name in ("accuracy", "val_accuracy", "loss", "val_loss") if name in history]
        curves = {name: [short(value) for value in history[name]] for name in names}
        histories[fold.name] = {**curves, "n_fitted": fold.n_fitted}
    name = run.folder.resolve().name
    warnings = [text.replace(f"--resume {quoted(report.run)} ", f"--resume {RUN} ") for text in report.warnings]
    alarms = report.false_alarms
    of_background = {"without": report.without, "false_alarms": false_alarms_text(alarms)} if alarms else {}
    return {
        "name": name,
        "report": report.to_json() | {"run": name, "warnings": warnings},  # no path of this computer
        "interval": interval_in_words(report.pooled, level=report.pooled.level),
        "next_steps": next_steps(report),
        "suspects_page": SUSPECTS_PAGE if (run.folder / SUSPECTS_PAGE).is_file() else "",
        "images_at": relative_to_page(run.images, run.folder),
        "histories": histories,
        "classes": list(run.classes),
        "seconds": settings.seconds,
        "starts": {},
        "frequency_marks": frequency_marks(settings),
        "time_marks": time_marks(settings),
        "budget_plot": BUDGET_PLOT.as_posix() if (run.folder / BUDGET_PLOT).is_file() else "",
        "images_folder": IMAGES,
        "explained_folder": EXPLAINED,
        "has_images": False,
        "audio_of": {},
        **of_background,
    }


def starts_of(settings: Settings, table: pd.DataFrame) -> dict[str, float]:
    """Of images whose clip begins after some silence, how many seconds of it, by file name.

    Parameters
    ----------
    settings : Settings
        Of the images.
    table : pandas.DataFrame
        Rows of `metadata.csv`.
    """
    starts = {
        name: padded_before(settings, clip_id) * max(0.0, settings.seconds - seconds)
        for name, clip_id, seconds in zip(table["file_name"], table["clip_id"], table["seconds"], strict=True)
    }
    return {name: round(start_s, 4) for name, start_s in starts.items() if start_s}


def _settings(run: Run) -> Settings:
    return Settings.from_json(run.image_settings()["settings"])


def _nearest(predictions: pd.DataFrame, images: RunImages) -> dict[str, list[str]]:
    """For each test image the most similar training original of the true and of the predicted class."""
    table = images.table
    labels, names = table["label"].to_numpy(), table["file_name"].to_numpy()
    row_of = {name: row for row, name in enumerate(names)}
    is_original = (table["variant"] == ORIGINAL).to_numpy()
    nearest = {"like_true": np.full(len(predictions), -1), "like_predicted": np.full(len(predictions), -1)}
    for column, key in (("label", "like_true"), ("predicted", "like_predicted")):
        for (fold, label), of_group in predictions.groupby(["fold", column]):
            train = images.splits[fold].train
            rows = np.array([row_of[name] for name in of_group["file_name"]])
            nearest[key][of_group.index] = nearest_of_class(
                images.shrunk, labels, rows=rows, train=train[is_original[train]], label=label
            )
    return {key: [str(names[row]) if row >= 0 else "" for row in rows] for key, rows in nearest.items()}


def _copy_images(run: Run, file_names: Iterable[str]) -> dict[str, str]:
    """Put images, and their audio files where there are any, into the run's folder; return the names of these."""
    audio_of: dict[str, str] = {}
    for file_name in sorted(file_names):
        for name in (file_name, audio_beside(file_name)):
            source, target = run.images / name, run.folder / IMAGES / name
            if not source.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(target, to_disk=False) as temporary:
                try:
                    os.link(source, temporary)  # takes no space, and stays as it is when the image is rendered again
                except OSError:
                    shutil.copyfile(source, temporary)
            if name != file_name:
                audio_of[file_name] = name
    return audio_of
