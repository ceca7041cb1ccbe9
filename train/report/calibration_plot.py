"""The plot of calibration and thresholds: reliability, and precision against recall of each class."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from train.calibration.thresholds import out_of_fold
from train.report.plots import COLOURS, STYLES, label_fonts
from train.report.report import Report
from train.wording import shortened

N_BINS = 10
MOST_CLASSES = 21


def calibration_figure(
    probabilities: np.ndarray, truth: np.ndarray, folds: np.ndarray, groups: np.ndarray, report: Report
) -> Figure:
    """Draw how often predictions of each probability are right, and precision and recall at every threshold.

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        Of the test images.
    truth : np.ndarray, shape=(n,), int
        With several labels a clip: which it has, shape=(n, n_classes), bool.
    folds, groups : np.ndarray, shape=(n,)
        Fold and recording of each.
    report : Report

    Returns
    -------
    matplotlib.figure.Figure
    """
    from sklearn.metrics import precision_recall_curve

    calibrated = out_of_fold(probabilities, truth, folds, groups).probabilities
    figure = Figure(figsize=(11, 5))
    reliability, curves = figure.subplots(1, 2)
    reliability.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for p, name, colour in ((probabilities, "before scaling", COLOURS[1]), (calibrated, "after", COLOURS[0])):
        reliability.plot(*_bins(p, truth), marker="o", color=colour, label=name)
    reliability.set(
        xlabel="probability of the prediction", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02)
    )
    reliability.legend(frameon=False)
    names: list[str] = []
    for k, row in enumerate(report.classes[:MOST_CLASSES]):
        is_class = truth[:, k] if truth.ndim == 2 else truth == k
        if not is_class.any():
            continue
        precision, recall, _ = precision_recall_curve(is_class, calibrated[:, k])
        colour, style = COLOURS[k % len(COLOURS)], STYLES[k // len(COLOURS) % len(STYLES)]
        curves.plot(recall, precision, color=colour, linestyle=style, label=str(len(names)))
        names.append(shortened(row.label))
    curves.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    legend = curves.legend(frameon=False, fontsize="small", loc="lower left")
    # Set afterwards, since a label that begins with `_` has no place in a legend, and `$` would begin a formula.
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set(text=name, parse_math=False, fontfamily=label_fonts())
    for axes in (reliability, curves):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _bins(probabilities: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean confidence and accuracy of bins with equal numbers of predictions."""
    if truth.ndim == 2:
        confidence, is_right = probabilities.ravel(), truth.ravel()
    else:
        confidence, is_right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    parts = [part for part in np.array_split(np.argsort(confidence, kind="stable"), N_BINS) if len(part)]
    return np.array([confidence[part].mean() for part in parts]), np.array([is_right[part].mean() for part in parts])
