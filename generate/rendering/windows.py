"""Windows of annotated recordings, each a clip of its own, labelled by the events in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audio.decode import Length
from generate.audio.equal_files import EqualFiles
from generate.dataset.background_classes import BACKGROUND
from generate.dataset.label_sets import join_labels, split_labels
from generate.rendering.options import WindowOptions
from generate.rendering.segments import window_starts
from generate.runtime.safe_names import unique_ids
from generate.runtime.wording import count, listed
from generate.workers.durations import lengths

LATEST_END_S = 1.0
"""An event may end so long after its recording: annotation programs round."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Windows:
    """Windows of recordings.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table, one row a window, and `events` as in `metadata.csv`.
    unusable, known : dict
        As `generate.rendering.segments.cut_into_pieces` gives them.
    notes : tuple of str
        What was labelled, and what was left out.
    """

    clips: pd.DataFrame
    unusable: dict[str, str]
    known: dict[str, Length]
    notes: tuple[str, ...]


def cut_into_windows(
    clips: pd.DataFrame,
    events: pd.DataFrame,
    folder: Path,
    *,
    seconds: float,
    options: WindowOptions,
    workers: int,
    reject_short: bool = False,
) -> Windows:
    """Replace each annotated recording by its labelled windows.

    A window has the label of an event if it covers `min_overlap` of it, or if the event covers `min_overlap` of the
    window. A window that an event touches, and that has no label by this rule, is left out: it is neither. Of the
    windows that no event touches, `background` for each event, evenly over all recordings, become the class
    `_background`. Windows keep the recording's `source_id`, so that no split separates them; a recording that is the
    same file as another one, byte for byte, has the other's: windows of other events would not show it.

    Parameters
    ----------
    clips : pandas.DataFrame
        The clips table, one row a recording.
    events : pandas.DataFrame
        As in `generate.readers.Collection`.
    folder : Path
        The audio folder.
    seconds : float
        Length of a window.
    options : WindowOptions
    workers : int
        Processes that read lengths, at most.
    reject_short : bool
        Whether a recording that ends before its events is unusable: files that were cut out of videos often do. Else
        its annotations may be another one's, which is an error.

    Raises
    ------
    ValueError
        If an event is not in its recording, or no window has a label.
    """
    paths = list(clips["path"])
    length_of = dict(zip(paths, lengths([folder / path for path in paths], workers=workers), strict=True))
    unusable = {path: reason for path, reason in length_of.items() if isinstance(reason, str)}
    known = {path: length for path, length in length_of.items() if not isinstance(length, str)}
    events_of = dict(list(events.groupby("path", sort=False)))
    short = _ending_early(events_of, known)
    if short and not reject_short:
        raise ValueError(
            f"Events must be within their recording. Got {listed([f'{path!r} {why}' for path, why in short.items()])}. "
            "Are these the annotations of another recording?"
        )
    unusable |= short
    known = {path: length for path, length in known.items() if path not in short}
    hop_s = options.window_hop_s or seconds / 2
    parts, n_in_none = [], 0
    for place, path in enumerate(paths):
        if path in unusable:  # rejected by name
            continue
        duration_s = known[path].seconds
        own = events_of.get(path, events[:0])
        starts = window_starts(duration_s, seconds=seconds, hop_s=hop_s)
        ends = np.minimum(starts + seconds, duration_s)
        spans = zip(own["start_s"], own["end_s"], strict=True)
        n_in_none += sum(not _touched(starts, ends, start_s, end_s).any() for start_s, end_s in spans)
        parts.append(
            _labelled(own, starts, seconds=seconds, duration_s=duration_s, options=options).assign(place=place)
        )
    columns = ["start_s", "label", "why_not", "events", "place"]
    windows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    labels_before = set(events["label"]) - {""}
    events = events[events["path"].isin(list(known))]
    is_background = _some_background(windows, round(options.background * len(events)))
    chosen = windows[(windows["label"] != "") | is_background]
    if chosen.empty:
        raise ValueError(
            f"No window of {seconds:g} s has a label. Got {count(len(events), 'event')} in "
            f"{count(len(known), 'recording')} that can be read. Lower --min-overlap, or --seconds."
        )
    notes = _notes(windows, events, known, seconds=seconds, hop_s=hop_s, options=options, background=is_background)
    lost = _lost(n_in_none, labels_before, chosen["label"], is_multilabel=options.overlapping == "multi")
    clips, copies = _one_recording_for_equal_files(clips, folder)
    return Windows(_as_clips(clips, chosen), unusable, known, (*notes, *lost, *copies))


def _one_recording_for_equal_files(clips: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """The clips table in which recordings that are the same file have one `source_id`, and a note of them."""
    source_of = {folder / path: source for path, source in zip(clips["path"], clips["source_id"], strict=True)}
    files = EqualFiles(source_of)
    first_of = {path: files.first_equal(path) or path for path in source_of}
    copies = [f"{path.name} and {first.name}" for path, first in first_of.items() if path != first]
    sources = pd.Series([source_of[first] for first in first_of.values()], index=clips.index, dtype=object)
    note = f"the same file under two names, which counts as one recording: {listed(copies)}"
    return clips.assign(source_id=sources), [note] if copies else []


def _labelled(
    events: pd.DataFrame, starts: np.ndarray, *, seconds: float, duration_s: float, options: WindowOptions
) -> pd.DataFrame:
    """The windows of one recording.

    Returns
    -------
    pandas.DataFrame
        `start_s`, `label` (empty: none), `why_not` (`background`, `part of an event`, `two classes` or `no label`) and
        `events` (JSON).
    """
    ends = np.minimum(starts + seconds, duration_s)
    labels: list[list[str]] = [[] for _ in starts]
    within: list[list[list[object]]] = [[] for _ in starts]
    for start_s, end_s, label, low_hz, high_hz in events[["start_s", "end_s", "label", "low_hz", "high_hz"]].itertuples(
        index=False, name=None
    ):
        for k in np.flatnonzero(_touched(starts, ends, start_s, end_s)):
            begin, end = max(start_s, starts[k]), min(end_s, ends[k])
            hz = [None if math.isnan(value) else value for value in (low_hz, high_hz)]
            within[k].append([round(begin - starts[k], 3), round(end - starts[k], 3), label, *hz])
            share = 1.0 if end_s == start_s else max((end - begin) / (end_s - start_s), (end - begin) / seconds)
            if share >= options.min_overlap - ROUNDING:
                labels[k].append(label)
    label_of, why_not = zip(
        *(_label(own, bool(all_of), options.overlapping) for own, all_of in zip(labels, within, strict=True)),
        strict=True,
    )
    return pd.DataFrame(
        {
            "start_s": starts,
            "label": pd.Series(label_of, dtype=object),
            "why_not": pd.Series(why_not, dtype=object),
            "events": pd.Series([json.dumps(all_of, ensure_ascii=False) for all_of in within], dtype=object),
        }
    )


def _touched(starts: np.ndarray, ends: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    """Which windows an event touches; one without a duration is in those that have its moment."""
    return (starts <= start_s) & (start_s < ends) if end_s == start_s else (starts < end_s) & (start_s < ends)


def _label(labels: Sequence[str], is_touched: bool, overlapping: str) -> tuple[str, str]:
    """The label of a window, or why it has none."""
    if not is_touched:
        return "", "background"
    different = list(dict.fromkeys(labels))
    if overlapping == "multi" and different and "" not in different:
        return join_labels(different), ""
    if not different:
        return "", "part of an event"
    if "" in different:  # somebody marked it, and did not say what it is
        return "", "no label"
    if len(different) > 1 and overlapping == "drop":
        return "", "two classes"
    return different[0], ""


def _some_background(windows: pd.DataFrame, n_wanted: int) -> np.ndarray:
    """Which windows become background, shape=(n,), bool: of those without an event as many as wanted, evenly."""
    candidates = np.flatnonzero(windows["why_not"] == "background")
    n = min(n_wanted, len(candidates))
    is_background = np.zeros(len(windows), dtype=bool)
    if n:
        is_background[candidates[((np.arange(n) + 0.5) * len(candidates) / n).astype(int)]] = True
    return is_background


def _as_clips(clips: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """The clips table of the windows; each is named after its recording and its start."""
    windows = clips.iloc[chosen["place"].to_numpy(dtype=int)].reset_index(drop=True)
    starts = chosen["start_s"].to_numpy(dtype=float)
    names = [f"{name}-at{start:09.3f}s" for name, start in zip(windows["clip_id"], starts, strict=True)]
    labels = [label or BACKGROUND for label in chosen["label"]]
    table = windows.assign(
        clip_id=pd.Series(unique_ids(names, windows["path"]), dtype=object),
        label=pd.Series(labels, dtype=object),
        start_s=starts,
        events=pd.Series(list(chosen["events"]), dtype=object),
    )
    order = sorted(range(len(table)), key=list(zip(labels, windows["path"], starts, strict=True)).__getitem__)
    return table.iloc[order].reset_index(drop=True)


def _ending_early(events_of: Mapping[str, pd.DataFrame], known: Mapping[str, Length]) -> dict[str, str]:
    """The recordings that end before their events, and by how much."""
    short = {}
    for path, events in events_of.items():
        if path not in known:
            continue
        duration_s = known[path].seconds
        beyond = events[(events["start_s"] >= duration_s) | (events["end_s"] > duration_s + LATEST_END_S)]
        if len(beyond):
            row = beyond.iloc[0]
            more = f", and {len(beyond) - 1:,} more" if len(beyond) > 1 else ""
            short[path] = (
                f"is shorter than its events: {duration_s:g} s, with one from {row['start_s']:g} to {row['end_s']:g} s"
                f"{more}"
            )
    return short


def _lost(n_in_none: int, before: set[str], labels: pd.Series, *, is_multilabel: bool) -> list[str]:
    """Notes of events that no window shows, and of classes that no window has."""
    now = {name for label in labels.unique() for name in (split_labels(label) if is_multilabel else (label,))}
    notes = []
    if n_in_none:
        notes.append(
            f"{count(n_in_none, 'event')} in no window: between two, or after the last one (lower --window-hop-s)"
        )
    if gone := sorted(before - now):
        notes.append(f"{count(len(gone), 'class')} in no window: {listed(gone)}")
    return notes


def _notes(
    windows: pd.DataFrame,
    events: pd.DataFrame,
    known: dict[str, Length],
    *,
    seconds: float,
    hop_s: float,
    options: WindowOptions,
    background: np.ndarray,
) -> tuple[str, ...]:
    n_classes = events.loc[events["label"] != "", "label"].nunique()
    hours = sum(length.seconds for length in known.values()) / 3600
    left_out = windows.loc[windows["label"] == "", "why_not"].value_counts()
    reasons = {
        "part of an event": "with a part of an event",
        "two classes": "with two classes (--overlapping)",
        "no label": "with an event without a label",
    }
    without = [f"{left_out[key]:,} {text}" for key, text in reasons.items() if key in left_out]
    if n_more := int(left_out.get("background", 0)) - int(background.sum()):
        without.append(f"{n_more:,} more without an event (--background)")
    in_words = (
        f"windows of {seconds:g} s every {hop_s:g} s (--window-hop-s), with the label of an event that they cover"
    )
    return (
        f"{count(len(events), 'event')} of {count(n_classes, 'class')} in {hours:,.2f} h of "
        f"{count(len(known), 'recording')}",
        f"{in_words} by {options.min_overlap:.0%}, or that covers as much of them (--min-overlap)",
        *([f"left out: {listed(without, most=4)}"] if without else []),
    )
