"""Labels that are probably wrong, by confident learning on predictions that are out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from train.data.reviewed import FACT
from train.runs.run_folder import PROBABILITY
from train.wording import shortened

SUSPECTS, SUSPECTS_PAGE = "suspects.csv", "suspects.html"
"""Names of the table in the folder of a run, and of the page on which it is reviewed."""
_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class SuspectResult:
    """Labels that are probably wrong.

    Parameters
    ----------
    n_suspects : int
        Clips that are confidently of another class than their label, which no review gave.
    n_clips : int
    first, label, suggested : str
        The clip whose label is the least probable, that label, and the most probable class; empty: there is none.
    """

    n_suspects: int
    n_clips: int
    first: str
    label: str
    suggested: str


def self_confidence(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Probability of the label that each clip has: the lower, the more probably the label is wrong.

    Of four labels of ESC-10 that are set to another class, 3.6 are among the first ten, and 2.8 by the normalized
    margin (`python -m benchmarks.suspects`, ten sets of four).

    Parameters
    ----------
    probabilities : np.ndarray, shape=(n, n_classes)
        By models that were not trained on the clip's recording.
    labels : np.ndarray, shape=(n,), int

    Returns
    -------
    np.ndarray, shape=(n,)

    References
    ----------
    C. G. Northcutt, L. Jiang and I. L. Chuang, Confident learning: estimating uncertainty in dataset labels, Journal of
    Artificial Intelligence Research 70, 2021, https://arxiv.org/abs/1911.00068.
    """
    return np.asarray(probabilities[np.arange(len(labels)), labels])


def confidently_other(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Which clips are confidently of another class than their label: off the diagonal of the confident joint.

    A clip is confidently of a class if its probability reaches the mean probability of that class over the clips with
    that label; of several such classes, of the most probable one (Northcutt and others 2021, equation 1). As cleanlab
    2.9 does with `filter_by="confident_learning"`; a test compares them.

    Parameters
    ----------
    probabilities, labels
        See `self_confidence`.

    Returns
    -------
    np.ndarray, shape=(n,), bool
    """
    own = self_confidence(probabilities, labels)
    # No clip is of a class that no label names.
    thresholds = np.array(
        [own[labels == k].mean() if (labels == k).any() else np.inf for k in range(probabilities.shape[1])]
    )
    reached = np.where(probabilities >= thresholds - _ROUNDING, probabilities, -1.0)
    is_other = reached.argmax(axis=1) != labels
    return np.asarray((reached.max(axis=1) >= 0) & is_other & (probabilities.argmax(axis=1) != labels))


def suspects_table(predictions: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
    """The clips that are predicted as another class than their label, the least probable label first.

    Parameters
    ----------
    predictions : pandas.DataFrame
        As `train.report.results.read_predictions` gives them, of a grouped split and one label a clip.
    classes : sequence of str

    Returns
    -------
    pandas.DataFrame
        One row a clip, whatever its variants: `rank` from 1, `clip_id`, `source_id`, `fold`, `label`, `suggested` (the
        most probable class), `p_label`, `p_suggested`, `is_confident`, whether confident learning counts the label
        as wrong, and `reviewed`: `confirmed` or `changed` where a person gave the label, which ranks the clip last;
        else empty.
    """
    clips = predictions[predictions["variant"] == ORIGINAL].drop_duplicates("clip_id")
    number = {name: k for k, name in enumerate(classes)}
    probabilities = clips[[PROBABILITY + name for name in classes]].to_numpy(float)
    labels = np.array([number[name] for name in clips["label"]])
    best = probabilities.argmax(axis=1)
    table = clips[["clip_id", "source_id", "fold", "label"]].assign(
        suggested=[classes[k] for k in best],
        p_label=self_confidence(probabilities, labels),
        p_suggested=probabilities.max(axis=1),
        is_confident=confidently_other(probabilities, labels),
        reviewed=clips.get(FACT, ""),
    )
    table = table[best != labels].sort_values(["p_label", "p_suggested"], ascending=[True, False], kind="stable")
    return ranked(table)


def ranked(suspects: pd.DataFrame) -> pd.DataFrame:
    """Suspects with their `rank`, those whose label a person gave last."""
    table = suspects.sort_values("reviewed", key=lambda given: given != "", kind="stable", ignore_index=True)
    rank = pd.Series(np.arange(1, len(table) + 1), name="rank")
    return pd.concat([rank, table.drop(columns="rank", errors="ignore")], axis=1)


def suspect_result(classes: Sequence[str], predictions: pd.DataFrame) -> SuspectResult:
    """What the summary says of the suspects; parameters are those of `suspects_table`."""
    suspects = suspects_table(predictions, classes)
    suspects = suspects[suspects["reviewed"] == ""]
    first = suspects.iloc[0] if len(suspects) else None
    return SuspectResult(
        n_suspects=int(suspects["is_confident"].sum()),
        n_clips=predictions["clip_id"].nunique(),
        first="" if first is None else str(first["clip_id"]),
        label="" if first is None else str(first["label"]),
        suggested="" if first is None else str(first["suggested"]),
    )


def suspects_text(result: SuspectResult) -> str:
    """Such as `4 of 400, first 1-17092-A, labelled Rain, predicted as Rooster; listen before you change one`."""
    if not result.first:
        return f"none of {result.n_clips:,}"
    return (
        f"{result.n_suspects:,} of {result.n_clips:,}, in {SUSPECTS}; the least probable: {shortened(result.first)}, "
        f"labelled {shortened(result.label)}, predicted as {shortened(result.suggested)}"
    )
