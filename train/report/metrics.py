"""The metrics of a classifier, from arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from generate.dataset.background_classes import counted


def accuracy(labels: ArrayLike, predicted: ArrayLike) -> float:
    """Fraction of the predictions that are correct.

    Parameters
    ----------
    labels, predicted : array_like of str, shape=(n,)
        True and predicted classes.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If they are empty or differ in length.
    """
    labels, predicted = _same_length("labels", labels, "predictions", predicted)
    return float(np.mean(labels == predicted))


def confusion_matrix(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> np.ndarray:
    """How often each class was predicted as each.

    Parameters
    ----------
    labels, predicted : array_like of str, shape=(n,)
        True and predicted classes.
    classes : sequence of str
        All classes, in the order of the rows and columns.

    Returns
    -------
    np.ndarray, shape=(n_classes, n_classes), int
        A row for each true class, a column for each predicted one.
    """
    from sklearn.metrics import confusion_matrix

    labels, predicted = _of_classes(labels, predicted, classes)
    return confusion_matrix(labels, predicted, labels=list(classes))


def per_class(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> pd.DataFrame:
    """Precision, recall and F1 of each class.

    Parameters
    ----------
    labels, predicted, classes
        See `confusion_matrix`.

    Returns
    -------
    pandas.DataFrame
        A row for each of `classes`: `label`, `precision` (NaN where nothing was predicted as the class), `recall` (NaN
        where none was tested), `f1`, and `n`, its test images. See `train.report.report.ClassResult`.
    """
    from sklearn.metrics import precision_recall_fscore_support

    labels, predicted = _of_classes(labels, predicted, classes)
    precision, recall, f1, n = precision_recall_fscore_support(
        labels, predicted, labels=list(classes), zero_division=np.nan
    )
    return pd.DataFrame({"label": list(classes), "precision": precision, "recall": recall, "f1": f1, "n": n})


def per_label(truth: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> pd.DataFrame:
    """Precision, recall and F1 of each class, where an image may have several.

    Parameters
    ----------
    truth, predicted : np.ndarray, shape=(n, n_classes), bool
    classes : sequence of str

    Returns
    -------
    pandas.DataFrame
        As `per_class` gives it.
    """
    # Not by scikit-learn, which takes one column for two classes.
    right, n_predicted, n = (truth & predicted).sum(axis=0), predicted.sum(axis=0), truth.sum(axis=0)
    with np.errstate(invalid="ignore"):
        precision, recall, f1 = right / n_predicted, right / n, 2 * right / (n_predicted + n)
    return pd.DataFrame({"label": list(classes), "precision": precision, "recall": recall, "f1": f1, "n": n})


def macro_f1(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> float:
    """Mean F1 of the classes that were tested, each with equal weight; 0 to 1.

    Without `generate.dataset.background_classes.NOT_EVENTS`; but their clips count for the precision of the classes
    that they are predicted as.

    Parameters
    ----------
    labels, predicted, classes
        See `confusion_matrix`.
    """
    table = per_class(labels, predicted, classes)
    table = table[table["n"] > 0]
    return float(table.loc[counted(table["label"]), "f1"].mean())


def most_confused(matrix: np.ndarray, classes: Sequence[str], *, most: int = 10) -> pd.DataFrame:
    """The most frequent errors.

    Parameters
    ----------
    matrix : np.ndarray, shape=(n_classes, n_classes), int
        As `confusion_matrix` gives it.
    classes : sequence of str
    most : int
        Maximum number of rows.

    Returns
    -------
    pandas.DataFrame
        `label`, `predicted`, `count` (at least 1), `n` (test images of `label`); the most frequent first, of
        equally frequent ones that of the smaller class.
    """
    errors = matrix - np.diag(np.diag(matrix))
    rows, columns = np.nonzero(errors)
    table = pd.DataFrame(
        {
            "label": [classes[int(row)] for row in rows],
            "predicted": [classes[int(column)] for column in columns],
            "count": errors[rows, columns],
            "n": matrix.sum(axis=1)[rows],
        }
    )
    order = np.lexsort((columns, rows, table["n"], -table["count"]))
    return table.iloc[order].head(most).reset_index(drop=True)


def log_loss(labels: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]) -> float:
    """Mean of minus the natural logarithm of the probability of the true class.

    Parameters
    ----------
    labels : array_like of str, shape=(n,)
    probabilities : array_like of float, shape=(n, n_classes)
        0 to 1; normalised to a sum of 1, since those of half precision are not.
    classes : sequence of str

    Returns
    -------
    float
        0 and up; log(n_classes) for equal probabilities of all classes.
    """
    truth, probabilities = _truth(labels, probabilities, classes)
    of_truth = probabilities[np.arange(len(truth)), truth] / probabilities.sum(axis=1)
    return float(-np.log(np.clip(of_truth, np.finfo(float).eps, 1)).mean())


def binary_log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean over images and classes of minus the logarithm of the probability of what is true of the class.

    Parameters
    ----------
    truth : np.ndarray, shape=(n, n_classes), bool
    probabilities : np.ndarray, shape=(n, n_classes)
        0 to 1, each class by itself.
    """
    of_truth = np.where(truth, probabilities, 1 - probabilities)
    return float(-np.log(np.clip(of_truth, np.finfo(float).eps, 1)).mean())


def top_k_accuracy(labels: ArrayLike, probabilities: ArrayLike, classes: Sequence[str], *, k: int) -> float:
    """Fraction of the images whose class is among the `k` most probable; 0 to 1.

    Parameters
    ----------
    labels, probabilities, classes
        See `log_loss`.
    k : int
        1 or more.
    """
    from sklearn.metrics import top_k_accuracy_score

    truth, probabilities = _truth(labels, probabilities, classes)
    if k < 1:
        raise ValueError(f"k must be 1 or more. Got {k}. Give a number such as 3.")
    if k >= len(classes):
        return 1.0
    if len(classes) == 2:  # k is 1; scikit-learn wants one column then
        probabilities = probabilities[:, 1] / probabilities.sum(axis=1)
    return float(top_k_accuracy_score(truth, probabilities, k=k, labels=np.arange(len(classes))))


def _same_length(what: str, values: ArrayLike, of_what: str, others: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, others = np.asarray(values), np.asarray(others)
    if values.shape != others.shape or values.ndim != 1:
        raise ValueError(
            f"{what} and {of_what} must be one for each test image. Got shapes {values.shape} and {others.shape}. Give "
            "two sequences of the same length."
        )
    if not len(values):
        raise ValueError(f"{what} must be of at least one test image. Got none. There is no metric of an empty test.")
    return values, others


def _of_classes(labels: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> tuple[list[str], list[str]]:
    labels, predicted = _same_length("labels", labels, "predictions", predicted)
    unknown = sorted(({*labels} | {*predicted}) - {*classes})
    if unknown:
        raise ValueError(
            f"labels and predictions must be of the {len(classes)} classes ({', '.join(classes)}). Got "
            f"{str(unknown[0])!r}. Add it to the classes."
        )
    return list(labels), list(predicted)


def _truth(labels: ArrayLike, probabilities: ArrayLike, classes: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Index of each image's class, and the probabilities as float64."""
    labels, _ = _of_classes(labels, labels, classes)
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.shape != (len(labels), len(classes)):
        raise ValueError(
            f"probabilities must have shape {(len(labels), len(classes))}. Got {probabilities.shape}. Give a row for "
            "each test image and a column for each class."
        )
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[label] for label in labels]), probabilities
