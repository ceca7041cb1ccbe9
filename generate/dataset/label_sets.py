"""Several labels of one clip, as one text: `Crow;Robin`, and `_background` for none of the classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from generate.dataset.background_classes import BACKGROUND

SEPARATOR = ";"


def join_labels(labels: Iterable[str]) -> str:
    """The label of a clip with several classes.

    Parameters
    ----------
    labels : iterable of str
        In any order, perhaps with repetitions.

    Returns
    -------
    str
        Each class once, sorted; `_background` where there is none.

    Raises
    ------
    ValueError
        If a class has the separator in its name.

    Examples
    --------
    >>> join_labels(["Robin", "Crow", "Robin"])
    'Crow;Robin'
    >>> join_labels([])
    '_background'
    """
    classes = sorted({*labels} - {BACKGROUND})
    for name in classes:
        if SEPARATOR in name:
            raise ValueError(
                f"A class must not have {SEPARATOR!r} in its name where clips have several labels, since it separates "
                f"them. Got {name!r}. Rename it."
            )
    return SEPARATOR.join(classes) or BACKGROUND


def split_labels(label: str) -> tuple[str, ...]:
    """The classes of a clip whose label `join_labels` made.

    Examples
    --------
    >>> split_labels("Crow;Robin"), split_labels("_background")
    (('Crow', 'Robin'), ())
    """
    return () if label == BACKGROUND else tuple(label.split(SEPARATOR))


def classes_of(labels: Iterable[str], *, multilabel: bool) -> tuple[str, ...]:
    """All classes of a table, sorted.

    Parameters
    ----------
    labels : iterable of str
        The column `label`.
    multilabel : bool
        Whether a label holds several classes; `_background` is no class then.
    """
    different = set(labels)
    return tuple(sorted({name for label in different for name in split_labels(label)} if multilabel else different))


def membership(labels: Sequence[str], classes: Sequence[str], *, multilabel: bool) -> np.ndarray:
    """Which classes each clip has.

    Parameters
    ----------
    labels : sequence of str, shape=(n,)
    classes : sequence of str
    multilabel : bool

    Returns
    -------
    np.ndarray, shape=(n, n_classes), bool

    Examples
    --------
    >>> membership(["Crow;Robin", "Crow"], ["Crow", "Robin"], multilabel=True).astype(int)
    array([[1, 1],
           [1, 0]])
    """
    number = {name: k for k, name in enumerate(classes)}
    rows = {label: np.zeros(len(classes), dtype=bool) for label in set(labels)}
    for label, row in rows.items():
        row[[number[name] for name in (split_labels(label) if multilabel else (label,))]] = True
    return np.stack([rows[label] for label in labels]) if len(labels) else np.zeros((0, len(classes)), dtype=bool)
