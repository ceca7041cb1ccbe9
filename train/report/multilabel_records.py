"""The records of a report whose clips may have several labels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LabelResult:
    """Average precision of one class, where a clip may have several labels.

    Parameters
    ----------
    label : str
    average_precision : float or None
        Area under the curve of precision over recall; None if no tested clip has the class.
    low, high : float or None
        Its 95 % confidence interval over recordings.
    share : float
        Fraction of the tested clips that have the class: the average precision of probabilities that say nothing.
    """

    label: str
    average_precision: float | None
    low: float | None
    high: float | None
    share: float


@dataclass(frozen=True, kw_only=True)
class MultilabelResult:
    """How well each class is recognised, where a clip may have several labels.

    Parameters
    ----------
    mean_average_precision : float or None
        Mean over the classes that were tested; None if no tested clip has any.
    low, high : float or None
        Its 95 % confidence interval over recordings.
    chance : float or None
        What probabilities that say nothing would give.
    labels : tuple of LabelResult
    """

    mean_average_precision: float | None
    low: float | None
    high: float | None
    chance: float | None
    labels: tuple[LabelResult, ...]
