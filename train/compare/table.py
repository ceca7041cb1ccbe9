"""One table of several runs: `python -m train.compare RUN...`, and whether their differences are more than noise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import pandas as pd

from generate.runtime.wording import count
from train.recipe import Recipe
from train.report.interval_text import ends_in_words, no_interval, tested
from train.report.intervals import recordings_needed
from train.report.paired_differences import Finished, paired_differences
from train.report.results import build_report, read_predictions
from train.runs import run_folder
from train.wording import percent

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
    """Read runs: honest ones first, of these the whole ones, of these the most accurate.

    Returns
    -------
    runs : list of Finished
    skipped : list of str
        What is no finished run, and why.
    """
    runs, skipped = [], []
    for folder in dict.fromkeys(Path(folder) for folder in folders):
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
    # A run of some folds is no rival of one of all: other clips, and fewer.
    runs.sort(
        key=lambda run: (
            run.report["leaky"],
            bool(run.report["folds_missing"]),
            -run.report["pooled"]["accuracy"],
            run.name,
        )
    )
    return runs, skipped


def table_of(runs: Sequence[Finished]) -> pd.DataFrame:
    """One row a run: what it is, its figures as parts of 1, and its difference to the best.

    Parameters
    ----------
    runs : sequence of Finished
        The best first, as `read_runs` gives them.

    Returns
    -------
    pandas.DataFrame
        `run`, `collection`, options of the recipe, `split` (`honest` or `leaky`), `folds`; `accuracy` with its interval
        `low` to `high` (empty with too few recordings), `macro_f1`, `nearest_neighbour_accuracy`; `n_images`,
        `n_clips`, `n_recordings`; `train_minutes`; `compared_with` and `difference` with its interval, empty where
        there is none.
    """
    pairs = paired_differences(runs)
    rows = []
    for number, run in enumerate(runs):
        report, recipe, pooled = run.report, run.report["recipe"], run.report["pooled"]
        variants, weights = recipe["train_variants"], recipe["weights"]
        pair = pairs.get(number, {})
        rows.append(
            {
                "run": run.name,
                "collection": report["collection"],
                "model": recipe["model"],
                "weights": weights if weights in ("none", "imagenet") else Path(weights).name,
                "augment": " ".join(recipe["augment"]) or "none",
                "train_variants": "all" if variants is None else " ".join(variants) or "none",
                **{name: _option(recipe.get(name)) for name in OTHER_OPTIONS},
                "split": "leaky" if report["leaky"] else "honest",
                "protocol": recipe["protocol"],
                "folds": f"{len(report['folds'])} of {len(report['all_folds'])}",
                **{name: pooled[name] for name in ("accuracy", "low", "high", "macro_f1")},
                **{name: pooled[name] for name in ("n_images", "n_clips", "n_recordings")},
                "nearest_neighbour_accuracy": pooled["nearest_neighbour_accuracy"],
                "train_minutes": report["times"]["train_seconds"] / 60,
                **{
                    name: pair.get(name)
                    for name in ("compared_with", "difference", "difference_low", "difference_high")
                },
            }
        )
    return pd.DataFrame(rows)


def _option(value: object) -> str:
    """An option as it is written on a command line; `-` where it was left to the program."""
    if value is None:
        return "-"
    return (" ".join(value) or "none") if isinstance(value, list | tuple) else str(value)


def table_text(table: pd.DataFrame) -> str:
    """The table for the terminal, one line a run.

    Parameters
    ----------
    table : pandas.DataFrame
        As `table_of` gives it.

    Returns
    -------
    str
        Lines without a newline at the end; `OTHER_OPTIONS` only where the runs differ in them.
    """
    columns = COLUMNS | {
        field: field.replace("_", " ") for field in OTHER_OPTIONS if table[field].astype(str).nunique() > 1
    }
    shown = table.assign(
        accuracy=[f"{100 * value:.1f} %" for value in table["accuracy"]],
        interval=[_interval(row) for row in table.to_dict("records")],
        macro_f1=[f"{100 * value:.1f} %" for value in table["macro_f1"]],
        train_minutes=[f"{value:.1f}" for value in table["train_minutes"]],
    )
    lines = [list(columns.values()), *shown[list(columns)].astype(str).to_numpy().tolist()]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)


def _interval(row: Mapping[str, object]) -> str:
    """The interval of a run's accuracy, or of how few recordings it is."""
    if pd.isna(row["low"]):
        return f"none: {row['n_recordings']} of {recordings_needed()} recordings"
    return ends_in_words(row)


def differences_text(runs: Sequence[Finished]) -> str:
    """Each run's difference to the best in a sentence, and whether it is more than noise; empty without a pair."""
    lines = []
    for number, pair in paired_differences(runs).items():
        low, high, n_recordings = (pair[name] for name in ("difference_low", "difference_high", "n_recordings"))
        if low is None:
            interval = no_interval(n_recordings)
            verdict = "too few recordings to tell"
        else:
            interval = f"95 % interval {100 * low:+.1f} to {100 * high:+.1f}"
            verdict = "may be noise" if low <= 0 <= high else "more than noise"
        lines.append(
            f"  {runs[number].name} against {pair['compared_with']}: {percent(pair['accuracy'])} to "
            f"{percent(pair['best_accuracy'])}, {100 * pair['difference']:+.1f} points ({interval}; {tested(pair)}): "
            f"{verdict}"
        )
    if not lines:
        return ""
    return "\n".join(
        [
            "Against the best, on the clips that both tested (noise of which recordings were tested; another --seed "
            "shows that of training):",
            *lines,
            "Whoever picks the best of many by these figures picks luck too: its figure is a little too high.",
        ]
    )
