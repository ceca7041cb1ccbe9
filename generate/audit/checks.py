"""Checks of a labelled collection: one function a finding, on the table of its clips."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from generate.audio import LONGEST_BEGINNING, MEAN, MONO, STEREO
from generate.dataset.label_sets import split_labels
from generate.dataset.settings import Settings
from generate.rendering.settings_advice import fitting_seconds, little_audio
from generate.runtime.findings import Finding
from generate.runtime.wording import count

UNBALANCED = 3.0
"""Ratio of the largest class to the smallest from which on classes count as unbalanced."""
LITTLE = 0.5
"""Share of the image: a shorter clip leaves more than half of it to padding."""
LONGER = 1.05
"""Ratio to the image: what is cut off a clip that is no longer than this does not matter."""
FULL_SCALE_DBFS, OVERSHOOT_DBFS = -0.005, 6.0
"""Rounded to two digits, the largest 16-bit sample is at 0.00. A decoder may overshoot it where audio was clipped
before it was encoded; beyond 6 dB are only floating-point files in a unit of their own, which no format clips."""
G711_FULL_SCALE_DBFS = (-0.17, -0.14)
"""The largest samples of mu-law and A-law (ITU-T G.711), 32,124 and 32,256, also where they were converted to another
format."""
NOTABLE_OFFSET = 0.01
"""Of full scale: a sound card that works well stays below 0.01."""
QUIET_DBFS = -60.0
"""At 16 bits such a clip uses six of them: its quantisation noise shows within the 80 dB of the image."""
MUCH = 0.1
"""Share of the clips from which on a fault counts as one of the collection."""
MOST_NAMES = 4
"""Examples that a finding lists."""


def balance(clips: pd.DataFrame, *, multilabel: bool = False) -> Finding:
    """Whether the classes are balanced, and have enough recordings for the folds."""
    if multilabel:
        clips = clips.assign(label=clips["label"].map(split_labels)).explode("label").dropna(subset="label")
    counts = clips["label"].value_counts().sort_index()
    recordings = clips.groupby("label")["source_id"].nunique()
    ratio = counts.max() / counts.min()
    what = (
        f"{count(len(counts), 'class')} of {_range(counts)} clips (the largest {ratio:.1f} times the smallest) and "
        f"{_range(recordings)} recordings each"
    )
    fixes = []
    if ratio >= UNBALANCED:
        what += f"; few of {_names(counts.index[counts * UNBALANCED <= counts.max()])}"
        weights = "" if multilabel else "train with --class-weights, "
        fixes.append(f"{weights}record more of the small classes, or leave them out")
    n_folds = clips.loc[clips["fold"] != "", "fold"].nunique() or 2
    few = recordings[recordings < n_folds]
    if len(few):
        what += f"; fewer recordings than the {n_folds} folds: {_names(few.index)}"
        fixes.append("a class needs a recording for each fold: record more of these, or leave the class out")
    return _finding(what, fixes)


def durations(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the length of the image fits the clips."""
    seconds = clips["seconds"].to_numpy(float)
    short = seconds < LITTLE * settings.seconds
    long = seconds > LONGER * settings.seconds
    # No more than that is read of a longer recording.
    or_more = " or more" if seconds.max() >= LONGEST_BEGINNING * settings.seconds - 0.01 else ""
    what = (
        f"clips last {seconds.min():.2g} to {seconds.max():.3g} s{or_more}, median {np.median(seconds):.3g} s; the "
        f"image shows {settings.seconds:g} s"
    )
    fixes = []
    if short.any():
        what += f"; {count(int(short.sum()), 'clip')} shorter than half of it"
    # Pieces of one file add up to its length.
    of_files = clips.groupby("audio_file")["seconds"].sum().to_numpy(float) if settings.long == "split" else seconds
    padded, advice = little_audio(of_files, settings)
    if padded:
        what += f"; {padded}"
        fixes.append(advice)
    if long.any():
        what += f"; {count(int(long.sum()), 'clip')} longer, cut"
        if long.mean() >= MUCH:
            fitting = fitting_seconds(seconds)
            # The length of a file that was not read to its end is not known.
            longer = f", or --seconds {fitting:g}" if fitting < LONGEST_BEGINNING * settings.seconds - 0.01 else ""
            fixes.append(f"to keep what is cut: --long split, which makes several images of a long clip{longer}")
    return _finding(what, fixes)


def peaks(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether clips are clipped, very quiet or silent; and in how many channels cancel or there is a DC offset."""
    audible = clips.loc[~clips["silent"].astype(bool), "peak_dbfs"]
    silent, clipped, quiet = is_silent(clips), is_clipped(clips), is_quiet(clips)
    what = (
        f"peaks from {audible.min():.0f} to {audible.max():.0f} dBFS" if len(audible) else "all clips are silent"
    ) + f"; at full scale {clipped.sum():,}, below {QUIET_DBFS:g} dBFS {quiet.sum():,}, silent {silent.sum():,}"
    what += _dealt_with(clips, settings)
    fixes = []
    # Of several channels the requested one may be silent, or their mean where they cancel each other.
    may_be_hidden = silent & (clips["channel"] != MONO) & (settings.channels in ("mean", "left", "right"))
    if may_be_hidden.any():
        names = _names(_files(clips)[may_be_hidden])
        fixes.append(f"other channels of silent clips may be audible: --channels auto: {names}")
    if (silent & ~may_be_hidden).any():
        names = _names(_files(clips)[silent & ~may_be_hidden])
        fixes.append(f"a model would learn silence as their class; remove the silent clips: {names}")
    if quiet.any():
        fixes.append(f"listen to the quiet ones, which may be noise alone: {_names(_files(clips)[quiet])}")
    if clipped.mean() >= MUCH:
        fixes.append(
            "clips at full scale may be clipped (flat tops, harsh): listen to some; if they were only raised to full "
            f"scale it does no harm: {_names(_files(clips)[clipped])}"
        )
    return _finding(what, fixes)


def _dealt_with(clips: pd.DataFrame, settings: Settings) -> str:
    """How many clips have channels that cancel each other or a DC offset; neither shows in their images."""
    what = ""
    cancelled = ~clips["channel"].isin([MONO, MEAN, STEREO, ""])
    if settings.channels == "auto" and cancelled.any():
        what += (
            f"; channels of {count(int(cancelled.sum()), 'clip')} cancel each other, and the loudest is used: "
            f"{_names(_files(clips)[cancelled])}"
        )
    offsets = clips["dc_offset"].astype(float).abs()
    moved = offsets >= NOTABLE_OFFSET
    if moved.any():
        largest_first = offsets[moved].sort_values(ascending=False)
        what += (
            f"; a DC offset of 1 % of full scale or more is removed from {count(len(largest_first), 'clip')}, the "
            f"largest is {100 * largest_first.iloc[0]:.0f} %: {_names(_files(clips)[largest_first.index])}"
        )
    return what


def equal_audio(clips: pd.DataFrame) -> Finding:
    """Whether equal samples are there under two names."""
    clips = clips.assign(file=_files(clips).to_numpy())
    audible = clips[~clips["silent"].astype(bool)]
    doubled = audible[audible["audio_sha256"].duplicated(keep=False)]
    groups = doubled.groupby("audio_sha256")
    if not len(doubled):
        return Finding("ok", "no two clips hold equal samples")
    n_labels = int((groups["label"].nunique() > 1).sum())
    n_folds = int((groups["fold"].nunique() > 1).sum())
    some = [" = ".join(map(_labelled, group["file"][:3], group["label"])) for _, group in islice(groups, MOST_NAMES)]
    what = (
        f"{count(groups.ngroups, 'recording')} under several names ({count(len(doubled), 'clip')}), "
        f"{_divided(n_labels, n_folds)}: {'; '.join(some)}"
    )
    fixes = ["keep one of each (training keeps equal samples on one side of every split, but counts them twice)"]
    if n_labels:
        fixes.append(
            "in two classes: one recording has two labels; listen, and keep the right one (both may be audible in it)"
        )
    return _finding(what, fixes)


def near_duplicates(clips: pd.DataFrame, pairs: pd.DataFrame, *, n_not_comparable: int) -> Finding:
    """Whether one recording is there twice, with another codec, gain or start.

    Parameters
    ----------
    clips : pandas.DataFrame
    pairs : pandas.DataFrame
        Columns `a` and `b`, positions in `clips`.
    n_not_comparable : int
        Clips with too little fine structure to be compared.

    Returns
    -------
    Finding
    """
    rest = f"; {count(n_not_comparable, 'clip')} too short or too steady to compare" if n_not_comparable else ""
    if not len(pairs):
        return Finding(
            "ok", f"no two recordings seem to be the same but for codec, gain or a start up to 0.1 s apart{rest}"
        )
    clips = clips.assign(file=_files(clips).to_numpy())
    a, b = clips.iloc[pairs["a"]].reset_index(drop=True), clips.iloc[pairs["b"]].reset_index(drop=True)
    in_classes, in_folds = a["label"] != b["label"], a["fold"] != b["fold"]
    worst_first = (2 * in_classes + in_folds).sort_values(ascending=False, kind="stable").index
    some = "; ".join(
        f"{_labelled(a['file'][row], a['label'][row])} and {_labelled(b['file'][row], b['label'][row])}"
        for row in worst_first[:MOST_NAMES]
    )
    what = (
        f"{count(len(pairs), 'pair')} of clips that seem to be one recording but for codec, gain or a start up to 0.1 "
        f"s apart, {_divided(int(in_classes.sum()), int(in_folds.sum()))}: {some}{rest}"
    )
    side = "" if in_folds.any() or (clips["fold"] == "").all() else " of another split, though not of these folds"
    fixes = [
        f"listen: a test clip may be in the training data{side}; keep one of each pair, or give both the same "
        "recording (--source-column of a --labels table)"
    ]
    if in_classes.any():
        fixes.append(
            "in two classes: one recording with two labels, or a copy; keep it where it belongs, unless both classes "
            "are audible in it"
        )
    return _finding(what, fixes)


def _divided(n_in_two_classes: int, n_in_two_folds: int) -> str:
    """How many of some pairs are in two classes, and in two folds: the continuation of a sentence."""
    parts = {"classes": n_in_two_classes, "folds": n_in_two_folds}
    found = " and ".join(f"{n:,} of them in two {name}" for name, n in parts.items() if n)
    return found or "none of them in two classes or in two folds"


def is_silent(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip is silent."""
    return clips["silent"].astype(bool)


def is_clipped(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip reaches full scale."""
    peak_dbfs = clips["peak_dbfs"].astype(float)
    return peak_dbfs.between(FULL_SCALE_DBFS, OVERSHOOT_DBFS) | peak_dbfs.round(2).isin(G711_FULL_SCALE_DBFS)


def is_quiet(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip is far below full scale, and not silent."""
    return (clips["peak_dbfs"].astype(float) < QUIET_DBFS) & ~is_silent(clips)


def _finding(what: str, fixes: Sequence[str]) -> Finding:
    """A warning if there is anything to do."""
    return Finding("warning" if fixes else "ok", what, "\n".join(fixes))


def _range(numbers: pd.Series) -> str:
    """Such as `40`, or `12 to 1,040`."""
    low, high = numbers.min(), numbers.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _files(clips: pd.DataFrame) -> pd.Series:
    """The audio file of each clip; of a piece of a long recording, the piece too."""
    is_piece = clips["audio_file"].duplicated(keep=False)
    return clips["audio_file"].where(~is_piece, clips["audio_file"] + " (" + clips["clip_id"].astype(str) + ")")


def _labelled(file: str, label: str) -> str:
    """A file with its class; without the folders of one outside of the collection."""
    return f"{Path(file).name if Path(file).is_absolute() else file} ({label})"


def _names(names: pd.Series | pd.Index) -> str:
    """The first few, and how many there are more."""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(str, names[:MOST_NAMES])) + more
