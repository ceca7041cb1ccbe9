"""What the summary and the model card say of a run whose clips may have several labels."""

from __future__ import annotations

from train.report.interval_text import ends_in_words, no_interval, tested
from train.report.intervals import LEVEL
from train.report.multilabel_records import MultilabelResult
from train.report.report import Report
from train.wording import escaped, percent

MEANING = (
    "Average precision is the area under the curve of precision over recall of a class: how well its probability tells "
    "the clips that have it from those that have not, whatever the threshold. Its intervals are percentiles of a "
    "bootstrap over recordings, which is too narrow for few recordings."
)
MOST_WORST = 3


def average_precision_text(report: Report) -> str:
    """Such as `84.2 % (95 % interval 80.1 to 88.0; 400 clips of 304 recordings; chance 14.2 %)`.

    Parameters
    ----------
    report : Report
        With `multilabel`.
    """
    result = _of(report)
    interval = f"{100 * LEVEL:g} % interval {ends_in_words(result)}"
    if result.low is None:
        interval = no_interval(report.pooled.n_recordings)
    only = f"; {len(report.folds)} of {len(report.all_folds)} folds only" if report.folds_missing else ""
    return (
        f"{percent(result.mean_average_precision)} ({interval}; {tested(report.pooled)}{only}; chance "
        f"{percent(result.chance)})"
    )


def lowest_text(report: Report) -> str:
    """The classes with the lowest average precision, with their intervals."""
    rows = [row for row in _of(report).labels if row.average_precision is not None]
    rows.sort(key=lambda row: row.average_precision or 0)
    return ", ".join(
        f"{row.label} {percent(row.average_precision)} ({ends_in_words(row)})" for row in rows[:MOST_WORST]
    )


def classes_table(report: Report, leaky: str) -> str:
    """The results of each class, in Markdown."""
    header = (
        f"| class | average precision{leaky} | {100 * LEVEL:g} % interval | clips with it | recall{leaky} | "
        f"precision{leaky} | recordings |"
    )
    rows = [
        f"| {escaped(row.label)}{leaky} | {percent(of.average_precision)} | {ends_in_words(of)} | {row.n_images:,} "
        f"({percent(of.share)}) | {percent(row.recall)} | {percent(row.precision)} | {row.n_recordings:,} |"
        for row, of in zip(report.classes, _of(report).labels, strict=True)
    ]
    note = f"{MEANING} Recall and precision are those of a probability of 50 % or more."
    return "\n".join([header, "|---|---|---|---|---|---|---|", *rows]) + f"\n\n{note}"


def _of(report: Report) -> MultilabelResult:
    if report.multilabel is None:
        raise ValueError("The run must be one whose clips may have several labels. Got one of a label each.")
    return report.multilabel
