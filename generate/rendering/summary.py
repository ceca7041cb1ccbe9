"""What the user reads before and after a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.audio import MEAN, MONO
from generate.dataset import tables
from generate.dataset.settings import Settings
from generate.rendering.header_facts import HeaderFacts, header_facts
from generate.rendering.image_fit import dark_frequencies, little_audio, window_warnings
from generate.rendering.plan import Plan
from generate.rendering.prepare import Prepared, bytes_needed, free_bytes
from generate.rendering.reading import reading_text
from generate.rendering.run import Result
from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, listed, on_a_line, shown

MOST_REASONS = 8
MOST_CLASSES = 12
NEED_AN_ENGINE = frozenset({"pitch", "stretch"})


def plan_text(prepared: Prepared, plan: Plan) -> str:
    """The plan: clips, classes, folds, variants, images, disk space, and what will be removed."""
    clips = plan.clips
    recordings = count(clips["source_id"].nunique(), "recording")
    lines = [
        f"{shown(prepared.front.sounds)}: {prepared.reader.title}",
        *([f"  licence   {prepared.reader.licence}"] if prepared.reader.licence else []),
        f"  sounds    {count(len(clips), 'clip')} of {recordings}, {_folds(clips)}",
        f"  classes   {_classes(clips)}",
        reading_text(prepared),
        *_left_out(prepared, plan),
        *_folds_note(clips),
        *_lengths(prepared, clips),
        f"  variants  {_variants(prepared)}",
        f"  images  {_image(prepared)}",
        *(f"  warning   {what}: {advice}" for what, advice in window_warnings(prepared.front.settings)),
        f"  output    {_output(prepared, plan)}",
    ]
    if plan.corrected:
        lines.append(
            f"  corrected {count(len(plan.corrected), 'row')} of {tables.METADATA}, of another class, fold or split "
            f"than the sounds are now: {', '.join(plan.corrected[:3])}{', ...' if len(plan.corrected) > 3 else ''}"
        )
    if plan.removed:
        why = "that stand there now (--overwrite)" if prepared.overwrite else "of sounds that are gone or elsewhere now"
        lines.append(f"  removed   {count(len(plan.removed), 'image')} {why}: {listed(plan.removed)}")
    if plan.foreign:
        lines.append(
            f"  not ours  {count(len(plan.foreign), 'file')} in the output folder, left alone: {listed(plan.foreign)}"
        )
    return "\n".join(lines)


def result_text(prepared: Prepared, result: Result) -> str:
    """The closing summary: what was made, what was rejected and why, and what to look at."""
    metadata = result.metadata
    if result.n_rendered:
        rate = len(result.plan.jobs) / result.elapsed_s if result.elapsed_s else 0
        first = f"Rendered {count(result.n_rendered, 'image')} in {result.elapsed_s:.1f} s ({rate:.1f} clips a second)."
    elif result.plan.jobs:
        first = "Nothing could be rendered."
    else:
        first = "Nothing to render: all images are there and up to date."
    lines = [
        first,
        f"{shown(prepared.front.images)} holds {count(len(metadata), 'image')} of "
        f"{count(metadata['clip_id'].nunique(), 'clip')} in {count(metadata['label'].nunique(), 'class')}.",
    ]
    duplicates = metadata.loc[metadata["duplicate"].astype(bool), "variant"].value_counts()
    if len(duplicates):
        kinds = ", ".join(f"{name} {n:,}" for name, n in duplicates.items())
        lines.append(f"  same as their original, marked `duplicate`: {count(duplicates.sum(), 'image')} ({kinds})")
    originals = metadata[metadata["variant"] == ORIGINAL]
    n_silent = int(originals["silent"].astype(bool).sum())
    if n_silent:
        lines.append(f"  nothing to be heard, dark, marked `silent`: {count(n_silent, 'clip')}")
    lines += _channels(originals, prepared.front.settings.channels)
    lines += _fit(originals, prepared.front.settings)
    lines += _equal_audio(originals)
    if result.n_removed:
        lines.append(f"  removed: {count(result.n_removed, 'image')} of sounds that are gone, changed or rejected")
    if result.foreign:
        lines.append(
            f"  warning: {count(len(result.foreign), 'PNG file')} here not made by this program, or moved since (such "
            f"as {result.foreign[0]}); other programs that read this folder would read them too"
        )
    lines += _rejected_lines(result)
    if result.page_text:
        lines.append(result.page_text)
    if metadata["label"].nunique() > 1:
        lines.append(f"To train a classifier on them: python -m train {quoted(shown(prepared.front.images))}")
    return "\n".join(lines)


def _equal_audio(originals: pd.DataFrame) -> list[str]:
    """Clips that sound exactly the same under two names, and worse, in two classes."""
    audible = originals[~originals["silent"].astype(bool)]
    doubled = audible[audible["audio_sha256"].duplicated(keep=False)]
    lines = []
    n_united = int((originals["source_id"] != originals["recording"]).sum())
    if n_united:
        lines.append(f"  equal to a sound of another recording, and kept together with it: {count(n_united, 'clip')}")
    labels = doubled.groupby("audio_sha256")["label"].nunique()
    for sha256 in labels.index[labels > 1][:3]:
        twins = doubled[doubled["audio_sha256"] == sha256]
        lines.append(f"  WARNING: the same sound in two classes: {', '.join(twins['sound'].unique()[:3])}")
    return lines


def _channels(originals: pd.DataFrame, wanted: str) -> list[str]:
    """Clips of which the loudest channel was taken, since the mean would have held nothing."""
    cancelled = originals[~originals["channel"].isin([MONO, MEAN, ""])]
    if wanted != "auto" or not len(cancelled):
        return []
    return [
        f"  channels that cancel each other, the loudest taken instead of their mean (column `channel`): "
        f"{count(len(cancelled), 'clip')}, such as {cancelled['sound'].iloc[0]}"
    ]


def _fit(originals: pd.DataFrame, settings: Settings) -> list[str]:
    """Whether most of the images is padding, and how high the files go, by what was read of them."""
    seconds = originals.groupby("audio_file")["seconds"].sum() if settings.long == "split" else originals["seconds"]
    rates = originals["sample_rate_hz"].astype("float64").to_numpy()
    said = (little_audio(seconds.to_numpy(float), settings), dark_frequencies(rates, settings))
    return [f"  warning: {what}: {advice}" for what, advice in said if what]


def _lengths(prepared: Prepared, clips: pd.DataFrame) -> list[str]:
    """How long the files are, whether that fits the images, and what splitting made of them."""
    settings = prepared.front.settings
    audio_folder = prepared.front.audio_folder
    paths = [audio_folder / path for path in clips["path"].drop_duplicates()]
    known = {audio_folder / path: length for path, length in prepared.known_lengths.items()}
    facts = header_facts(paths, workers=prepared.workers, known=known)
    lines = [f"  lengths   {_distribution(facts)}"] if len(facts.known_s) else []
    if len(clips) > len(paths):
        lines.append(
            f"  split     {count(len(clips), 'clip')} of {count(len(paths), 'file')}: what is longer is split every "
            f"{settings.seconds:g} s (--long first takes its beginning alone)"
        )
    said = (little_audio(facts.known_s, settings), dark_frequencies(facts.sample_rate_hz, settings))
    return lines + [f"  warning   {what}: {advice}" for what, advice in said if what]


def _distribution(facts: HeaderFacts) -> str:
    """Such as `0.31 to 0.79 s; 5th percentile 0.33, median 0.46, 95th percentile 0.72 s`."""
    low, fifth, median, most, high = np.quantile(facts.known_s, [0, 0.05, 0.5, 0.95, 1])
    text = (
        f"{_seconds(low)} to {_seconds(high)} s; 5th percentile {_seconds(fifth)}, median {_seconds(median)}, 95th "
        f"percentile {_seconds(most)} s"
    )
    if f"{low:.2f}" == f"{high:.2f}":
        text = f"all {_seconds(low)} s"
    n = len(facts.known_s)
    return text if n == facts.n_files else f"{text} (by {n:,} of {count(facts.n_files, 'file')})"


def _seconds(seconds: float) -> str:
    """Three digits, and no more than two behind the point."""
    return f"{seconds:,.0f}" if seconds >= 100 else f"{seconds:.2f}".rstrip("0").rstrip(".")


def _rejected_lines(result: Result) -> list[str]:
    """The rejected clips by reason, the most frequent first."""
    rejected = result.rejected
    if not len(rejected):
        return ["  rejected: none"]
    lines = [f"  rejected: {len(rejected):,} of {count(result.n_clips, 'clip')} ({tables.REJECTED} names them all)"]
    reasons = rejected.groupby("reason").agg(count=("audio_file", "size"), first=("audio_file", "first"))
    reasons = reasons.sort_values("count", ascending=False)
    for reason, row in reasons.head(MOST_REASONS).iterrows():
        more = f" and {row['count'] - 1:,} more" if row["count"] > 1 else ""
        lines.append(f"    {on_a_line(row['first'])}{more}: {on_a_line(reason)}")
    if len(reasons) > MOST_REASONS:
        lines.append(f"    and {len(reasons) - MOST_REASONS} other reasons")
    if result.lost_classes:
        lines.append(f"  not one clip could be rendered of: {on_a_line(', '.join(result.lost_classes))}")
    return lines


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
    n_there = 0 if prepared.overwrite else int(plan.done["label"].isin(prepared.left_out).sum())
    if n_there:
        lines.append(
            f"  note      {count(n_there, 'image')} of these classes from an earlier run stay in the folder, and "
            "training reads them too (python -m train has --classes and --leave-out as well)"
        )
    return lines


def _folds_note(clips: pd.DataFrame) -> list[str]:
    """Recordings that stand in several folds."""
    folds = clips.groupby("source_id")["fold"].nunique()
    in_several = list(folds.index[folds > 1])
    if not in_several:
        return []
    return [
        f"  note      {count(len(in_several), 'recording')} in more than one fold ({', '.join(in_several[:5])}): "
        "split by `source_id` too"
    ]


def _classes(clips: pd.DataFrame) -> str:
    counts = clips["label"].value_counts(sort=False).sort_index()
    some = ", ".join(f"{label} {count:,}" for label, count in counts.head(MOST_CLASSES).items())
    return f"{len(counts):,}: {on_a_line(some)}{' ...' if len(counts) > MOST_CLASSES else ''}"


def _folds(clips: pd.DataFrame) -> str:
    named = sorted(set(clips["fold"]) - {""})
    return count(len(named), "fold") if named else "no folds"


def _variants(prepared: Prepared) -> str:
    requests = {request.name: request for of_label in prepared.requests.values() for request in of_label}
    own = prepared.front.settings.class_variants
    return (
        " ".join([ORIGINAL, *requests])
        + (f" (of their own for {', '.join(sorted(own))})" if own else "")
        + (
            f"; pitch and tempo by {prepared.engine_version}"
            if any(request.kind in NEED_AN_ENGINE for request in requests.values())
            else ""
        )
    )


def _image(prepared: Prepared) -> str:
    settings = prepared.front.settings
    size = (
        "one pixel a frame and band" if settings.image_size is None else "{} x {} pixels".format(*settings.image_size)
    )
    return (
        f"{settings.feature}, {settings.seconds:g} s, {settings.fmin_hz:g} to {settings.highest_hz:g} Hz, "
        f"{settings.range_db:g} dB, {size}, {settings.colormap}"
    )


def _output(prepared: Prepared, plan: Plan) -> str:
    n_left = len(plan.left)
    images = prepared.front.images
    there = f"{shown(images)}: {count(plan.n_wanted, 'image')}, {plan.n_wanted - n_left:,} there, {n_left:,} to render"
    space = f" (about {_bytes(bytes_needed(prepared, plan))}, {_bytes(free_bytes(images))} free)"
    return there + (space if n_left else "")


def _bytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"
