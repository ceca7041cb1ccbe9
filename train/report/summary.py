"""What is printed after a run."""

from __future__ import annotations

import textwrap

from generate.dataset.folder import PAGE
from generate.runtime.wording import count, listed
from train.report.false_alarms import false_alarms_text
from train.report.interval_text import ends_in_words, interval_in_words, tested, tested_in
from train.report.label_quality import suspects_text
from train.report.multilabel_text import average_precision_text, lowest_text
from train.report.report import Report
from train.report.result_records import ClassResult, FinalModel, FoldResult
from train.runs import run_folder
from train.wording import duration, percent, shortened, start_in_words

MOST_WORST = 3
MOST_CONFUSIONS = 3
MOST_FOLDS = 20
WIDTH = 110


def summary_text(report: Report) -> str:
    """The report in a dozen lines; each line of a leaky run says so.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    recipe = report.recipe
    leaky = "leaky " if report.is_leaky else ""
    right = " with all labels right" if report.multilabel else ""
    rows = [(f"{leaky}fold {fold.name}", _fold_text(fold, leaky, right)) for fold in report.folds[:MOST_FOLDS]]
    if len(report.folds) > MOST_FOLDS:
        rows.append((leaky.strip(), f"and {len(report.folds) - MOST_FOLDS} other folds"))
    rows += _of_several_labels(report, leaky) if report.multilabel else _of_one_label(report, leaky)
    if report.final is not None:
        rows.append(("final model", final_text(report.final)))
    rows.append((f"{leaky}time", f"{duration(report.times.train_seconds)} of training"))
    width = max(len(name) for name, _ in rows)
    title = f"{report.collection}, {recipe.model} {start_in_words(recipe.weights)}, protocol {recipe.protocol}"
    lines = [title + (": LEAKY" if leaky else "")]
    lines += [f"  {name:<{width}}  {text}" for name, text in rows]
    for warning in report.warnings:
        first, further = ("  leaky, note: ", "    leaky: ") if leaky else ("  Note: ", "    ")
        lines += textwrap.wrap(warning, WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False)
    lines.append(
        f"In {report.run}: {run_folder.CARD} (begin there), {PAGE} (to look and listen), {run_folder.PREDICTIONS}, "
        f"{run_folder.REPORT}, {run_folder.CONFUSION_PNG}, {run_folder.CURVES}"
        + (" (all of them leaky)" if leaky else "")
    )
    return "\n".join(lines)


def _of_one_label(report: Report, leaky: str) -> list[tuple[str, str]]:
    """Accuracy, errors and baselines."""
    pooled = report.pooled
    rows = [
        (f"{leaky}accuracy", accuracy_text(report)),
        (f"{leaky}macro F1", f"{percent(pooled.macro_f1)} (without an interval)"),
    ]
    if report.false_alarms:
        rows.append(("false alarms", false_alarms_text(report.false_alarms)))
    worst = _worst_classes(report)
    if worst:
        rows.append((f"{leaky}lowest recall", worst))
    if report.confusions:
        rows.append((f"{leaky}most confused", _confusions(report)))
    if report.suspects:
        rows.append(("labels to check", suspects_text(report.suspects)))
    baselines = f"nearest neighbour on the pixels {percent(pooled.nearest_neighbour_accuracy)}"
    if pooled.most_frequent_class_accuracy is not None:
        baselines += f", always the most frequent class {percent(pooled.most_frequent_class_accuracy)}"
    return [*rows, (f"{leaky}baselines", baselines)]


def _of_several_labels(report: Report, leaky: str) -> list[tuple[str, str]]:
    """Average precision, and how often all labels of a clip are right."""
    pooled = report.pooled
    often = percent(pooled.most_frequent_class_accuracy)
    alarms = [("false alarms", false_alarms_text(report.false_alarms))] if report.false_alarms else []
    return [
        (f"{leaky}mean average precision", average_precision_text(report)),
        (f"{leaky}lowest", lowest_text(report)),
        (f"{leaky}all labels right", f"{accuracy_text(report)}; always the most frequent set of labels {often}"),
        *alarms,
    ]


def accuracy_text(report: Report) -> str:
    """Such as `92.5 % (95 % interval 89.9 to 94.9; 400 clips of 304 recordings)`.

    Parameters
    ----------
    report : Report
    """
    pooled = report.pooled
    only = f"; {len(report.folds)} of {len(report.all_folds)} folds only" if report.folds_missing else ""
    size = tested(pooled) + report.without
    return f"{percent(pooled.accuracy)} ({interval_in_words(pooled, level=pooled.level)}; {size}{only})"


def final_text(final: FinalModel) -> str:
    """What the final model was trained on."""
    return (
        f"trained on all {count(final.n_clips, 'clip')} of {count(final.n_recordings, 'recording')} in "
        f"{duration(final.train_seconds)}; its accuracy is the cross-validated one"
    )


def _fold_text(fold: FoldResult, leaky: str, right: str) -> str:
    leaked = f", {fold.n_leaked:,} with their recording in training" if leaky else ""
    baseline = fold.nearest_neighbour_accuracy
    neighbour = "" if baseline is None else f"; nearest neighbour {percent(baseline)}"
    return f"{percent(fold.accuracy):>7}{right} ({ends_in_words(fold)}) of {tested_in(fold)}{leaked}{neighbour}"


def _worst_classes(report: Report) -> str:
    recalls = [(row.recall, row) for row in report.counted_classes if row.recall is not None and row.recall < 1]
    recalls.sort(key=lambda pair: pair[0])
    return ", ".join(
        f"{shortened(row.label)} {percent(recall)} ({_certainty(row)})" for recall, row in recalls[:MOST_WORST]
    )


def _certainty(row: ClassResult) -> str:
    """The interval of a class's recall, or of how few recordings it is."""
    return count(row.n_recordings, "recording") if row.low is None else ends_in_words(row)


def _confusions(report: Report) -> str:
    return listed(
        f"{shortened(row.label)} predicted as {shortened(row.predicted)} {row.count} of {row.n_images}"
        for row in report.confusions[:MOST_CONFUSIONS]
    )
