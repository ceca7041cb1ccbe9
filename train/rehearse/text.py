"""A rehearsal for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from generate.dataset.background_classes import counted
from generate.runtime.wording import count
from train.rehearse.leave_one_site_out import MOST_FITS, SiteResult
from train.rehearse.plan import Plan
from train.rehearse.rehearsal import Rehearsal
from train.rehearse.results import Condition
from train.report.interval_text import clips_of_recordings, ends_in_words
from train.report.intervals import LEVEL
from train.wording import percent, shortened

MOST_SITES = 20
"""That are listed; the table has all."""


def plan_text(plan: Plan) -> str:
    """What will be predicted."""
    run = plan.run
    folds = f"{plan.tests['fold'].nunique()} of {count(len(run.all_folds), 'fold')}"
    tested = plan.calibrated_on[counted(plan.calibrated_on["label"])]
    n_recordings, n_all = (table["source_id"].nunique() for table in (plan.tests, tested))
    sample = f", drawn at random from {n_all:,}" if n_recordings < n_all else ""
    n_images = len(plan.tests) * (1 + len(plan.how.names))
    lines = [
        f"{run.folder}: {run.recipe.model} on {run.collection}, {count(len(run.classes), 'class')}",
        f"  test      {clips_of_recordings(len(plan.tests), n_recordings)}{sample}, {folds}; each clip by the model "
        "that was not trained on its recording",
        f"  audio     {plan.how.front.audio_folder}",
    ]
    if plan.how.background is not None:
        recordings = count(len(plan.how.background.files), "recording")
        lines.append(f"  mixed in  {recordings} of background, {sum(plan.how.background.seconds) / 60:.1f} min")
    return "\n".join([*lines, f"  predicts  {n_images:,} images: clean, and after {len(plan.how.names)} degradations"])


def rehearsal_text(rehearsal: Rehearsal) -> str:
    """One line a condition, and where it breaks.

    Parameters
    ----------
    rehearsal : Rehearsal
    """
    heading = [
        "condition",
        "accuracy",
        "95 % interval",
        "difference",
        "interval",
        "macro F1",
        "lowest recall",
        "unsure",
    ]
    heading.append("wrong, not unsure")
    lines = [heading, *(_cells(row) for row in rehearsal.conditions)]
    return "\n\n".join([_aligned(lines), "\n".join([*_verdicts(rehearsal.conditions), *_notes(rehearsal)])])


def _cells(row: Condition) -> list[str]:
    return [
        row.name,
        percent(row.accuracy),
        ends_in_words(row),
        "" if row.difference is None else f"{100 * row.difference:+.1f}",
        _difference_interval(row.difference_low, row.difference_high) if row.difference is not None else "",
        percent(row.macro_f1),
        f"{percent(row.worst_recall)} {shortened(row.worst_class)}",
        percent(row.unsure),
        percent(row.wrong_not_unsure),
    ]


def _difference_interval(low: float | None, high: float | None) -> str:
    return "no interval" if low is None or high is None else f"{100 * low:+.1f} to {100 * high:+.1f}"


def _verdicts(rows: Sequence[Condition]) -> list[str]:
    """Which degradations cost more than chance, the worst first."""
    worse = sorted((row for row in rows if row.verdict == "less accurate"), key=lambda row: row.accuracy)
    if worse:
        named = ", ".join(f"{row.name} ({100 * (row.difference or 0):+.1f})" for row in worse)
        first = f"Less accurate by more than chance, in percentage points: {named}."
    elif any(row.verdict == "too few recordings" for row in rows):
        first = "Too few recordings to tell whether any difference is more than chance."
    else:
        first = "No difference is more than chance: all intervals hold 0."
    return [
        first,
        f"The intervals of the differences are widened to hold together in {100 * LEVEL:g} % (Bonferroni). All are "
        "over recordings; they do not cover chance in training.",
    ]


def _notes(rehearsal: Rehearsal) -> list[str]:
    """What of the clean clips is not exactly as in the run."""
    notes = []
    if rehearsal.n_images_differ:
        notes.append(
            f"note: {count(rehearsal.n_images_differ, 'clean image')} differ by a pixel value or two from the stored "
            "ones, which other versions of the packages rendered."
        )
    if rehearsal.n_predictions_differ:
        notes.append(
            f"note: {count(rehearsal.n_predictions_differ, 'clean clip')} of {rehearsal.conditions[0].n_clips:,} are "
            "predicted as another class than in the run's own test: another version, backend or processor."
        )
    return notes


def sites_text(results: Sequence[SiteResult], *, model: str) -> str:
    """One line a site, and what the numbers are of.

    Parameters
    ----------
    results : sequence of SiteResult
        As `train.rehearse.leave_one_site_out.leave_one_site_out` gives them.
    model : str
        Of the run.
    """
    overall, *sites = results
    how = (
        f"Sites left out, in {MOST_FITS} groups of whole ones" if overall.n_sites > MOST_FITS else "Leave one site out"
    )
    lines = [["left-out site", "clips", "recordings", "accuracy", "95 % interval", "grouped folds", "difference", ""]]
    lines[0][-1] = "interval"
    for row in [overall, *sites[:MOST_SITES]]:
        lines.append(
            [
                shortened(row.site) or f"all {len(sites)}",
                f"{row.n_clips:,}",
                f"{row.n_recordings:,}",
                percent(row.accuracy),
                ends_in_words(row),
                percent(row.grouped_accuracy),
                f"{100 * row.difference:+.1f}",
                _difference_interval(row.difference_low, row.difference_high),
            ]
        )
    more = [f"and {len(sites) - MOST_SITES} more sites"] if len(sites) > MOST_SITES else []
    unknown = f" {count(overall.n_new_class, 'clip')} of classes that no other site has: left out."
    return "\n".join(
        [
            f"{how}: the last layer alone of the pretrained {model} is fitted to the clips of",
            "the other sites; beside it the same clips and method in grouped folds, which train on other recordings of",
            "the sites:",
            _aligned(lines),
            *more,
            "Intervals of a site are over its recordings, that of all is over sites.",
            f"Fitted to {percent(overall.share_trained)} of the clips in the mean, in grouped folds to "
            f"{percent(overall.share_trained_grouped)}. The run's own models are not tested here."
            + (unknown if overall.n_new_class else ""),
        ]
    )


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    return "\n".join("  ".join(f"{cell:<{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
