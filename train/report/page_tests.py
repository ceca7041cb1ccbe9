"""The test clips on the page of a run: which ones it shows, and what it says of each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generate.gallery.page_data import MOST_CLIPS
from train.report.class_results import confusion_counts, membership_of
from train.report.results import probabilities_and_truth
from train.runs.run_folder import Run

N_BARS = 5
"""Classes whose probabilities are shown of each test image, the most probable first; and besides the true ones."""


def shown_tests(run: Run, predictions: pd.DataFrame, *, most: int = MOST_CLIPS) -> pd.DataFrame:
    """The predictions that the page shows: all, or the errors and then as many right ones of each class.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them.
    most : int
        How many, at most; the most confident first.
    """
    is_error = (predictions["label"] != predictions["predicted"]).to_numpy()
    order = pd.DataFrame(
        {"label": predictions["label"], "right": ~is_error, "confidence": _confidence(run, predictions)}
    )
    order = order.sort_values("confidence", ascending=False, kind="stable")
    order["place"] = order.groupby("label").cumcount().where(order["right"], 0)
    rows = order.sort_values(["right", "place"], kind="stable").index[:most]
    return predictions.loc[np.sort(rows)].reset_index(drop=True)


def cells_of(run: Run, predictions: pd.DataFrame) -> list[list[int]]:
    """The confusion matrix, as (true class, predicted class, test images) where there are any.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        All of them.
    """
    matrix = confusion_counts(run, predictions)
    return [[int(i), int(j), int(matrix[i, j])] for i, j in np.argwhere(matrix)]


def columns_of(run: Run, predictions: pd.DataFrame) -> dict[str, object]:
    """The test images, one list for each column.

    Parameters
    ----------
    run : Run
    predictions : pandas.DataFrame
        As `shown_tests` gives them.

    Returns
    -------
    dict
        `label` and `predicted` are lists of numbers of classes; `probabilities` has (class, probability) pairs of
        `N_BARS` classes and of the true ones.
    """
    probabilities, _ = probabilities_and_truth(run, predictions)
    labels, answers = (
        [np.flatnonzero(row).tolist() for row in table] for table in _true_and_predicted(run, predictions)
    )
    first = np.argsort(-probabilities, axis=1, kind="stable")[:, :N_BARS].tolist()
    nothing = [""] * len(predictions)
    return {
        "clip": list(predictions["clip_id"]),
        "variant": list(predictions["variant"]),
        "recording": list(predictions["source_id"]),
        "fold": list(predictions["fold"]),
        "file": list(predictions["file_name"]),
        "label": labels,
        "predicted": answers,
        "confidence": [short(value) for value in _confidence(run, predictions)],
        "probabilities": [
            [[k, short(row[k])] for k in dict.fromkeys([*best, *of_clip])]
            for row, best, of_clip in zip(probabilities, first, labels, strict=True)
        ],
        "like_true": nothing,
        "like_predicted": nothing,
        "explained": [None] * len(predictions),
    }


def _confidence(run: Run, predictions: pd.DataFrame) -> np.ndarray:
    """The probability of the predicted class; of several labels, how wrong the model is about one at most."""
    probabilities, _ = probabilities_and_truth(run, predictions)
    is_of, is_predicted = _true_and_predicted(run, predictions)
    wrong = np.where(is_of, 1 - probabilities, probabilities)
    return np.asarray((wrong if run.multilabel else probabilities * is_predicted).max(axis=1))


def _true_and_predicted(run: Run, predictions: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The classes of each test image, and those that were predicted; shape=(n, n_classes), bool."""
    return membership_of(run, predictions["label"]), membership_of(run, predictions["predicted"])


def short(value: float) -> float | None:
    """Four significant digits, enough for a page; None where there is no number."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
