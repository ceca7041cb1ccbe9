"""Which test clips a fold may be calibrated by."""

from __future__ import annotations

import numpy as np


def of_others(here: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Clips of no recording of a fold, shape=(n,), bool.

    Parameters
    ----------
    here : np.ndarray, shape=(n,), bool
        The clips of the fold.
    groups : np.ndarray, shape=(n,)
        Recording of each clip.
    """
    return np.asarray(~np.isin(groups, groups[here]))
