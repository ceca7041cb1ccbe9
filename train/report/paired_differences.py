"""Paired differences of two runs, clip by clip on the clips that both tested, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from generate.dataset.background_classes import counted
from train.report.intervals import LEVEL, difference_interval
from train.report.report import Report


@dataclass(frozen=True)
class Finished:
    """A finished run that can be compared.

    Parameters
    ----------
    name : str
        Of its folder.
    report : Report
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    """

    name: str
    report: Report
    predictions: pd.DataFrame


@dataclass(frozen=True)
class PairedDifference:
    """How much less accurate a run is than a better one, on the clips that both tested.

    Parameters
    ----------
    compared_with : str
        The better run.
    accuracy, best_accuracy : float
        Of the run and of the better one, on these clips; 0 to 1.
    difference : float
        `accuracy - best_accuracy`.
    low, high : float or None
        Its interval (see `train.report.intervals`); None where there are too few recordings.
    n_clips, n_recordings : int
    n_pairs : int
        Of all runs that were compared; the intervals of all these pairs hold together.
    """

    compared_with: str
    accuracy: float
    best_accuracy: float
    difference: float
    low: float | None
    high: float | None
    n_clips: int
    n_recordings: int
    n_pairs: int = 1

    @property
    def level(self) -> float:
        """Of its interval, so that those of all pairs hold together in 95 of 100 tests."""
        return 1 - (1 - LEVEL) / self.n_pairs


def paired_clips(run: Finished, other: Finished) -> pd.DataFrame:
    """The results of two runs for each clip that both tested.

    Parameters
    ----------
    run, other : Finished
        Of one collection.

    Returns
    -------
    pandas.DataFrame
        One row a clip: `clip_id`, `start_s`, `label`, `source_id`; `is_right` and `is_right_other`, the fraction of
        the clip's test images that each run predicted correctly, 0 or 1 with a grouped split.
    """
    others = _results(other).drop(columns="source_id")
    # Of a long recording cut into shorter pieces the second one begins elsewhere.
    return _results(run).merge(others, on=["clip_id", "start_s", "label"], suffixes=("", "_other"))


def paired_differences(runs: Sequence[Finished]) -> dict[int, PairedDifference]:
    """The difference of each run with a grouped split to the first one that tested the same clips.

    The first of many runs is the best of the same test, by chance too. So the intervals are those that hold together
    for all pairs of the runs that are compared (Bonferroni), whichever of them is the best.

    Parameters
    ----------
    runs : sequence of Finished
        The best first, as `train.compare.table.read_runs` gives them.

    Returns
    -------
    dict of int to PairedDifference
        By the run's place in `runs`; only runs that a better one can be compared with.

    References
    ----------
    O. J. Dunn, Multiple comparisons among means, Journal of the American Statistical Association 56, 1961, 52-64.
    """
    left = [number for number, run in enumerate(runs) if not run.report.is_leaky]
    differences = {}
    while left:
        best, *left = left
        of_task = [number for number in left if task_of(runs[number]) == task_of(runs[best])]
        clips = {number: paired_clips(runs[best], runs[number]) for number in of_task}
        clips = {number: both for number, both in clips.items() if not both.empty}
        n_pairs = math.comb(len(clips) + 1, 2)
        for number, both in clips.items():
            differences[number] = _difference(runs[best].name, both, n_pairs=n_pairs)
            left.remove(number)
    return differences


def _difference(best: str, both: pd.DataFrame, *, n_pairs: int) -> PairedDifference:
    """How much worse a run is than the best, on the clips that both tested."""
    difference = both["is_right_other"] - both["is_right"]
    interval = difference_interval(difference, both["source_id"], level=1 - (1 - LEVEL) / n_pairs)
    return PairedDifference(
        compared_with=best,
        accuracy=float(both["is_right_other"].mean()),
        best_accuracy=float(both["is_right"].mean()),
        difference=float(difference.mean()),
        low=interval.low,
        high=interval.high,
        n_clips=len(both),
        n_recordings=interval.n_recordings,
        n_pairs=n_pairs,
    )


def task_of(run: Finished) -> tuple[str, ...]:
    """The collection and the classes: fewer classes are easier to tell apart, even on the same clips.

    Parameters
    ----------
    run : Finished

    Returns
    -------
    tuple of str
        Accuracies of runs of which it differs are of different tasks, and say nothing about which run is better.
    """
    return run.report.collection, *(row.label for row in run.report.classes)


def _results(run: Finished) -> pd.DataFrame:
    """One row a clip: the mean of its test images, of which only leaky runs have more than one."""
    rows = run.predictions
    if run.report.multilabel is None:
        rows = rows[counted(rows["label"])]
    rows = rows.assign(is_right=(rows["label"] == rows["predicted"]).astype(float))
    return rows.groupby(["clip_id", "start_s", "label"], as_index=False).agg(
        is_right=("is_right", "mean"), source_id=("source_id", "first")
    )
