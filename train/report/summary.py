"""What stands on the terminal after a run."""

from __future__ import annotations

import textwrap

from generate.dataset.folder import PAGE
from generate.runtime.wording import count
from train.report.interval_text import ends_in_words, interval_in_words, tested
from train.runs import run_folder
from train.wording import duration, listed, percent, shortened, start_in_words

MOST_WORST = 3
MOST_CONFUSIONS = 3
MOST_FOLDS = 20
WIDTH = 110


def summary_text(report: dict[str, object]) -> str:
    """The report in a dozen lines; each line of a leaky run says so.

    Parameters
    ----------
    report : dict
        As `train.report.report.make_report` gives it.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    pooled, recipe = report["pooled"], report["recipe"]
    leaky = "leaky " if report["leaky"] else ""
    rows = [(f"{leaky}fold {fold['name']}", _fold_text(fold, leaky)) for fold in report["folds"][:MOST_FOLDS]]
    if len(report["folds"]) > MOST_FOLDS:
        rows.append((leaky.strip(), f"and {len(report['folds']) - MOST_FOLDS} other folds"))
    rows += [
        (f"{leaky}accuracy", accuracy_text(report)),
        (f"{leaky}macro F1", f"{percent(pooled['macro_f1'])} (no interval is known for it)"),
    ]
    worst = _worst_classes(report)
    if worst:
        rows.append((f"{leaky}worst classes", worst))
    if report["confusions"]:
        rows.append((f"{leaky}most confused", _confusions(report)))
    rows.append((f"{leaky}meter", meter_text(report)))
    rows.append((f"{leaky}time", f"{duration(report['times']['train_seconds'])} of training"))
    width = max(len(name) for name, _ in rows)
    title = (
        f"{report['collection']}, {recipe['model']} {start_in_words(recipe['weights'])}, protocol {recipe['protocol']}"
    )
    lines = [title + (": LEAKY" if leaky else "")]
    lines += [f"  {name:<{width}}  {text}" for name, text in rows]
    for warning in report["warnings"]:
        first, further = ("  leaky, note: ", "    leaky: ") if leaky else ("  Note: ", "    ")
        lines += textwrap.wrap(warning, WIDTH, initial_indent=first, subsequent_indent=further, break_long_words=False)
    lines.append(
        f"In {report['run']}: {run_folder.CARD} (begin there), {PAGE} (to look and listen), {run_folder.PREDICTIONS}, "
        f"{run_folder.REPORT}, {run_folder.CONFUSION_PNG}, {run_folder.CURVES}"
        + (" (all of them leaky)" if leaky else "")
    )
    return "\n".join(lines)


def accuracy_text(report: dict[str, object]) -> str:
    """Such as `92.5 % (95 % interval 89.9 to 94.9; 400 clips of 304 recordings)`; it says so where there is none.

    Parameters
    ----------
    report : dict
        As `train.report.report.make_report` gives it.
    """
    pooled = report["pooled"]
    n_folds, n_all = len(report["folds"]), len(report["all_folds"])
    part = f"; {n_folds} of {n_all} folds only" if report["folds_missing"] else ""
    return f"{percent(pooled['accuracy'])} ({interval_in_words(pooled, level=pooled['level'])}; {tested(pooled)}{part})"


def meter_text(report: dict[str, object]) -> str:
    """What a figure is to be held against: the nearest neighbour, and always the same answer.

    Parameters
    ----------
    report : dict
        As `train.report.report.make_report` gives it.
    """
    pooled = report["pooled"]
    return (
        f"nearest neighbour on the pixels, no learning: {percent(pooled['nearest_neighbour_accuracy'])}; always the "
        f"most frequent class: {percent(pooled['most_frequent_class_accuracy'])}"
    )


def _fold_text(fold: dict[str, object], leaky: str) -> str:
    relatives = f", {fold['relatives_in_training']:,} with a relative in training" if leaky else ""
    meter = fold["nearest_neighbour_accuracy"]
    neighbour = "" if meter is None else f"; nearest neighbour {percent(meter)}"
    return f"{percent(fold['accuracy']):>7} ({ends_in_words(fold)}) of {tested(fold)}{relatives}{neighbour}"


def _worst_classes(report: dict[str, object]) -> str:
    found = [row for row in report["classes"] if row["recall"] is not None and row["recall"] < 1]
    found.sort(key=lambda row: row["recall"])
    return ", ".join(
        f"{shortened(row['label'])} {percent(row['recall'])} ({_certainty(row)})" for row in found[:MOST_WORST]
    )


def _certainty(row: dict[str, object]) -> str:
    """The interval of a class's recall, or of how few recordings it is."""
    return count(row["n_recordings"], "recording") if row["low"] is None else ends_in_words(row)


def _confusions(report: dict[str, object]) -> str:
    return listed(
        f"{shortened(row['label'])} predicted as {shortened(row['predicted'])} {row['count']} of {row['n']}"
        for row in report["confusions"][:MOST_CONFUSIONS]
    )
