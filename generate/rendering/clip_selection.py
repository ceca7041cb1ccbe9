"""Which clips a run renders: `--classes`, `--leave-out` and `--limit`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import pandas as pd

from generate.dataset.label_sets import split_labels
from generate.dataset.tables import REVIEWED
from generate.runtime.os_compat import nfc

MOST_NAMED = 20


def choose_classes(labels: Sequence[str], *, classes: Sequence[str], leave_out: Sequence[str]) -> list[str]:
    """Select classes by name.

    Parameters
    ----------
    labels : sequence of str
        All classes of the collection.
    classes : sequence of str
        Only these; empty: all.
    leave_out : sequence of str
        All but these.

    Returns
    -------
    list of str
        In the order of `labels`.

    Raises
    ------
    ValueError
        If a name is not a class of the collection or is in both, or no class is left.
    """
    only, without = [[nfc(name.strip()) for name in names] for names in (classes, leave_out)]
    for option, names in (("--classes", only), ("--leave-out", without)):
        for name in names:
            if name not in labels:
                raise ValueError(
                    f"{option} must name classes of the collection. Got {name!r}.{_close(name, labels)} "
                    f"It has {_listed(labels)}."
                )
    if both := sorted(set(only) & set(without)):
        raise ValueError(f"--classes and --leave-out contradict each other: both name {both[0]!r}. Take it out of one.")
    chosen = [label for label in labels if (not only or label in only) and label not in without]
    if not chosen:
        raise ValueError(f"--leave-out must leave a class. Got all {len(labels)}: {_listed(labels)}. Name fewer.")
    return chosen


def check_not_empty(clips: pd.DataFrame, classes: Sequence[str]) -> None:
    """Check that classes have a clip: their files may not be there, and a review may have dropped or moved all.

    Parameters
    ----------
    clips : pandas.DataFrame
        Those of the classes.
    classes : sequence of str

    Raises
    ------
    ValueError
        If there is none.
    """
    if clips.empty:
        raise ValueError(
            f"A class must have a clip whose file is there, also after a review ({REVIEWED}, --labels-from). Got none "
            f"of {_listed(classes)}. Name others with --classes or --leave-out, or leave these out."
        )


def stratified_limit(clips: pd.DataFrame, limit: int, *, multilabel: bool = False) -> pd.DataFrame:
    """Take a number of clips, as many of each class and, within each class, from all folds and recordings.

    Classes give one clip each in turn; a clip with several counts in its rarest one. In each class every recording
    gives one clip before any gives a second, and folds alternate. Each class begins with another fold, and where
    recordings (speakers) are in several classes with another recording, so that few clips of many classes are not all
    of the first. A larger limit includes all clips of a smaller one.

    Parameters
    ----------
    clips : pandas.DataFrame
        Columns `label`, `fold`, `source_id`, in order of name.
    limit : int
        At most so many clips.
    multilabel : bool
        Whether `label` holds several classes (`generate.dataset.label_sets`).

    Returns
    -------
    pandas.DataFrame
        The selected rows, in their order in the table.
    """
    of_clips = (_rarest(clips["label"]) if multilabel else clips["label"], clips["fold"], clips["source_id"])
    label, fold, source = (pd.Series(pd.factorize(values, sort=True)[0]) for values in of_clips)
    rows = pd.DataFrame({"label": label, "fold": fold, "source": source})
    rows["take"] = rows.groupby(["label", "source"]).cumcount()
    sources = rows.drop_duplicates(["label", "source"])[["label", "source", "fold"]]
    shared = sources["source"].duplicated().any()
    sources = sources.sort_values(["label", "fold", "source"])
    sources["turn"] = _turn(sources, ["label", "fold"], "source", begins_by_class=bool(shared))
    folds = sources.drop_duplicates(["label", "fold"])[["label", "fold"]]
    folds["fold_turn"] = _turn(folds, ["label"], "fold", begins_by_class=True)
    turns = sources.merge(folds, on=["label", "fold"]).drop(columns="fold")
    rows = rows.merge(turns, on=["label", "source"], how="left").sort_values(
        ["label", "take", "turn", "fold_turn"], kind="stable"
    )
    rows["place"] = rows.groupby("label").cumcount()
    taken = rows.sort_values(["place", "label"], kind="stable").index[:limit]
    return clips.iloc[sorted(taken)].reset_index(drop=True)


def _turn(rows: pd.DataFrame, within: list[str], what: str, *, begins_by_class: bool) -> pd.Series:
    """Position of each row within its group; if wanted, rotated so that class number k begins with its k-th row."""
    groups = rows.groupby(within)[what]
    first = rows["label"] if begins_by_class else 0
    return (groups.cumcount() - first) % groups.transform("size")


def _rarest(labels: pd.Series) -> pd.Series:
    """The class of each clip, out of its several, that the fewest clips have."""
    sets = {label: split_labels(label) or (label,) for label in labels.unique()}
    n_clips = labels.map(sets).explode().value_counts()
    return labels.map({label: min(names, key=lambda name: (n_clips[name], name)) for label, names in sets.items()})


def first_of_each_class(clips: pd.DataFrame, n: int, *, multilabel: bool = False) -> list[str]:
    """The first clips of each class, by `clip_id`; with several labels (`multilabel`) one may be of several classes."""
    in_order = clips.sort_values("clip_id")
    if multilabel:
        classes = [split_labels(label) or (label,) for label in in_order["label"]]
        in_order = in_order.assign(label=classes).explode("label")
    return in_order.groupby("label")["clip_id"].head(n).drop_duplicates().tolist()


def _close(name: str, labels: Sequence[str]) -> str:
    by_lower_case = {label.casefold(): label for label in labels}
    close = difflib.get_close_matches(name.casefold(), by_lower_case, n=3)
    return f" Do you mean {' or '.join(repr(by_lower_case[match]) for match in close)}?" if close else ""


def _listed(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - MOST_NAMED:,} more" if len(labels) > MOST_NAMED else ""
    return ", ".join(map(repr, labels[:MOST_NAMED])) + more
