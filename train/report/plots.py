"""The plots of a report: confusion matrix and training curves."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from generate.runtime.atomic_write import atomic_write
from train.wording import percent, shortened

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Told apart with any colour vision: M. Okabe and K. Ito, Color Universal Design, 2008; yellow is left out on white."""
STYLES = ("-", "--", ":")
"""After all colours, the same again with another line: 21 folds."""
SHADES = "Blues"
DPI = 110
LARGEST_SIDE_IN = 24.0
MOST_NUMBERED = 60
"""Classes up to which the cells have numbers."""
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
"""Asked in turn for a letter, those that are there."""


def confusion_figure(matrix: np.ndarray, report: Mapping[str, object]) -> Figure:
    """The confusion matrix: numbers are test images, shades are parts of the true class.

    Parameters
    ----------
    matrix : np.ndarray, shape=(n_classes, n_classes), int
        A row for each true class.
    report : dict
        As `train.report.results.build_report` gives it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    names = [shortened(row["label"]) for row in report["classes"]]
    n = len(names)
    cell_in = min(max(0.32, 4.0 / n), LARGEST_SIDE_IN / n)
    size = min(10.0, 34 * cell_in)
    side = n * cell_in
    figure = Figure(figsize=(side, side), dpi=DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))  # the names stand outside; `write_png` makes room for them
    parts = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(parts, cmap=SHADES, vmin=0, vmax=1, interpolation="nearest")
    font = {"parse_math": False, "fontfamily": _fonts()}
    axes.set_xticks(range(n), names, rotation=90, fontsize=size, **font)
    axes.set_yticks(range(n), names, fontsize=size, **font)
    axes.tick_params(length=0)
    axes.set_xlabel("predicted as\n(number: test images; shade: part of the true class)", fontsize=9)
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
                color="white" if parts[row, column] > 0.55 else "black",
                fontsize=min(11.0, 34 * cell_in, 90 * cell_in / max(len(number), 1)),
            )
    title = _title("Confusion matrix", report, "accuracy")
    axes.set_title(title, pad=12, **_title_font(report))
    return figure


def curves_figure(histories: Mapping[str, pd.DataFrame], report: Mapping[str, object]) -> Figure:
    """Accuracy and loss by epoch, a colour a fold; a dot is the fold's test accuracy.

    Parameters
    ----------
    histories : mapping of str to pandas.DataFrame
        Of each fold, as `Run.read_history` gives it.
    report : dict
        As `train.report.results.build_report` gives it.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure = Figure(figsize=(11, 4.8), dpi=DPI, facecolor="white")
    top, bottom, right = 0.79, 0.12, 0.82
    grid = figure.add_gridspec(1, 2, left=0.07, right=right, top=top, bottom=bottom, wspace=0.2)
    panels = {"accuracy": figure.add_subplot(grid[0]), "loss": figure.add_subplot(grid[1])}
    folds = {fold["name"]: fold for fold in report["folds"]}
    has_validation, n_frozen = False, 0
    keys = []
    for number, (name, history) in enumerate(histories.items()):
        colour = COLOURS[number % len(COLOURS)]
        style = STYLES[number // len(COLOURS) % len(STYLES)]
        marker = "." if len(history) < 3 else ""
        validated = "val_accuracy" in history and pd.to_numeric(history["val_accuracy"]).notna().any()
        has_validation |= validated
        for what, axes in panels.items():
            line = {"color": colour, "linestyle": style, "marker": marker}
            faint = {"alpha": 0.35, "linewidth": 1.0} if validated else {"alpha": 0.9, "linewidth": 1.2}
            axes.plot(history["epoch"], history[what], **line, **faint)
            if validated:
                axes.plot(history["epoch"], history[f"val_{what}"], **line, linewidth=1.6)
        fold = folds[name]
        tested_at = fold.get("tested_epoch") or history["epoch"].iloc[-1]
        panels["accuracy"].plot(
            tested_at,
            fold["accuracy"],
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
    leaky = " (leaky)" if report["leaky"] else ""
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
    keys.append(Line2D([], [], color="#555555", marker="o", linestyle="", label=f"test{leaky}"))
    if has_validation:
        keys.append(Line2D([], [], color="#555555", linewidth=1.6, label=f"validation{leaky}"))
    if n_frozen:
        keys.append(Patch(color="#eeeeee", label="base frozen"))
    keys.append(Line2D([], [], color="#555555", linewidth=1.0, alpha=0.5 if has_validation else 0.9, label="training"))
    legend = figure.legend(handles=keys, loc="upper left", bbox_to_anchor=(right + 0.01, top + 0.02), frameon=False)
    for text in legend.get_texts():
        text.set(parse_math=False, fontfamily=_fonts(), fontsize=9)
    figure.suptitle(_title("Training", report, "test accuracy"), y=0.97, va="top", **_title_font(report))
    return figure


def write_png(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, whole or not at all."""
    with atomic_write(path) as temporary, warnings.catch_warnings():
        # A class may be named in a script that no font here has; its letters become boxes.
        warnings.filterwarnings("ignore", message=".*[Gg]lyph")
        figure.savefig(temporary, format="png", bbox_inches="tight", pad_inches=0.2)


def _title(what: str, report: Mapping[str, object], figure_name: str) -> str:
    value = percent(report["pooled"]["accuracy"])
    collection, model = shortened(report["collection"], longest=30), report["recipe"]["model"]
    part = f", {len(report['folds'])} of {len(report['all_folds'])} folds only" if report["folds_missing"] else ""
    leaky, warning = ("LEAKY ", " (leaky: not for new sounds)") if report["leaky"] else ("", "")
    return f"{leaky}{what}: {collection}, {model}\n{figure_name} {value}{part}{warning}"


def _title_font(report: Mapping[str, object]) -> dict[str, object]:
    colour = "#b00020" if report["leaky"] else "black"
    return {"fontsize": 12, "color": colour, "parse_math": False, "fontfamily": _fonts()}


def _fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return [name for name in FONTS if name in there]
