"""Clips whose labels a review gave (`python -m generate --labels-from`)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.tables.schema import ADDED
from generate.readers.review import CHANGED, CONFIRMED
from generate.runtime.wording import count

FACT = "reviewed"
"""Name of the counts among the facts of a run; see `train.data.clip_statistics.clip_statistics`."""


def is_added(table: pd.DataFrame) -> np.ndarray:
    """Which images are of clips that a review added, shape=(n,), bool: these are trained on and never tested.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image.
    """
    return (table["reviewed"] == ADDED).to_numpy()


def review_counts(table: pd.DataFrame) -> dict[str, int]:
    """How many clips have a label that a review confirmed, changed or added; empty where there was no review.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per image.
    """
    found = table.loc[table["variant"] == ORIGINAL, "reviewed"].value_counts()
    return {name: int(found[name]) for name in (CONFIRMED, CHANGED, ADDED) if name in found}


def review_in_words(facts: Mapping[str, object]) -> str:
    """Where the labels of a run come from, in a sentence or two; empty where there was no review.

    Parameters
    ----------
    facts : Mapping
        Of the run.
    """
    counts = facts.get(FACT)
    if not isinstance(counts, Mapping) or not counts or not all(type(n) is int for n in counts.values()):
        return ""
    n = {name: counts.get(name, 0) for name in (CONFIRMED, CHANGED, ADDED)}
    text = f"A review confirmed the labels of {count(n[CONFIRMED], 'clip')} and changed those of {n[CHANGED]:,}"
    if n[ADDED]:
        text += (
            f"; {count(n[ADDED], 'clip')} that it added {'is' if n[ADDED] == 1 else 'are'} trained on and never tested"
        )
    if n[CHANGED]:
        text += (
            ". If an earlier model proposed the changes, the accuracy is somewhat too high for new recordings, and not "
            "comparable with that model's"
        )
    return f"{text}."
