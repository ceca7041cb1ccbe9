"""The plot of a label budget: accuracy over recordings, and what the last doubling gave each class."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from train.budget.learning_curve import Budget
from train.report.plots import COLOURS, DPI
from train.wording import shortened

MOST_CLASSES = 40


def budget_figure(budget: Budget) -> Figure:
    """Draw the learning curve of all classes with its intervals, and the gains of the classes with theirs.

    Parameters
    ----------
    budget : Budget

    Returns
    -------
    matplotlib.figure.Figure
    """
    shown = budget.gains[: 1 + MOST_CLASSES]
    figure = Figure(figsize=(11, max(4.5, 0.3 * len(shown) + 1.5)), dpi=DPI, facecolor="white", layout="constrained")
    curve, gains = figure.subplots(1, 2)
    points = [point for point in budget.points if not point.label]
    n = [point.n_train for point in points]
    curve.plot(n, [point.accuracy for point in points], "o-", color=COLOURS[0], label="mean of the draws")
    if all(point.low is not None for point in points):
        low, high = ([getattr(point, end) for point in points] for end in ("low", "high"))
        curve.fill_between(n, low, high, color=COLOURS[0], alpha=0.15, linewidth=0, label="95 % interval")
    curve.set(xlabel="training recordings", ylabel="accuracy", xlim=(0, None), ylim=(0, 1.02))
    curve.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    curve.set_title("Accuracy with a part of the recordings", fontsize=11)
    curve.legend(frameon=False, loc="lower right")
    for place, gain in enumerate(shown):
        colour = "#000000" if not gain.label else COLOURS[0]
        gains.plot(100 * gain.gain, place, "o", color=colour)
        if gain.low is not None and gain.high is not None:
            gains.plot([100 * gain.low, 100 * gain.high], [place, place], color=colour, linewidth=2)
    names = [shortened(gain.label) or "all classes" for gain in shown]
    gains.set_yticks(np.arange(len(shown)), names, fontsize=9, parse_math=False)
    gains.set_ylim(len(shown) - 0.5, -0.5)
    gains.axvline(0, color="0.5", linestyle="--", linewidth=1, zorder=0)
    gains.set_xlabel("points of recall (all classes: of accuracy), with 95 % intervals", fontsize=9)
    gains.set_title("What the last doubling was worth", fontsize=11)
    for axes in (curve, gains):
        axes.grid(color="#e5e5e5", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure
