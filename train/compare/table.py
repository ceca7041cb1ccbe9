"""Several runs in a table for each collection, and whether their differences are more than noise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from itertools import groupby
from pathlib import Path

import pandas as pd

from generate.runtime.wording import count, listed
from train.recipe import Recipe
from train.report.interval_text import clips_of_recordings, ends_in_words, no_interval
from train.report.intervals import recordings_needed
from train.report.paired_differences import Finished, paired_differences, task_of
from train.report.results import build_report, read_predictions
from train.runs import run_folder
from train.wording import LEAKY_OR_GROUPED, percent

COLUMNS = {
    "run": "run",
    "collection": "collection",
    "model": "model",
    "weights": "weights",
    "augment": "augment",
    "train_variants": "variants",
    "split": "split",
    "protocol": "protocol",
    "folds": "folds",
    "accuracy": "accuracy",
    "interval": "95 % interval",
    "macro_f1": "macro F1",
    "train_minutes": "minutes",
}
"""Of the table on the terminal, with their headings."""
OTHER_OPTIONS = tuple(field.name for field in fields(Recipe) if field.name not in COLUMNS)
"""Of the recipe; on the terminal only where the runs differ in them."""


def read_runs(folders: Iterable[Path]) -> tuple[list[Finished], list[str]]:
    """Read runs, by their task; of each those with a grouped split first, of these the complete ones, then by accuracy.

    Returns
    -------
    runs : list of Finished
    skipped : list of str
        Why each folder that is no finished run was skipped.
    """
    runs, skipped = [], []
    of_place: dict[Path, Path] = {}
    for folder in map(Path, folders):
        of_place.setdefault(folder.resolve(), folder)  # a run by two paths is one
    for folder in of_place.values():
        try:
            run = run_folder.read_run(folder)
            left = [fold for fold in run.folds if fold not in run.finished_folds]
            if left:
                raise ValueError(
                    f"{str(folder)!r} is not finished: {len(left)} of {count(len(run.folds), 'fold')} left."
                )
            predictions = read_predictions(run)
            runs.append(Finished(folder.resolve().name, build_report(run, predictions), predictions))
        except (ValueError, OSError) as error:
            skipped.append(str(error))
    # Complete runs first: one of some folds tested fewer clips, and other ones.
    runs.sort(
        key=lambda run: (
            run.report.collection.casefold(),
            -len(run.report.classes),
            task_of(run),
            run.report.is_leaky,
            bool(run.report.folds_missing),
            -run.report.pooled.accuracy,
            run.name,
        )
    )
    return runs, skipped


def table_of(runs: Sequence[Finished]) -> pd.DataFrame:
    """One row a run: its recipe, its results as fractions, and its difference to the best.

    Parameters
    ----------
    runs : sequence of Finished
        The best first, as `read_runs` gives them.

    Returns
    -------
    pandas.DataFrame
        `run`, `collection`, options of the recipe, `split` (`grouped` or `leaky`), `folds`; `accuracy` with its
        interval `low` to `high` (empty with too few recordings), `macro_f1`, `nearest_neighbour_accuracy`; `n_images`,
        `n_clips`, `n_recordings`; `train_minutes`; `compared_with` and `difference` with its interval, empty where
        there is none.
    """
    pairs = paired_differences(runs)
    rows = []
    for number, run in enumerate(runs):
        report, recipe, pooled = run.report, run.report.recipe, run.report.pooled
        variants, weights, pair = recipe.train_variants, recipe.weights, pairs.get(number)
        rows.append(
            {
                "run": run.name,
                "collection": report.collection,
                "model": recipe.model,
                "weights": weights if weights in ("none", "imagenet") else Path(weights).name,
                "augment": " ".join(recipe.augment) or "none",
                "train_variants": "all" if variants is None else " ".join(variants) or "none",
                **{name: _option(getattr(recipe, name)) for name in OTHER_OPTIONS},
                "split": LEAKY_OR_GROUPED[report.is_leaky],
                "protocol": recipe.protocol,
                "folds": f"{len(report.folds)} of {len(report.all_folds)}",
                "accuracy": pooled.accuracy,
                "low": pooled.low,
                "high": pooled.high,
                "macro_f1": pooled.macro_f1,
                "n_images": pooled.n_images,
                "n_clips": pooled.n_clips,
                "n_recordings": pooled.n_recordings,
                "nearest_neighbour_accuracy": pooled.nearest_neighbour_accuracy,
                "train_minutes": report.times.train_seconds / 60,
                "compared_with": pair.compared_with if pair else None,
                "difference": pair.difference if pair else None,
                "difference_low": pair.low if pair else None,
                "difference_high": pair.high if pair else None,
            }
        )
    return pd.DataFrame(rows)


def _option(value: object) -> str:
    """An option as it is written on a command line; `-` where it was left to the program."""
    if value is None:
        return "-"
    return (" ".join(value) or "none") if isinstance(value, list | tuple) else str(value)


def results_text(runs: Sequence[Finished], table: pd.DataFrame) -> str:
    """For each task a table, and the differences to its best run; no run is compared with one of another task.

    Parameters
    ----------
    runs : sequence of Finished
    table : pandas.DataFrame
        As `table_of` gives it for these runs.
    """
    texts = []
    for _, numbers in groupby(range(len(runs)), lambda number: task_of(runs[number])):
        rows = list(numbers)
        members = [runs[number] for number in rows]
        heading = f"{_title(members[0], runs)}\n" if len(rows) < len(runs) else ""
        texts += [heading + table_text(members, table.iloc[rows]), differences_text(members)]
    return "\n\n".join(filter(None, texts))


def _title(run: Finished, runs: Sequence[Finished]) -> str:
    """The collection of a group of runs; and their classes, where other runs on it have others."""
    labels = [row.label for row in run.report.classes]
    has_others = any(
        other.report.collection == run.report.collection and task_of(other) != task_of(run) for other in runs
    )
    return f"{run.report.collection}, {count(len(labels), 'class')}" + (
        f": {listed(labels, most=12)}" if has_others else ""
    )


def table_text(runs: Sequence[Finished], table: pd.DataFrame) -> str:
    """The table for the terminal, one line a run; `OTHER_OPTIONS` only where the runs differ in them."""
    columns = COLUMNS | {
        field: field.replace("_", " ") for field in OTHER_OPTIONS if table[field].astype(str).nunique() > 1
    }
    shown = table.assign(
        accuracy=[percent(value) for value in table["accuracy"]],
        interval=[_interval(run) for run in runs],
        macro_f1=[percent(value) for value in table["macro_f1"]],
        train_minutes=[f"{value:.1f}" for value in table["train_minutes"]],
    )
    lines = [list(columns.values()), *shown[list(columns)].astype(str).to_numpy().tolist()]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _interval(run: Finished) -> str:
    """The interval of a run's accuracy, or of how few recordings it is."""
    pooled = run.report.pooled
    if pooled.low is None:
        return f"none: {pooled.n_recordings} of {recordings_needed()} recordings"
    return ends_in_words(pooled)


def differences_text(runs: Sequence[Finished]) -> str:
    """Each run's difference to the best in a sentence, and whether it is more than noise; empty without a pair."""
    lines, n_pairs = [], 1
    for number, pair in paired_differences(runs).items():
        n_pairs = max(n_pairs, pair.n_pairs)
        if pair.low is None or pair.high is None:
            interval = no_interval(pair.n_recordings, level=pair.level)
            verdict = "too few recordings to tell"
        else:
            interval = f"95 % interval {100 * pair.low:+.1f} to {100 * pair.high:+.1f}"
            verdict = "may be noise" if pair.low <= 0 <= pair.high else "more than noise"
        lines.append(
            f"  {runs[number].name} compared with {pair.compared_with}: {percent(pair.accuracy)} and "
            f"{percent(pair.best_accuracy)}, {100 * pair.difference:+.1f} points ({interval}; "
            f"{clips_of_recordings(pair.n_clips, pair.n_recordings)}): {verdict}"
        )
    if not lines:
        return ""
    together = f", and is widened to hold for all {n_pairs} pairs of these runs together" if n_pairs > 1 else ""
    return "\n".join(
        [
            "Difference to the best run on the clips that both tested (the interval covers the choice of the test "
            f"recordings{together}; for the randomness of training, train with another --seed):",
            *lines,
            "The accuracy of the best of many runs is biased upwards, because it was selected on these test clips.",
        ]
    )
