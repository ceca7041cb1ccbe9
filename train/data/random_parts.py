"""Random training, validation and test items, for the leaky protocols."""

from __future__ import annotations

import numpy as np
import pandas as pd

TEST_SHARE = 0.2
"""As in the papers."""
VALIDATION_SHARE = 0.125
"""Of the others."""


def random_parts(
    items: pd.Series, labels: pd.Series | None, with_validation: bool, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training, validation and test items.

    Parameters
    ----------
    items : pandas.Series, shape=(n,)
    labels : pandas.Series or None
        By which the parts are stratified; None where clips have sets of labels, of which many are rare.
    with_validation : bool
        Else there are no validation items.
    seed : int

    Raises
    ------
    ValueError
        If there are too few items for this.
    """
    from sklearn.model_selection import train_test_split

    values = items.to_numpy()
    classes = None if labels is None else labels.to_numpy()
    rows = np.arange(len(values))
    try:
        train, test = train_test_split(rows, test_size=TEST_SHARE, stratify=classes, random_state=seed)
        if not with_validation:
            return values[train], values[:0], values[test]
        of_train = None if classes is None else classes[train]
        train, validation = train_test_split(train, test_size=VALIDATION_SHARE, stratify=of_train, random_state=seed)
    except ValueError as error:
        of = "" if classes is None else f" of {len(set(classes))} classes"
        raise ValueError(f"{len(values)} images or clips{of} are too few for a random split: {error}") from None
    return values[train], values[validation], values[test]
