"""The accuracy of one model under a grouped split and under leaky ones, which share recordings with the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.dataset.background_classes import NOT_EVENTS, counted
from generate.dataset.settings_file import refuse_multilabel
from generate.runtime.wording import count
from train.data.image_folder import open_images, read_images
from train.data.select_classes import select_classes
from train.data.split import count_shared_recordings, splits_of
from train.recipe import LEAKY, PROTOCOLS, Recipe
from train.report.interval_text import interval_in_words
from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
from train.runs.new_run import RUNS, check_name, new_folder
from train.training.equal_budget import images_seen, train_in_turn, with_budget
from train.wording import percent

if TYPE_CHECKING:
    from train.report.report import Report
    from train.training.prepare import Prepared

GROUPED = "grouped"
LEAKY_SPLIT = "leaky"
"""Names of the two splits, and endings of the two run folders."""


@dataclass(frozen=True)
class BaselineResult:
    """Accuracy of the nearest-neighbour baseline under one protocol.

    Parameters
    ----------
    protocol : str
        One of `train.recipe.PROTOCOLS`.
    accuracy : float
        0 to 1.
    n_tested : int
        Number of test images.
    n_shared : int
        Test images of a recording that is in the training images too.
    """

    protocol: str
    accuracy: float
    n_tested: int
    n_shared: int


def grouped_recipe(recipe: Recipe) -> Recipe:
    """The recipe under the grouped split."""
    return replace(recipe, protocol="folds", allow_recording_overlap=False)


def leaky_recipe(recipe: Recipe) -> Recipe:
    """The recipe under the protocol of many papers, which divides all images at random."""
    return replace(recipe, protocol="paper", allow_recording_overlap=False, ignore_folds=False, n_folds=None)


def baseline_results(image_folder: Path, recipe: Recipe, *, cache: str = "auto") -> list[BaselineResult]:
    """Accuracy of the nearest-neighbour baseline under each protocol; nothing is trained.

    Parameters
    ----------
    image_folder : Path
        An image folder that `python -m generate` made.
    recipe : Recipe
        Its protocol is ignored.
    cache : {"auto", "memory", "disk"}
        Where the decoded images are kept; see `train.data.disk_cache`.
    """
    from train.models.registry import model_named

    settings, table = read_images(image_folder)
    refuse_multilabel(settings)
    table = select_classes(table, recipe)
    # As large as the models see them, as for the baseline in the report of a run.
    size = (recipe.input_size or model_named(recipe.model).size,) * 2
    images = open_images(image_folder, settings, table, size=size, cache=cache)
    shrunk, labels = shrink(images.pixels), table["label"].to_numpy()
    results = []
    for protocol in PROTOCOLS:
        of_protocol = leaky_recipe(recipe) if protocol in LEAKY else grouped_recipe(recipe)
        splits = splits_of(replace(of_protocol, protocol=protocol), table)
        has_events = [not np.isin(labels[split.test], list(NOT_EVENTS)).all() for split in splits]
        if any(has_events):  # a fold of background alone does not count, as in the report of a run
            splits = [split for split, has in zip(splits, has_events, strict=True) if has]
        tested = [replace(split, test=split.test[counted(labels[split.test])]) for split in splits]
        sizes = [len(split.test) for split in tested]
        accuracies = [nearest_neighbour_accuracy(shrunk, labels, split) for split in splits]
        n_shared = sum(count_shared_recordings(table, split) for split in tested)
        results.append(BaselineResult(protocol, float(np.average(accuracies, weights=sizes)), sum(sizes), n_shared))
    return results


def baseline_text(results: Sequence[BaselineResult]) -> str:
    """One line per protocol, and what the results mean; without a newline at the end."""
    lines = ["Nearest-neighbour baseline: test images whose most similar training image has the same class:"]
    for result in results:
        split = LEAKY_SPLIT if result.protocol in LEAKY else GROUPED
        lines.append(
            f"  {split:<7} {result.protocol:<13} {percent(result.accuracy):>7} of "
            f"{count(result.n_tested, 'test image')}, {result.n_shared:,} of them of a recording in training"
        )
    lines.append(
        "Under a leaky split a model can reach its accuracy by memory, so it does not hold on new recordings."
        if any(result.n_shared for result in results)
        else "No split leaks here: each clip is a recording of its own, and there are no variants."
    )
    return "\n".join(lines)


def train_both(
    image_folder: Path, recipe: Recipe, *, folds: Sequence[str] | None = None, name: str = "", cache: str = "auto"
) -> dict[str, Report]:
    """Train and test a model under the grouped and the leaky split, with equal budget.

    Parameters
    ----------
    image_folder : Path
        An image folder that `python -m generate` made.
    recipe : Recipe
        Its protocol is ignored.
    folds : sequence of str, optional
        Folds of the grouped split to train; default: all.
    name : str
        Of the two run folders in `train.runs.new_run.RUNS`, before `-grouped` and `-leaky`; default: images and model.
    cache : {"auto", "memory", "disk"}
        Where the decoded images are kept; see `train.data.disk_cache`.

    Returns
    -------
    dict of str to Report
        `grouped` and `leaky`, and the report of each run.
    """
    from train import backend

    backend.set_up()
    from train.training.prepare import prepare

    check_name(name, RUNS)
    base = name or f"{image_folder.resolve().name}-{recipe.model}"
    grouped_name, leaky_name = (new_folder(RUNS, f"{base}-{split}").name for split in (GROUPED, LEAKY_SPLIT))
    # Both before training, so that images that cannot be split are refused first.
    grouped = prepare(image_folder, grouped_recipe(recipe), folds=folds, name=grouped_name, cache=cache)
    leaky = prepare(image_folder, leaky_recipe(recipe), name=leaky_name, cache=cache)
    return train_in_turn([(GROUPED, grouped), (LEAKY_SPLIT, with_budget_of(grouped, leaky))])


def with_budget_of(grouped: Prepared, leaky: Prepared) -> Prepared:
    """The leaky run with the epochs that let it see as many images as a fold of the grouped one, to half an epoch.

    The leaky split has more training images, since it tests fewer and trains on equal ones too.
    """
    recipe = with_budget(leaky.run.recipe, images_seen(grouped), n_train=len(leaky.splits[0].train))
    return replace(leaky, run=replace(leaky.run, recipe=recipe))


def trained_text(reports: dict[str, Report]) -> str:
    """One line per split, and the difference; without a newline at the end.

    Parameters
    ----------
    reports : dict of str to Report
        As `train_both` returns them.
    """
    grouped, leaky = reports[GROUPED].pooled, reports[LEAKY_SPLIT].pooled
    lines = ["The same recipe and budget under both splits:"]
    for split, report in reports.items():
        pooled, n_shared = report.pooled, report.protocol.n_leaked
        lines.append(
            f"  {split:<7} {percent(pooled.accuracy):>7} ({interval_in_words(pooled)}; "
            f"{count(pooled.n_images, 'test image')}, {n_shared:,} of a recording in training; nearest-neighbour "
            f"baseline {percent(pooled.nearest_neighbour_accuracy)})"
        )
    accuracies = grouped.accuracy, leaky.accuracy
    intervals = (grouped.low, grouped.high), (leaky.low, leaky.high)
    return "\n".join([*lines, f"  The leaky split gives {difference_text(*accuracies, *intervals)}"])


def difference_text(
    grouped: float,
    leaky: float,
    grouped_interval: tuple[float | None, float | None],
    leaky_interval: tuple[float | None, float | None],
) -> str:
    """By how much the leaky accuracy is higher, and whether that is more than noise.

    Parameters
    ----------
    grouped, leaky : float
        Accuracies, 0 to 1.
    grouped_interval, leaky_interval : tuple of (float or None, float or None)
    """
    points = f"{100 * (leaky - grouped):+.1f} percentage points"
    (low, high), (leaky_low, leaky_high) = grouped_interval, leaky_interval
    if low is None or high is None or leaky_low is None or leaky_high is None:
        return f"{points}; too few recordings to tell whether that is more than noise."
    if leaky_low > high:
        return f"{points}, which would be lost on new recordings."
    if leaky_high < low:
        return f"{points}: the leak did not help here."
    return f"{points}: the intervals overlap, so it may be noise."
