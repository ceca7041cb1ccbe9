"""Classes that stand for the absence of all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

BACKGROUND = "_background"
"""Windows of annotated recordings in which nothing was marked."""
OTHER = "_other"
"""A user's folder of sounds that are none of the classes."""
NOT_EVENTS = frozenset({BACKGROUND, OTHER})
"""Predicted as one of these, a window holds no event."""


def counted(labels: ArrayLike) -> np.ndarray:
    """Which clips an accuracy counts: those of other classes than `NOT_EVENTS`; all, where there is no other.

    How well background is recognised depends on how much of it was taken; what it costs is false alarms.

    Parameters
    ----------
    labels : array_like of str, shape=(n,)

    Returns
    -------
    np.ndarray, shape=(n,), bool

    Examples
    --------
    >>> counted(["wren", "_background"]), counted(["_background"])
    (array([ True, False]), array([ True]))
    """
    is_event = ~np.isin(np.asarray(labels, dtype=object), list(NOT_EVENTS))
    return is_event if is_event.any() else np.ones_like(is_event)
