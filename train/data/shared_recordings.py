"""Which images hold a recording: as their own, or as the background that was mixed into them."""

from __future__ import annotations

import numpy as np
import pandas as pd

NONE = -1
"""In place of the background of an image without one."""


def hold_recordings_of(table: pd.DataFrame, rows: np.ndarray) -> np.ndarray:
    """Whether images hold a recording of some others.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image, with `source_id`, and `background_source_id` where backgrounds may be mixed in.
    rows : np.ndarray, shape=(n,), bool
        The others.

    Returns
    -------
    np.ndarray, shape=(n,), bool
    """
    sources, backgrounds = _recordings(table)
    wanted = np.unique(sources[rows])
    return np.isin(sources, wanted) | np.isin(backgrounds, wanted)


def count_held(table: pd.DataFrame, train: np.ndarray, test: np.ndarray) -> int:
    """Number of test images of a recording that training images hold.

    Parameters
    ----------
    table : pandas.DataFrame
        See `hold_recordings_of`.
    train, test : np.ndarray
        Which images: row numbers, or bool of shape=(n,).
    """
    sources, backgrounds = _recordings(table)
    return int(np.isin(sources[test], np.concatenate([sources[train], backgrounds[train]])).sum())


def _recordings(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the recording and of the background of each image: np.isin would compare names one by one."""
    n, sources = len(table), table["source_id"]
    if "background_source_id" not in table:
        return pd.factorize(sources)[0], np.full(n, NONE)
    backgrounds = table["background_source_id"]
    numbers = pd.factorize(pd.concat([sources, backgrounds]))[0]
    return numbers[:n], np.where(backgrounds == "", NONE, numbers[n:])
