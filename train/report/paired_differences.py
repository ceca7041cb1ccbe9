"""Differences of two runs on the clips that both tested, clip by clip, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from train.report.intervals import difference_interval


@dataclass(frozen=True)
class Finished:
    """A run that can be compared.

    Parameters
    ----------
    name : str
        Of its folder.
    report : dict
        As `train.report.results.build_report` makes it.
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    """

    name: str
    report: dict[str, object]
    predictions: pd.DataFrame


def paired_clips(run: Finished, other: Finished) -> pd.DataFrame:
    """What two runs made of the clips that both tested.

    Parameters
    ----------
    run, other : Finished
        Of one collection.

    Returns
    -------
    pandas.DataFrame
        One row a clip: `clip_id`, `label`, `source_id`; `is_right` and `is_right_other`, the part of the clip's test
        images that each run named rightly, 0 or 1 in an honest run.
    """
    others = _results(other).drop(columns="source_id")
    return _results(run).merge(others, on=["clip_id", "label"], suffixes=("", "_other"))


def paired_difference(best: Finished, other: Finished) -> dict[str, object] | None:
    """How much worse a run is than another on the clips that both tested.

    Parameters
    ----------
    best, other : Finished
        Of one collection.

    Returns
    -------
    dict or None
        `compared_with`, `accuracy` and `best_accuracy` (on these clips), `difference`, `difference_low`,
        `difference_high` (parts of 1, `other` minus `best`; the interval is that of `train.report.intervals`, None
        where there are too few recordings for one), `n_clips`, `n_recordings`; None where they share no clip.
    """
    both = paired_clips(best, other)
    if both.empty:
        return None
    difference = both["is_right_other"] - both["is_right"]
    interval = difference_interval(difference, both["source_id"])
    return {
        "compared_with": best.name,
        "accuracy": float(both["is_right_other"].mean()),
        "best_accuracy": float(both["is_right"].mean()),
        "difference": float(difference.mean()),
        "difference_low": interval.low,
        "difference_high": interval.high,
        "n_clips": len(both),
        "n_images": len(both),
        "n_recordings": both["source_id"].nunique(),
    }


def paired_differences(runs: Sequence[Finished]) -> dict[int, dict[str, object]]:
    """Each honest run's difference to the first that tested the same clips, by its place in `runs`.

    Parameters
    ----------
    runs : sequence of Finished
        The best first, as `read_runs` gives them.

    Returns
    -------
    dict of int to dict
        What `paired_difference` gives, for each run that has a better one to be held against.
    """
    left = [number for number, run in enumerate(runs) if not run.report["leaky"]]
    found = {}
    while left:
        best, *left = left
        for number in list(left):
            if _task(runs[number]) == _task(runs[best]):
                pair = paired_difference(runs[best], runs[number])
                if pair:
                    found[number] = pair
                    left.remove(number)
    return found


def _task(run: Finished) -> tuple[object, ...]:
    """What a run tells apart: of fewer classes it is easier, even on the same clips."""
    return run.report["collection"], *(row["label"] for row in run.report["classes"])


def _results(run: Finished) -> pd.DataFrame:
    """One row a clip: the mean of its test images, which are one but in leaky runs."""
    rows = run.predictions
    rows = rows.assign(is_right=(rows["label"] == rows["predicted"]).astype(float))
    return rows.groupby(["clip_id", "label"], as_index=False).agg(
        is_right=("is_right", "mean"), source_id=("source_id", "first")
    )
