"""The plots of a report: confusion matrix and training curves."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from generate.runtime.atomic_write import atomic_write
from train.report.report import Report
from train.wording import percent, shortened

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Distinguishable with any colour vision: M. Okabe and K. Ito, Color Universal Design, 2008, without yellow."""
STYLES = ("-", "--", ":")
"""With the colours, enough for 21 folds."""
SHADES = "Blues"
DPI = 110
LARGEST_SIDE_IN = 24.0
MOST_NUMBERED = 60
"""Number of classes up to which the cells have numbers."""
FONTS = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "Hiragino Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Arial Unicode MS",
    "Noto Sans Devanagari",
    "Noto Sans Thai",
    "Noto Emoji",
)
"""Searched in this order for a character, those that are installed."""


def confusion_figure(matrix: np.ndarray, report: Report) -> Figure:
    """The confusion matrix: numbers are test images, shades are fractions of the true class.

    Parameters
    ----------
    matrix : np.ndarray, shape=(n_classes, n_classes), int
        A row for each true class.
    report : Report

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = [shortened(row.label) for row in report.classes]
    n = len(names)
    cell_in = min(max(0.32, 4.0 / n), LARGEST_SIDE_IN / n)
    size = min(10.0, 34 * cell_in)
    side = n * cell_in
    figure = Figure(figsize=(side, side), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))  # the names are outside; `write_png` makes room for them
    counts = matrix.sum(axis=1, keepdims=True)
    if report.multilabel:  # a clip of a class may be in several columns, or none
        counts = np.array([[row.n_images] for row in report.classes])
    fractions = matrix / np.maximum(counts, 1)
    axes.imshow(fractions, cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
    fonts = label_fonts()
    axes.set_xticks(range(n), names, rotation=90, fontsize=size, parse_math=False, fontfamily=fonts)
    axes.set_yticks(range(n), names, fontsize=size, parse_math=False, fontfamily=fonts)
    axes.tick_params(length=0)
    also = ", which may have others too" if report.multilabel else ""
    axes.set_xlabel(f"predicted as\n(number: test images; shade: fraction of the true class{also})", fontsize=9)
    axes.set_ylabel("true class", fontsize=9)
    if n <= MOST_NUMBERED:
        axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="#dddddd", linewidth=0.6)
        axes.tick_params(which="minor", length=0)
        for row, column in np.argwhere(matrix):
            number = f"{matrix[row, column]:,}"
            axes.text(
                column,
                row,
                number,
                ha="center",
                va="center",
                color="white" if fractions[row, column] > 0.55 else "black",
                fontsize=min(11.0, 34 * cell_in, 90 * cell_in / max(len(number), 1)),
            )
    title = _title("Labels given together" if report.multilabel else "Confusion matrix", report, "accuracy")
    axes.set_title(title, pad=12, fontsize=12, color=_colour(report), parse_math=False, fontfamily=fonts)
    return figure


def curves_figure(histories: Mapping[str, pd.DataFrame], report: Report) -> Figure:
    """Accuracy and loss by epoch, one colour for each fold; a dot is the fold's test accuracy.

    Parameters
    ----------
    histories : mapping of str to pandas.DataFrame
        Of each fold, as `Run.read_history` gives it.
    report : Report

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(11, 4.8), dpi=DPI, facecolor="white")
    top, bottom, right = 0.79, 0.12, 0.82
    grid = figure.add_gridspec(1, 2, left=0.07, right=right, top=top, bottom=bottom, wspace=0.2)
    panels = {"accuracy": figure.add_subplot(grid[0]), "loss": figure.add_subplot(grid[1])}
    folds = {fold.name: fold for fold in report.folds}
    has_validation, n_frozen = False, 0
    keys: list[Artist] = []
    for number, (name, history) in enumerate(histories.items()):
        colour = COLOURS[number % len(COLOURS)]
        style = STYLES[number // len(COLOURS) % len(STYLES)]
        marker = "." if len(history) < 3 else ""
        validated = "val_accuracy" in history and pd.to_numeric(history["val_accuracy"]).notna().any()
        has_validation |= validated
        for what, axes in panels.items():
            alpha, width = (0.35, 1.0) if validated else (0.9, 1.2)
            plot = partial(axes.plot, history["epoch"], color=colour, linestyle=style, marker=marker)
            plot(history[what], alpha=alpha, linewidth=width)
            if validated:
                plot(history[f"val_{what}"], linewidth=1.6)
        tested_at = folds[name].tested_epoch or history["epoch"].iloc[-1]
        if report.multilabel is None:  # else the accuracy of an epoch is that of single labels
            panels["accuracy"].plot(
                tested_at,
                folds[name].accuracy,
                "o",
                color=colour,
                markeredgecolor="white",
                markersize=8,
                clip_on=False,
                zorder=5,
            )
        keys.append(Line2D([], [], color=colour, linestyle=style, label=f"fold {shortened(name, longest=14)}"))
        n_frozen = int((history["phase"] == "head").sum()) if "phase" in history else 0
        if n_frozen and number == 0:
            for axes in panels.values():
                axes.axvspan(0.5, n_frozen + 0.5, color="#eeeeee", zorder=0)
    leaky = " (leaky)" if report.is_leaky else ""
    for what, axes in panels.items():
        axes.set_xlabel("epoch")
        axes.set_title(what + leaky, fontsize=11)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(color="#e5e5e5", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels["accuracy"].set_ylim(0, 1.02)
    panels["accuracy"].yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    panels["loss"].set_ylim(bottom=0)
    keys = keys[:20] + ([Line2D([], [], color="none", label=f"and {len(keys) - 20} more")] if len(keys) > 20 else [])
    if report.multilabel is None:
        keys.append(Line2D([], [], color="#555555", marker="o", linestyle="", label=f"test{leaky}"))
    if has_validation:
        keys.append(Line2D([], [], color="#555555", linewidth=1.6, label=f"validation{leaky}"))
    if n_frozen:
        keys.append(Patch(color="#eeeeee", label="base frozen"))
    keys.append(Line2D([], [], color="#555555", linewidth=1.0, alpha=0.5 if has_validation else 0.9, label="training"))
    legend = figure.legend(handles=keys, loc="upper left", bbox_to_anchor=(right + 0.01, top + 0.02), frameon=False)
    for text in legend.get_texts():
        text.set(parse_math=False, fontfamily=label_fonts(), fontsize=9)
    title = _title("Training", report, "test accuracy")
    figure.suptitle(
        title, y=0.97, va="top", fontsize=12, color=_colour(report), parse_math=False, fontfamily=label_fonts()
    )
    return figure


def write_png(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, atomically."""
    with atomic_write(path) as temporary, warnings.catch_warnings():
        # Characters of a class name that no installed font has become boxes.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph")
        figure.savefig(temporary, format="png", bbox_inches="tight", pad_inches=0.2)


def _title(what: str, report: Report, metric: str) -> str:
    accuracy = percent(report.pooled.accuracy)
    if report.multilabel is not None:
        metric, accuracy = "mean average precision", percent(report.multilabel.mean_average_precision)
    collection, model = shortened(report.collection, longest=30), report.recipe.model
    only = f", {len(report.folds)} of {len(report.all_folds)} folds only" if report.folds_missing else ""
    leaky, warning = ("LEAKY ", " (leaky: not for new recordings)") if report.is_leaky else ("", "")
    return f"{leaky}{what}: {collection}, {model}\n{metric} {accuracy}{only}{warning}"


def _colour(report: Report) -> str:
    return "#b00020" if report.is_leaky else "black"


def label_fonts() -> list[str]:
    """The fonts for names of classes, of which the first that has a letter draws it."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return [name for name in FONTS if name in installed]
