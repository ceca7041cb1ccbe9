"""What each stored variant was worth, from the test clips of models with it and without it. No files here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from train.report.intervals import LEVEL, difference_interval, recordings_needed

OVERALL = "overall"
CLASS = "class"
"""What a row of the table is about: all clips, or those of one class."""
ALL_VARIANTS = "all variants"
"""Stands for a variant where the models without it saw originals alone; no variant's own name has a space."""
HELPS = "helps"
HURTS = "hurts"
NOISE = "may be noise"
TOO_FEW = "too few recordings to tell"


def gains(paired: Mapping[str, pd.DataFrame], classes: Sequence[str], *, level: float = LEVEL) -> pd.DataFrame:
    """The gain of having each variant, overall and for each class, with intervals and verdicts.

    A table of ten classes and five variants is fifty looks for a difference, and of fifty plain 95 % intervals two or
    three miss the truth. So the verdicts go by wider intervals: by Bonferroni's inequality, each of n looks gets
    1 - (1 - level) / n, so that all n hold at once with the stated level. The looks at all clips are one family, those
    at single classes another, over all variants, since a reader looks for what stands out in the whole of it. This
    keeps the chance of a single false verdict in a family low, whatever the looks have to do with each other; the
    price is that small gains stay undecided. Controlling the false discovery rate instead would allow some false
    ones, and each false one would be acted on.

    Parameters
    ----------
    paired : Mapping of str to pandas.DataFrame
        Variant to one row a clip: `label`, `source_id`, and as numbers from 0 to 1 whether the clip was named rightly
        with the variant (`is_right`) and without it (`is_right_other`); see
        `train.report.paired_differences.paired_clips`.
    classes : sequence of str
        All there are; they order the rows.
    level : float
        Of the intervals; above 0 and below 1.

    Returns
    -------
    pandas.DataFrame
        For each variant a row with `scope` overall, and one with `scope` class for each class: `variant`, `scope`,
        `label` (empty for overall), `accuracy_with`, `accuracy_without` (recall, in the row of a class), `gain` (the
        first minus the second); its plain interval `low` to `high` and the one that is widened for `n_looks`,
        `wide_low` to `wide_high`; `n_clips`, `n_recordings`, `n_changed` (recordings whose clips the two did not name
        equally well), `verdict`. Parts of 1; NaN for a class that was not tested, and for an interval where there are
        fewer recordings than `train.report.intervals.recordings_needed` of its level.

    Raises
    ------
    ValueError
        If there is nothing to look at.

    References
    ----------
    O. J. Dunn, Multiple comparisons among means, Journal of the American Statistical Association 56, 1961, 52-64.
    """
    if not paired or any(table.empty for table in paired.values()):
        raise ValueError("There is no clip that models with and without a variant were tested on; train both first.")
    tested = {label for table in paired.values() for label in table["label"]}
    n_looks = {OVERALL: len(paired), CLASS: len(paired) * len(tested)}
    rows = []
    for variant, table in paired.items():
        for scope, label, part in _parts(table, classes):
            figures = _gain(part, n_looks=n_looks[scope], level=level)
            rows.append({"variant": variant, "scope": scope, "label": label, **figures})
    return pd.DataFrame(rows)


def _parts(table: pd.DataFrame, classes: Sequence[str]) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """All clips, then those of each class."""
    yield OVERALL, "", table
    for label in classes:
        yield CLASS, label, table[table["label"] == label]


def _gain(part: pd.DataFrame, *, n_looks: int, level: float) -> dict[str, object]:
    """One row of the table, from the clips that it is about."""
    wide = widened(level, n_looks=n_looks)
    difference = (part["is_right"] - part["is_right_other"]).to_numpy(dtype=float)
    sources = part["source_id"].to_numpy()
    low = high = wide_low = wide_high = math.nan
    if len(part):
        low, high = _ends(difference, sources, level=level)
        wide_low, wide_high = _ends(difference, sources, level=wide)
    n_changed = int((pd.Series(difference).groupby(sources).sum().abs() > 1e-9).sum())
    return {
        "accuracy_with": float(part["is_right"].mean()),
        "accuracy_without": float(part["is_right_other"].mean()),
        "gain": float(np.mean(difference)) if len(part) else math.nan,
        "low": low,
        "high": high,
        "wide_low": wide_low,
        "wide_high": wide_high,
        "n_looks": n_looks,
        "n_clips": len(part),
        "n_recordings": int(part["source_id"].nunique()),
        "n_changed": n_changed,
        "verdict": verdict(wide_low, wide_high, n_changed=n_changed, level=wide),
    }


def _ends(difference: np.ndarray, sources: np.ndarray, *, level: float) -> tuple[float, float]:
    """Of the interval; NaN where there are too few recordings for one."""
    found = difference_interval(difference, sources, level=level)
    return (math.nan, math.nan) if found.low is None else (found.low, found.high)


def widened(level: float, *, n_looks: int) -> float:
    """The level of each of several intervals, so that all of them hold at once with `level` (Bonferroni).

    Parameters
    ----------
    level : float
        Above 0 and below 1.
    n_looks : int
        1 or more.
    """
    return 1 - (1 - level) / n_looks


def verdict(low: float, high: float, *, n_changed: int, level: float) -> str:
    """A gain in plain words.

    Parameters
    ----------
    low, high : float
        Its interval, widened for the number of looks.
    n_changed : int
        Recordings whose clips were not named equally well.
    level : float
        Of the interval.

    Returns
    -------
    {"helps", "hurts", "may be noise", "too few recordings to tell"}
        The last where not even all changes in one direction would have told, see
        `train.report.intervals.recordings_needed`.
    """
    if n_changed < recordings_needed(level):
        return TOO_FEW
    if low > 0:
        return HELPS
    return HURTS if high < 0 else NOISE


def suggestion(table: pd.DataFrame, stored: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Which variants to keep for each class: all, but those that hurt it by more than noise.

    Parameters
    ----------
    table : pandas.DataFrame
        As `gains` gives it.
    stored : Mapping of str to sequence of str
        Class to the variants that its sounds have now.

    Returns
    -------
    dict of str to tuple of str
        Class to the variants to keep, in the order of `stored`; it never gets one that it did not have.
    """
    hurting = table[(table["scope"] == CLASS) & (table["verdict"] == HURTS)]
    pairs = set(zip(hurting["label"], hurting["variant"], strict=True))
    return {
        label: tuple(variant for variant in variants if (label, variant) not in pairs)
        for label, variants in stored.items()
    }
