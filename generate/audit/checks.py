"""What may be wrong with a labelled collection: one function a finding, on the table of its clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from generate.audio import LONGEST_BEGINNING, MEAN, MONO
from generate.audit.finding import Finding
from generate.dataset.settings import Settings
from generate.rendering.image_fit import fitting_seconds, little_audio
from generate.runtime.wording import count

UNBALANCED = 3.0
"""Times the clips of the smallest class, in the largest."""
LITTLE = 0.5
"""Of the image: a shorter clip leaves more than half of it to the padding."""
LONGER = 1.05
"""Times the image: what is cut off a clip that is no longer than this is nothing that tells it."""
FULL_SCALE_DBFS, OVERSHOOT_DBFS = -0.005, 6.0
"""Rounded to two digits, the highest number of 16 bits is 0.00. A decoder may go above it where the sound was clipped
before it was encoded; beyond 6 dB are only floating-point numbers in a unit of their own, which no format clips."""
NOTABLE_OFFSET = 0.01
"""Of full scale: more than the hundredth of a sound card in good order."""
QUIET_DBFS = -60.0
"""At 16 bits such a clip uses six of them: its own steps are heard in the image's 80 dB."""
MUCH = 0.1
"""Share of the clips from which on a fault is of the collection and not of a clip."""
MOST_NAMES = 4
"""Examples of one finding."""


def balance(clips: pd.DataFrame) -> Finding:
    """Whether the classes have about as many clips, and enough recordings for the folds."""
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
        fixes.append("train with --class-weights, record more of the small classes, or leave them out")
    n_folds = clips.loc[clips["fold"] != "", "fold"].nunique() or 2
    few = recordings[recordings < n_folds]
    if len(few):
        what += f"; fewer recordings than the {n_folds} folds: {_names(few.index)}"
        fixes.append("a class needs a recording for each fold: record more of these, or leave the class out")
    return _finding(what, fixes)


def durations(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether the image's length fits the clips."""
    seconds = clips["seconds"].to_numpy(float)
    short = seconds < LITTLE * settings.seconds
    long = seconds > LONGER * settings.seconds
    # Of a longer recording no more than that is read.
    or_more = " or more" if seconds.max() >= LONGEST_BEGINNING * settings.seconds - 0.01 else ""
    what = (
        f"clips last {seconds.min():.2g} to {seconds.max():.3g} s{or_more}, median {np.median(seconds):.3g} s; the "
        f"image shows {settings.seconds:g} s"
    )
    fixes = []
    if short.any():
        what += f"; {count(int(short.sum()), 'clip')} shorter than half of it"
    # Pieces of one file follow each other.
    of_files = clips.groupby("audio_file")["seconds"].sum().to_numpy(float) if settings.long == "split" else seconds
    padded, advice = little_audio(of_files, settings)
    if padded:
        what += f"; {padded}"
        fixes.append(advice)
    if long.any():
        what += f"; {count(int(long.sum()), 'clip')} longer, cut"
        if long.mean() >= MUCH:
            fitting = fitting_seconds(seconds)
            # What is longer was not read to its end, so that its length is not known.
            longer = f", or --seconds {fitting:g}" if fitting < LONGEST_BEGINNING * settings.seconds - 0.01 else ""
            fixes.append(f"to keep what is cut: --long split, which makes several images of a long clip{longer}")
    return _finding(what, fixes)


def peaks(clips: pd.DataFrame, settings: Settings) -> Finding:
    """Whether clips are clipped, very quiet or silent; and in how many channels cancel, or an offset is."""
    audible = clips.loc[~clips["silent"].astype(bool), "peak_dbfs"]
    silent, clipped, quiet = is_silent(clips), is_clipped(clips), is_quiet(clips)
    what = (
        f"peaks from {audible.min():.0f} to {audible.max():.0f} dBFS" if len(audible) else "no clip holds any sound"
    ) + f"; at full scale {clipped.sum():,}, below {QUIET_DBFS:g} dBFS {quiet.sum():,}, silent {silent.sum():,}"
    what += _dealt_with(clips, settings)
    fixes = []
    # Of several channels, the one that was asked for may hold nothing, or the mean where they cancel each other.
    may_be_hidden = silent & (clips["channel"] != MONO) & (settings.channels in ("mean", "left", "right"))
    if may_be_hidden.any():
        names = _names(_files(clips)[may_be_hidden])
        fixes.append(f"other channels may hold the sound of silent clips: --channels auto: {names}")
    if (silent & ~may_be_hidden).any():
        names = _names(_files(clips)[silent & ~may_be_hidden])
        fixes.append(f"silent clips teach their class to be silence; leave them out: {names}")
    if quiet.any():
        fixes.append(f"listen to the quiet ones, which may hold noise alone: {_names(_files(clips)[quiet])}")
    if clipped.mean() >= MUCH:
        fixes.append(
            "clips at full scale may be clipped (flat tops, harsh): listen to some; if they were only raised to full "
            f"scale it does no harm: {_names(_files(clips)[clipped])}"
        )
    return _finding(what, fixes)


def _dealt_with(clips: pd.DataFrame, settings: Settings) -> str:
    """How many clips have channels that cancel each other, and an offset; neither is in their images."""
    what = ""
    cancelled = ~clips["channel"].isin([MONO, MEAN, ""])
    if settings.channels == "auto" and cancelled.any():
        what += (
            f"; channels of {count(int(cancelled.sum()), 'clip')} cancel each other, and the loudest is taken: "
            f"{_names(_files(clips)[cancelled])}"
        )
    offsets = clips["dc_offset"].astype(float).abs()
    moved = offsets >= NOTABLE_OFFSET
    if moved.any():
        largest_first = offsets[moved].sort_values(ascending=False)
        what += (
            f"; an offset of 1 % of full scale or more is taken away from {count(len(largest_first), 'clip')}, the "
            f"largest is {100 * largest_first.iloc[0]:.0f} %: {_names(_files(clips)[largest_first.index])}"
        )
    return what


def equal_audio(clips: pd.DataFrame) -> Finding:
    """Whether the very same samples stand under two names."""
    clips = clips.assign(file=_files(clips).to_numpy())
    audible = clips[~clips["silent"].astype(bool)]
    doubled = audible[audible["audio_sha256"].duplicated(keep=False)]
    groups = doubled.groupby("audio_sha256")
    if not len(doubled):
        return Finding("ok", "no two clips hold equal samples")
    n_labels = int((groups["label"].nunique() > 1).sum())
    n_folds = int((groups["fold"].nunique() > 1).sum())
    some = "; ".join(" = ".join(sounds[:3]) for _, sounds in list(groups["file"])[:MOST_NAMES])
    what = (
        f"{count(groups.ngroups, 'sound')} under several names, {count(len(doubled), 'clip')}; in two classes "
        f"{n_labels:,}, in two folds {n_folds:,}: {some}"
    )
    fixes = ["keep one of each (training keeps equal samples on one side of every split, but counts them twice)"]
    if n_labels:
        fixes.append(
            "of those in two classes one sound has two labels: listen, and keep the right one (it may hold both)"
        )
    return _finding(what, fixes)


def near_duplicates(clips: pd.DataFrame, pairs: pd.DataFrame, *, n_untold: int) -> Finding:
    """Whether one recording is there twice, with another codec, gain or start.

    Parameters
    ----------
    clips : pandas.DataFrame
    pairs : pandas.DataFrame
        Columns `a` and `b`, positions in `clips`.
    n_untold : int
        Clips that hold too little to be compared.

    Returns
    -------
    Finding
    """
    untold = f"; {count(n_untold, 'clip')} too short or too steady to tell" if n_untold else ""
    if not len(pairs):
        return Finding("ok", f"no two recordings are found to be the same but for codec, gain or start{untold}")
    clips = clips.assign(file=_files(clips).to_numpy())
    a, b = clips.iloc[pairs["a"]].reset_index(drop=True), clips.iloc[pairs["b"]].reset_index(drop=True)
    in_classes, in_folds = a["label"] != b["label"], a["fold"] != b["fold"]
    worst_first = (2 * in_classes + in_folds).sort_values(ascending=False, kind="stable").index
    some = "; ".join(f"{a['file'][row]} and {b['file'][row]}" for row in worst_first[:MOST_NAMES])
    what = (
        f"{count(len(pairs), 'pair')} of clips that seem to be one recording but for codec, gain or start{untold}; in "
        f"two classes {in_classes.sum():,}, in two folds {in_folds.sum():,}: {some}"
    )
    side = "" if in_folds.any() or (clips["fold"] == "").all() else ", though these folds keep them on one side"
    fixes = [
        f"listen: a test with one would know what was trained on{side}; keep one of each pair, or give both one "
        "recording (--source-column of a --labels table)"
    ]
    if in_classes.any():
        fixes.append(
            "in two classes: the same recording under two labels, or a copy; keep it where it belongs, unless the "
            "sound holds both"
        )
    return _finding(what, fixes)


def is_silent(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip holds nothing to hear."""
    return clips["silent"].astype(bool)


def is_clipped(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip reaches full scale."""
    return clips["peak_dbfs"].astype(float).between(FULL_SCALE_DBFS, OVERSHOOT_DBFS)


def is_quiet(clips: pd.DataFrame) -> pd.Series:
    """Whether each clip is far below full scale, and not silent."""
    return (clips["peak_dbfs"].astype(float) < QUIET_DBFS) & ~is_silent(clips)


def _finding(what: str, fixes: Sequence[str]) -> Finding:
    """A warning if there is something to do."""
    return Finding("warning" if fixes else "ok", what, "\n".join(fixes))


def _range(numbers: pd.Series) -> str:
    """Such as `40`, or `12 to 1,040`."""
    low, high = numbers.min(), numbers.max()
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _files(clips: pd.DataFrame) -> pd.Series:
    """The audio file of each clip; of a piece of a long recording, the piece too."""
    is_piece = clips["audio_file"].duplicated(keep=False)
    return clips["audio_file"].where(~is_piece, clips["audio_file"] + " (" + clips["clip_id"].astype(str) + ")")


def _names(names: pd.Series | pd.Index) -> str:
    """The first few, and how many there are more."""
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(map(str, names[:MOST_NAMES])) + more
