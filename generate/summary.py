"""What the user reads before and after a run."""

from __future__ import annotations

import pandas as pd

from augment_audio import ORIGINAL
from generate import manifest
from generate.run import Prepared, Result

MOST_REASONS = 8


def plan_text(prepared: Prepared) -> str:
    """The plan: clips, classes, folds, variants, pictures, disk space."""
    clips, plan, settings = prepared.plan.clips, prepared.plan, prepared.front.settings
    n_left = sum(len(job.requests) for job in plan.jobs)
    lines = [
        f"{prepared.front.sounds} is read as {prepared.layout} ({prepared.reader.title})",
        f"  clips     {_count(len(clips), 'clip')} of {_count(clips['source_id'].nunique(), 'recording')} in "
        f"{_count(clips['label'].nunique(), 'class')}, {_folds(clips)}",
        *_notes(prepared),
        f"  variants  {_variants(prepared)}",
        f"  pictures  {_picture(prepared)}",
        f"  output    {_shown(prepared)}: {plan.n_pictures:,} pictures, {plan.n_pictures - n_left:,} are there, "
        f"{n_left:,} to render"
        + (f" (about {_bytes(prepared.n_bytes)}, {_bytes(prepared.n_bytes_free)} free)" if n_left else ""),
    ]
    if prepared.reader.licence:
        lines.insert(1, f"  licence   {prepared.reader.licence}")
    if settings.class_variants:
        classes = ", ".join(sorted(settings.class_variants))
        lines.append(f"  of their own variants: {classes}")
    return "\n".join(lines)


def result_text(prepared: Prepared, result: Result) -> str:
    """The closing summary: what was made, what was rejected and why, and what to do next."""
    metadata = result.metadata
    lines = []
    if result.n_rendered:
        n_clips = len(prepared.plan.jobs)
        rate = n_clips / result.elapsed_s if result.elapsed_s else 0
        lines.append(
            f"Rendered {result.n_rendered:,} pictures in {result.elapsed_s:.1f} s ({rate:.1f} clips a second)."
        )
    else:
        lines.append("Nothing to render: all pictures are there and up to date.")
    lines.append(
        f"{_shown(prepared)} holds {len(metadata):,} pictures of {metadata['clip_id'].nunique():,} clips in "
        f"{_count(metadata['label'].nunique(), 'class')}."
    )
    duplicates = metadata.loc[metadata["duplicate"].astype(bool), "variant"].value_counts()
    if len(duplicates):
        kinds = ", ".join(f"{name} {count:,}" for name, count in duplicates.items())
        lines.append(f"  {duplicates.sum():,} look the same as their original and are marked `duplicate` ({kinds})")
    originals = metadata[metadata["variant"] == ORIGINAL]
    if originals["silent"].astype(bool).any():
        lines.append(f"  {int(originals['silent'].sum()):,} clips are silent; their pictures are dark, marked `silent`")
    united = originals[originals["source_id"] != originals["recording"]]
    if len(united):
        lines.append(f"  {len(united):,} clips sound exactly as one of another recording and share its `source_id`")
    if result.n_removed:
        lines.append(f"  {result.n_removed:,} pictures of sounds that are gone or rejected were removed")
    if result.foreign:
        lines.append(
            f"  warning: {len(result.foreign):,} PNG files here are not this program's (such as {result.foreign[0]}); "
            "a trainer would read them too"
        )
    lines += _rejected_lines(result)
    return "\n".join(lines)


def _rejected_lines(result: Result) -> list[str]:
    """The rejected clips by reason, the most frequent first."""
    rejected = result.rejected
    if not len(rejected):
        return ["  none was rejected"]
    lines = [f"  {len(rejected):,} of {result.n_clips:,} clips were rejected ({manifest.REJECTED} has them all):"]
    reasons = rejected.groupby("reason").agg(count=("sound", "size"), first=("sound", "first"))
    reasons = reasons.sort_values("count", ascending=False)
    for reason, row in reasons.head(MOST_REASONS).iterrows():
        more = f" and {row['count'] - 1:,} more" if row["count"] > 1 else ""
        lines.append(f"    {row['first']}{more}: {reason}")
    if len(reasons) > MOST_REASONS:
        lines.append(f"    and {len(reasons) - MOST_REASONS} other reasons")
    if result.lost_classes:
        lines.append(f"  no clip of {', '.join(result.lost_classes)} could be rendered")
    return lines


def _notes(prepared: Prepared) -> list[str]:
    """What was passed over, what is missing, and recordings that stand in several folds."""
    notes = []
    collection = prepared.collection
    if collection.passed_over:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(collection.passed_over.items()))
        notes.append(f"  passed over: {kinds}")
    if collection.missing:
        some = ", ".join(path for path, _, _ in collection.missing[:3])
        notes.append(f"  missing   {len(collection.missing):,} files: {collection.missing[0][2]} ({some} ...)")
    folds = prepared.plan.clips.groupby("source_id")["fold"].nunique()
    in_several = list(folds.index[folds > 1])
    if in_several:
        notes.append(
            f"  note      {_count(len(in_several), 'recording')} in more than one fold ({', '.join(in_several[:5])}); "
            "training keeps them apart"
        )
    return notes


def _folds(clips: pd.DataFrame) -> str:
    named = sorted(set(clips["fold"]) - {""})
    return _count(len(named), "fold") if named else "no folds (splits will go by recording)"


def _variants(prepared: Prepared) -> str:
    names = list(dict.fromkeys(request.name for requests in prepared.requests.values() for request in requests))
    return f"{' '.join([ORIGINAL, *names])}; pitch and tempo by {prepared.engine_version}"


def _picture(prepared: Prepared) -> str:
    settings = prepared.front.settings
    size = "one pixel a frame and band" if settings.image_size is None else "{} x {}".format(*settings.image_size)
    return (
        f"{settings.feature}, {settings.seconds:g} s, {settings.fmin_hz:g} to {settings.highest_hz:g} Hz, "
        f"{settings.range_db:g} dB, {size} pixels, {settings.colormap}"
    )


def _shown(prepared: Prepared) -> str:
    """The picture folder as the user would type it."""
    from pathlib import Path

    images = prepared.front.images
    return str(images.relative_to(Path.cwd()) if images.is_relative_to(Path.cwd()) else images)


def _count(number: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def _bytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{max(1, round(number / 1e6))} MB"
