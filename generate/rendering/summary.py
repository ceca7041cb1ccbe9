"""What the user reads after a run: what was made, what was rejected and why, and what to do next."""

from __future__ import annotations

import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import MEAN, MONO
from generate.dataset import tables
from generate.dataset.label_sets import classes_of
from generate.dataset.settings import Settings
from generate.rendering.prepare import Prepared
from generate.rendering.run import Result
from generate.rendering.settings_advice import little_audio, missing_frequencies
from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, on_a_line, on_lines, shown

MOST_REASONS = 8
"""Reasons that are listed."""


def result_text(prepared: Prepared, result: Result) -> str:
    """The summary of a run."""
    metadata, settings = result.metadata, prepared.front.settings
    originals = metadata[metadata["variant"] == ORIGINAL]
    images = shown(prepared.front.images)
    classes = classes_of(metadata["label"], multilabel=prepared.collection.multilabel)
    lines = [
        _rendered(result),
        f"{images} holds {count(len(metadata), 'image')} of {count(metadata['clip_id'].nunique(), 'clip')} in "
        f"{count(len(classes), 'class')}.",
        *_duplicates(metadata),
        *_silent(originals),
        *_cancelled_channels(originals, settings.channels),
        *_mono(originals, settings.channels),
        *_warnings(originals, settings),
        *_equal_audio(originals),
        *_other_images(result),
        *_rejected(result),
    ]
    if result.page_text:
        lines += result.page_text.split("\n")
    if metadata["label"].nunique() > 1:
        lines.append(f"To train a classifier on them: python -m train {quoted(images)}")
    return on_lines(lines)


def _rendered(result: Result) -> str:
    if result.n_rendered:
        rate = len(result.plan.jobs) / result.elapsed_s if result.elapsed_s else 0
        return f"Rendered {count(result.n_rendered, 'image')} in {result.elapsed_s:.1f} s ({rate:.1f} clips a second)."
    if result.plan.jobs:
        return "Nothing could be rendered."
    return "Nothing to render: all images are there and up to date."


def _duplicates(metadata: pd.DataFrame) -> list[str]:
    """Variants that did not change the image."""
    duplicates = metadata.loc[metadata["duplicate"].astype(bool), "variant"].value_counts()
    if not len(duplicates):
        return []
    kinds = ", ".join(f"{name} {n:,}" for name, n in duplicates.items())
    return [f"  same as their original, marked `duplicate`: {count(duplicates.sum(), 'image')} ({kinds})"]


def _silent(originals: pd.DataFrame) -> list[str]:
    n_silent = int(originals["silent"].astype(bool).sum())
    return [f"  silent, marked `silent`: {count(n_silent, 'clip')}"] if n_silent else []


def _cancelled_channels(originals: pd.DataFrame, channels: str) -> list[str]:
    """Clips of which the loudest channel was used, since the mean of the channels is silent."""
    cancelled = originals[~originals["channel"].isin([MONO, MEAN, ""])]
    if channels != "auto" or not len(cancelled):
        return []
    return [
        f"  channels that cancel each other, the loudest used instead of their mean (column `channel`): "
        f"{count(len(cancelled), 'clip')}, such as {cancelled['audio_file'].iloc[0]}"
    ]


def _mono(originals: pd.DataFrame, channels: str) -> list[str]:
    """Clips of files with one channel, among images of left and right."""
    n_mono = int((originals["channel"] == MONO).sum())
    if channels != "stereo" or not n_mono:
        return []
    return [f"  of one channel, so left and right are equal (column `channel`): {count(n_mono, 'clip')}"]


def _warnings(originals: pd.DataFrame, settings: Settings) -> list[str]:
    """Whether most of the images is padding, and how high the files go, by what was decoded."""
    seconds = originals.groupby("audio_file")["seconds"].sum() if settings.long == "split" else originals["seconds"]
    rates = originals["sample_rate_hz"].astype("float64").to_numpy()
    warnings = (little_audio(seconds.to_numpy(float), settings), missing_frequencies(rates, settings))
    return [f"  warning: {what}: {advice}" for what, advice in warnings if what]


def _equal_audio(originals: pd.DataFrame) -> list[str]:
    """Clips with equal samples under two names, and worse, in two classes."""
    lines = []
    n_united = int((originals["source_id"] != originals["recording"]).sum())
    if n_united:
        lines.append(f"  equal samples as another recording, grouped with it: {count(n_united, 'clip')}")
    audible = originals[~originals["silent"].astype(bool)]
    labels = audible.groupby("audio_sha256")["label"].nunique()
    for sha256 in labels.index[labels > 1][:3]:
        twins = audible.loc[audible["audio_sha256"] == sha256, "audio_file"].unique()
        lines.append(f"  WARNING: the same audio in two classes: {', '.join(twins[:3])}")
    return lines


def _other_images(result: Result) -> list[str]:
    """Images that were removed, and those that are not this program's."""
    lines = []
    if result.n_removed:
        why = "whose recordings are gone or were rejected, or whose audio or class has changed"
        lines.append(f"  removed: {count(result.n_removed, 'image')} {why}")
    if result.foreign:
        lines.append(
            f"  warning: {count(len(result.foreign), 'PNG file')} in the folder not made by this program, or moved "
            f"since (such as {result.foreign[0]}); other programs that read the folder will read them too"
        )
    return lines


def _rejected(result: Result) -> list[str]:
    """The rejected clips by reason, the most frequent first."""
    rejected = result.rejected
    if not len(rejected):
        return ["  rejected: none"]
    lines = [f"  rejected: {len(rejected):,} of {count(result.n_clips, 'clip')} (all are in {tables.REJECTED})"]
    reasons = rejected.groupby("reason").agg(count=("audio_file", "size"), first=("audio_file", "first"))
    reasons = reasons.sort_values("count", ascending=False)
    for reason, row in reasons.head(MOST_REASONS).iterrows():
        more = f" and {row['count'] - 1:,} more" if row["count"] > 1 else ""
        lines.append(f"    {on_a_line(row['first'])}{more}: {on_a_line(reason)}")
    if len(reasons) > MOST_REASONS:
        lines.append(f"    and {len(reasons) - MOST_REASONS} other reasons")
    if result.lost_classes:
        lines.append(f"  no clip could be rendered of: {on_a_line(', '.join(result.lost_classes))}")
    return lines
