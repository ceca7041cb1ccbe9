"""Differences in accuracy between the runs of an ablation and the run with all variants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from train.report.intervals import LEVEL, difference_interval
from train.report.paired_differences import Finished, paired_clips
from train.wording import percent, shortened

BETTER = "better"
WORSE = "worse"
NOISE = "may be noise"
TOO_FEW = "too few recordings"


def differences(
    runs: Mapping[str, Finished], left_out: Mapping[str, Sequence[str]], *, baseline: str, level: float = LEVEL
) -> pd.DataFrame:
    """Compare each run with the baseline on the same test clips, overall and for each class.

    A table of ten classes and five runs holds fifty differences, of which two or three would lie outside a plain 95 %
    interval by chance. So the intervals are simultaneous (Bonferroni): with n differences, each has the level
    1 - (1 - level) / n. The overall differences are one family, those of single classes another.

    Parameters
    ----------
    runs : Mapping of str to Finished
        With the same folds and classes.
    left_out : Mapping of str to sequence of str
        Run to the variants that it was trained without.
    baseline : str
        Key of the run with all variants.
    level : float
        Of all intervals of a family together, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        One row per run overall (`label` is empty), and one per run and class, but with several labels a clip: `run`,
        `left_out`, `label`; `accuracy` (recall, for a class), `accuracy_all` (of the baseline), `difference` (the first
        minus the second), all as fractions; the interval `low` to `high`, NaN with too few recordings; `n_clips`,
        `n_recordings`, `verdict`.

    References
    ----------
    O. J. Dunn, Multiple comparisons among means, Journal of the American Statistical Association 56, 1961, 52-64.
    """
    rows = []
    paired = {name: paired_clips(runs[baseline], run) for name, run in runs.items() if name != baseline}
    n_classes = len({label for clips in paired.values() for label in clips["label"]})
    # With several labels a clip is right if all are, which is no recall of any of its classes.
    by_class = [] if runs[baseline].report.multilabel else ["label"]
    for name, clips in paired.items():
        groups = [("", clips), *((str(label), group) for by in by_class for label, group in clips.groupby(by))]
        for label, group in groups:
            n_differences = len(paired) * (n_classes if label else 1)
            difference = group["is_right_other"] - group["is_right"]
            interval = difference_interval(difference, group["source_id"], level=1 - (1 - level) / n_differences)
            rows.append(
                {
                    "run": name,
                    "left_out": " ".join(left_out[name]),
                    "label": label,
                    "accuracy": group["is_right_other"].mean(),
                    "accuracy_all": group["is_right"].mean(),
                    "difference": difference.mean(),
                    "low": interval.low,
                    "high": interval.high,
                    "n_clips": len(group),
                    "n_recordings": interval.n_recordings,
                    "verdict": _verdict(interval.low, interval.high),
                }
            )
    return pd.DataFrame(rows).astype({"low": float, "high": float})


def _verdict(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return TOO_FEW
    return BETTER if low > 0 else WORSE if high < 0 else NOISE


def differences_text(table: pd.DataFrame, *, baseline: str) -> str:
    """The table for the terminal: each run overall, and below it the classes whose difference is more than noise.

    Parameters
    ----------
    table : pandas.DataFrame
        As `differences` returns it.
    baseline : str
        Name of the run with all variants.

    Returns
    -------
    str
        Lines without a newline at the end; differences in percentage points.
    """
    lines = [["run", "accuracy", f"{baseline}", "difference", f"{100 * LEVEL:g} % interval", "clips", "verdict"]]
    for row in table[(table["label"] == "") | table["verdict"].isin([BETTER, WORSE])].itertuples():
        has_interval = row.verdict != TOO_FEW
        lines.append(
            [
                f"  {shortened(row.label)}" if row.label else row.run,
                percent(row.accuracy),
                percent(row.accuracy_all),
                f"{100 * row.difference:+.1f}",
                f"{100 * row.low:+.1f} to {100 * row.high:+.1f}" if has_interval else "-",
                f"{row.n_clips:,}",
                row.verdict,
            ]
        )
    has_classes = (table["label"] != "").any()
    of_classes = (
        "; single classes only where it is more than noise" if has_classes else " (right: all labels of a clip)"
    )
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    aligned = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines]
    return "\n".join(
        [
            f"Difference to {baseline!r} on the same test clips, in percentage points{of_classes}:",
            *(line.rstrip() for line in aligned),
            "The intervals are widened (Bonferroni) to hold together for all runs, and for all runs and classes. They "
            "do not cover chance in training:",
            "repeat with another --seed and --name, and confirm what you decide on recordings that were not used here.",
        ]
    )
