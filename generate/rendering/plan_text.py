"""What the user reads before a run: the collection as it was read, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset import tables
from generate.dataset.label_sets import split_labels
from generate.dataset.planes import planes_in_words
from generate.dataset.tables.schema import ADDED
from generate.rendering.audio_headers import AudioHeaders, read_headers
from generate.rendering.disk_space import bytes_needed, free_bytes
from generate.rendering.plan import Plan
from generate.rendering.prepare import Prepared
from generate.rendering.settings_advice import little_audio, missing_frequencies, window_warnings
from generate.rendering.stereo_files import stereo_text
from generate.runtime.wording import count, listed, on_a_line, on_lines, shown

MOST_CLASSES = 12
"""Classes that are listed."""
MOST_NAMED = 3
"""Files that are named, of those that will be rejected."""
NEED_AN_ENGINE = frozenset({"pitch", "stretch"})


def plan_text(prepared: Prepared, plan: Plan) -> str:
    """The plan: clips, classes, folds, variants, images, disk space, and what will be removed; a line each."""
    clips = plan.clips
    recordings = count(clips["source_id"].nunique(), "recording")
    lines = [
        f"{shown(prepared.front.audio_folder)}: {prepared.reader.title}",
        *([f"  licence   {prepared.reader.licence}"] if prepared.reader.licence else []),
        f"  audio     {count(len(clips), 'clip')} of {recordings}, {_folds(clips)}",
        f"  classes   {_classes(clips, multilabel=prepared.collection.multilabel)}",
        *reading_text(prepared).split("\n"),
        *_left_out(prepared, plan),
        *_recordings_in_several_folds(clips),
        *_lengths(prepared, clips),
        f"  variants  {_variants(prepared)}",
        f"  images    {_image(prepared)}",
        *(f"  warning   {what}: {advice}" for what, advice in window_warnings(prepared.front.settings)),
        f"  output    {_output(prepared, plan)}",
        *_changes(prepared, plan),
    ]
    return on_lines(lines)


def reading_text(prepared: Prepared) -> str:
    """Where class, fold and recording come from, what was noticed, what was not read and what is missing; a line each.

    Parameters
    ----------
    prepared : Prepared
    """
    collection = prepared.collection
    lines = [f"  read as   {prepared.origins}", *(f"  note      {note}" for note in collection.notes)]
    if collection.skipped:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in sorted(collection.skipped.items()))
        lines.append(f"  not read  {kinds}")
    if collection.missing:
        some = ", ".join(path for path, _, _ in collection.missing[:3])
        more = " ..." if len(collection.missing) > 3 else ""
        what = collection.missing[0][2].partition(": ")[0]  # each has its own reason in rejected.csv
        lines.append(f"  missing   {count(len(collection.missing), 'file')} {what}: {some}{more}")
    return on_lines(lines)


def _folds(clips: pd.DataFrame) -> str:
    named = sorted(set(clips["fold"]) - {""})
    return count(len(named), "fold") if named else "no folds"


def _classes(clips: pd.DataFrame, *, multilabel: bool) -> str:
    labels = clips["label"].map(split_labels) if multilabel else clips["label"]
    counts = labels.explode().value_counts(sort=False).sort_index()
    some = ", ".join(f"{label} {n:,}" for label, n in counts.head(MOST_CLASSES).items())
    text = f"{len(counts):,}: {on_a_line(some)}{' ...' if len(counts) > MOST_CLASSES else ''}"
    if not multilabel:
        return text
    n_several, n_none = int((labels.map(len) > 1).sum()), int((labels.map(len) == 0).sum())
    return f"{text}; {count(n_several, 'clip')} with several, {n_none:,} with none"


def _left_out(prepared: Prepared, plan: Plan) -> list[str]:
    """The classes that are not of this run, and what becomes of their images."""
    if not prepared.left_out:
        return []
    some = ", ".join(f"{label} {n:,}" for label, n in list(prepared.left_out.items())[:MOST_CLASSES])
    more = " ..." if len(prepared.left_out) > MOST_CLASSES else ""
    lines = [
        f"  left out  {count(sum(prepared.left_out.values()), 'clip')} of "
        f"{count(len(prepared.left_out), 'class')}: {some}{more}"
    ]
    n_there = 0 if prepared.options.overwrite else int(plan.done["label"].isin(prepared.left_out).sum())
    if n_there:
        lines.append(
            f"  note      {count(n_there, 'image')} of these classes from an earlier run stay in the folder, and "
            "training reads them too (python -m train has --classes and --leave-out as well)"
        )
    return lines


def _recordings_in_several_folds(clips: pd.DataFrame) -> list[str]:
    folds = clips[clips["fold"] != ""].groupby("source_id")["fold"].nunique()
    in_several = list(folds.index[folds > 1])
    if not in_several:
        return []
    return [
        f"  note      {count(len(in_several), 'recording')} in more than one fold ({', '.join(in_several[:5])}): "
        "split by `source_id` too"
    ]


def _lengths(prepared: Prepared, clips: pd.DataFrame) -> list[str]:
    """How long the files are, whether that fits the images, and how many clips splitting gives."""
    settings = prepared.front.settings
    audio_folder = prepared.front.audio_folder
    paths = [audio_folder / path for path in clips["path"].drop_duplicates()]
    known = {audio_folder / path: length for path, length in prepared.known_lengths.items()}
    headers = read_headers(paths, workers=prepared.workers, known=known)
    lines = [f"  lengths   {_distribution(headers)}"] if len(headers.known_s) else []
    without_windows = {audio_folder / path: reason for path, reason in prepared.without_windows.items()}
    lines += _unusable(without_windows | dict(headers.unusable), audio_folder)
    if settings.channels == "stereo":
        lines.append(f"  channels  {stereo_text(paths, known=known, workers=prepared.workers)}")
    own = clips.loc[clips["reviewed"] != ADDED, "path"] if "reviewed" in clips else clips["path"]
    n_own, n_files = len(own), own.nunique()
    if n_own > n_files and prepared.collection.events is None:
        lines.append(
            f"  split     {count(n_own, 'clip')} of {count(n_files, 'file')}: longer ones are split every "
            f"{settings.seconds:g} s (--long first takes their beginning only)"
        )
    warnings = (little_audio(headers.known_s, settings), missing_frequencies(headers.sample_rate_hz, settings))
    return lines + [f"  warning   {what}: {advice}" for what, advice in warnings if what]


def _unusable(unusable: Mapping[Path, str], audio_folder: Path) -> list[str]:
    """Which files that were looked at will be rejected, and why."""
    if not unusable:
        return []
    names = [path.relative_to(audio_folder) if path.is_relative_to(audio_folder) else path for path in unusable]
    files = [f"{name} ({why})" for name, why in zip(names, unusable.values(), strict=True)]
    more = f" and {len(files) - MOST_NAMED:,} more" if len(files) > MOST_NAMED else ""
    return [f"  warning   {count(len(files), 'file')} will be rejected: {'; '.join(files[:MOST_NAMED])}{more}"]


def _distribution(headers: AudioHeaders) -> str:
    """Such as `0.31 to 0.79 s; 5th percentile 0.33, median 0.46, 95th percentile 0.72 s`."""
    low, fifth, median, most, high = np.quantile(headers.known_s, [0, 0.05, 0.5, 0.95, 1])
    text = (
        f"{_seconds(low)} to {_seconds(high)} s; 5th percentile {_seconds(fifth)}, median {_seconds(median)}, 95th "
        f"percentile {_seconds(most)} s"
    )
    if f"{low:.2f}" == f"{high:.2f}":
        text = f"all {_seconds(low)} s"
    n = len(headers.known_s)
    return text if n == headers.n_files else f"{text} (by {n:,} of {count(headers.n_files, 'file')})"


def _variants(prepared: Prepared) -> str:
    requests = {request.name: request for of_label in prepared.requests.values() for request in of_label}
    own = prepared.front.settings.class_variants
    text = " ".join([ORIGINAL, *requests])
    if own:
        text += f" (of their own for {', '.join(sorted(own))})"
    if any(step.kind in NEED_AN_ENGINE for request in requests.values() for step in request.steps):
        text += f"; pitch and tempo by {prepared.engine_version}"
    return text


def _image(prepared: Prepared) -> str:
    settings = prepared.front.settings
    width_height = " x ".join(map(str, settings.image_size or ()))
    size = f"{width_height} pixels" if width_height else "one pixel a frame and band"
    feature = settings.feature + (f" of {settings.bins_per_octave} bins an octave" if settings.feature == "cqt" else "")
    background = "background down to " if settings.feature == "pcen" else ""
    return (
        f"{feature}, {settings.seconds:g} s, {settings.fmin_hz:g} to {settings.highest_hz:g} Hz, "
        f"{background}{settings.range_db:g} dB, {size}, {planes_in_words(settings.planes) or settings.colormap}"
        + (f"; noise reduced by {settings.denoise_db:g} dB" if settings.denoise_db else "")
    )


def _output(prepared: Prepared, plan: Plan) -> str:
    images, n_left = prepared.front.images, len(plan.left)
    there = f"{shown(images)}: {count(plan.n_wanted, 'image')}, {plan.n_wanted - n_left:,} there, {n_left:,} to render"
    if not n_left:
        return there
    needed = bytes_needed(plan.jobs, prepared.front.settings)
    return f"{there} (about {_bytes(needed)}, {_bytes(free_bytes(images))} free)"


def _changes(prepared: Prepared, plan: Plan) -> list[str]:
    """What becomes of the rows and images that are there."""
    lines = []
    if plan.corrected:
        lines.append(
            f"  corrected {count(len(plan.corrected), 'row')} of {tables.METADATA} whose class, fold, split or events "
            f"changed: {listed(plan.corrected)}"
        )
    if plan.removed:
        why = "of the folder (--overwrite)" if prepared.options.overwrite else _why_removed(prepared)
        lines.append(f"  removed   {count(len(plan.removed), 'image')} {why}: {listed(plan.removed)}")
    if plan.foreign:
        lines.append(
            f"  not ours  {count(len(plan.foreign), 'file')} in the output folder, left alone: {listed(plan.foreign)}"
        )
    return lines


def _why_removed(prepared: Prepared) -> str:
    reviewed = ", or whose class changed or that were dropped by the review" if prepared.review is not None else ""
    return f"whose recordings are gone or moved{reviewed}"


def _seconds(seconds: float) -> str:
    """Three digits, and at most two after the decimal point."""
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.2f}".rstrip("0").rstrip(".")


def _bytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"
