"""What an ablation found, in words: on the terminal, in its README, and at the head of its TOML."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd

from generate.runtime.os_compat import quoted
from generate.runtime.wording import count, shown
from train.ablate.gains import ALL_VARIANTS, CLASS, HELPS, HURTS, OVERALL, TOO_FEW, widened
from train.ablate.plan import ALL, ORIGINALS, AblationPlan
from train.ablate.runs import MOST_DIFFERENT
from train.report.intervals import LEVEL, recordings_needed
from train.report.report import Report
from train.report.summary import WIDTH, accuracy_text
from train.wording import escaped, listed, percent, shortened

TABLE = "ablation.csv"
TOML = "class_variants.toml"
CARD = "README.md"
MOST_LINES = 80
"""Of a table on the terminal; of a longer one only what is told apart from noise is shown."""
HYPOTHESIS = (
    "Treat a suggested setting as a hypothesis: it was chosen by these test clips, and whoever then reports a figure "
    "on the same clips reports picked luck. Validate it on other folds or other sounds."
)
MEANING = (
    "The gain of a variant is the accuracy (of a class: the recall) of models that were trained with it, for all "
    "classes, minus that of models that were trained without it. Taking it from one class alone is another change than "
    "taking it from all, and may do something else."
)
TRACE = (
    "Where one class alone lacks a variant, the traces that the variant leaves in an image tell that class from the "
    "others in training, and in no real sound."
)
NOISE_OF_TRAINING = (
    "The intervals cover which recordings were tested, not the chance in training. All gains are held against the one "
    f"run `{ALL}`, so where every variant seems to help a class alike, or to hurt it, that run was lucky there, or "
    "unlucky. Run it again with another --seed and --name, and believe what both say."
)


def looks_text(table: pd.DataFrame) -> str:
    """How many differences were looked at, and what was done about it; a few sentences.

    Parameters
    ----------
    table : pandas.DataFrame
        As `train.ablate.gains.gains` gives it.
    """
    n = {scope: int(table.loc[table["scope"] == scope, "n_looks"].iloc[0]) for scope in (OVERALL, CLASS)}
    needed = recordings_needed(widened(LEVEL, n_looks=n[CLASS]))
    return (
        f"Whoever looks at {count(n[CLASS], 'difference')} finds some that chance alone made, so the intervals of the "
        f"classes are widened until all {n[CLASS]:,} hold together with {100 * LEVEL:g} %, and so are those over all "
        f"clips ({n[OVERALL]:,}). A verdict on a class takes at least {count(needed, 'recording')} of it that changed; "
        f"with fewer it is {TOO_FEW!r}."
    )


def table_text(table: pd.DataFrame) -> str:
    """The gains for the terminal: for each variant a line overall, and one for each class.

    Parameters
    ----------
    table : pandas.DataFrame
        As `train.ablate.gains.gains` gives it.

    Returns
    -------
    str
        Lines without a newline at the end; gains and their widened intervals in points (hundredths).
    """
    shown_rows, more = table, ""
    if len(table) > MOST_LINES:
        shown_rows = table[(table["scope"] == OVERALL) | table["verdict"].isin([HELPS, HURTS])]
        more = f"\n{count(len(table) - len(shown_rows), 'row')} of classes more, none of them told from noise: {TABLE}"
    lines = [["variant", "of", "gain", "widened interval", "clips", "recordings changed", "verdict"]]
    for row in shown_rows.to_dict("records"):
        of = OVERALL if row["scope"] == OVERALL else f"  {shortened(row['label'])}"
        changed = f"{row['n_changed']:,} of {row['n_recordings']:,}"
        name = row["variant"] if row["scope"] == OVERALL else ""
        lines.append([name, of, _points(row["gain"]), _interval(row), f"{row['n_clips']:,}", changed, row["verdict"]])
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    text = ("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)
    return "\n".join(text) + more


def runs_text(reports: Mapping[str, Report]) -> str:
    """A line a run: its accuracy and plain interval, and how many images it saw; and whether these are too unlike.

    Parameters
    ----------
    reports : Mapping of str to Report
        Name of the run to its report.

    Returns
    -------
    str
        Lines without a newline at the end.
    """
    width = max(len(name) for name in reports)
    lines = [
        f"  {name:<{width}}  {accuracy_text(report)}; {report.times.images_seen:,} images seen"
        for name, report in reports.items()
    ]
    return "\n".join([*lines, *filter(None, [budget_text(reports)])])


def budget_text(reports: Mapping[str, Report]) -> str:
    """Which runs saw fewer or more images than the one with all variants, by more than `MOST_DIFFERENT`; else empty.

    Parameters
    ----------
    reports : Mapping of str to Report
        Name of the run to its report.
    """
    seen = {name: report.times.images_seen for name, report in reports.items()}
    uneven = [name for name, n in seen.items() if abs(n / seen[ALL] - 1) > MOST_DIFFERENT]
    if not uneven:
        return ""
    return (
        f"Mind: {listed(uneven)} did not see as many images as {ALL}, to {100 * MOST_DIFFERENT:g} %, so these gains "
        "are those of a longer or shorter training too. More --epochs bring them closer, since there are whole ones "
        "alone."
    )


def suggestion_text(suggested: Mapping[str, Sequence[str]], stored: Mapping[str, Sequence[str]]) -> str:
    """Which classes are to lose which variants, in a sentence.

    Parameters
    ----------
    suggested, stored : Mapping of str to sequence of str
        Class to its variants, then and now.
    """
    lost = {label: [name for name in stored[label] if name not in kept] for label, kept in suggested.items()}
    said = [f"{shortened(label)} without {listed(names)}" for label, names in lost.items() if names]
    if not said:
        return "Suggested: all classes keep all their variants; none hurts a class by more than noise."
    return f"Suggested: {'; '.join(said)}. The other classes keep all they have."


def about_toml(plan: AblationPlan) -> list[str]:
    """Sentences for the head of the TOML: where it comes from, how it is used, and what it is not.

    Parameters
    ----------
    plan : AblationPlan
    """
    return [
        f"Suggested by python -m train.ablate {quoted(plan.images)}; figures: {TABLE} beside this file.",
        "A variant is left out for a class only where it hurt the class by more than noise.",
        "Use it with the other options that the images were drawn with, and into a new folder:",
        f"  python -m generate AUDIO_FOLDER OUTPUT --config {quoted(plan.folder / TOML)}",
        *textwrap.wrap(HYPOTHESIS, WIDTH),
    ]


def card_text(
    plan: AblationPlan,
    reports: Mapping[str, Report],
    table: pd.DataFrame,
    *,
    suggested: Mapping[str, Sequence[str]],
    stored: Mapping[str, Sequence[str]],
) -> str:
    """Write the README of an ablation, in Markdown.

    Parameters
    ----------
    plan : AblationPlan
    reports : Mapping of str to Report
        Name of each run to its report.
    table : pandas.DataFrame
        As `train.ablate.gains.gains` gives it.
    suggested, stored : Mapping of str to sequence of str
        See `suggestion_text`.
    """
    report, folder = reports[ALL], quoted(shown(plan.folder))
    runs = [
        f"| [{escaped(name)}](<{name}/README.md>) | {accuracy_text(made)} | {made.times.images_seen:,} |"
        for name, made in reports.items()
    ]
    parts = [
        f"# Which variant helped which class: {escaped(report.collection)}, {escaped(plan.recipe.model)}",
        f"{count(len(reports), 'run')} with the same recipe, seed and folds, and about as many images seen: `{ALL}` "
        f"with all variants, one without each that was looked at, and `{ORIGINALS}` with none. "
        f"{report.protocol.description}",
        "\n".join(["| run | accuracy | images seen |", "|---|---|---|", *runs]),
        *filter(None, [budget_text(reports)]),
        "## What each variant gained",
        f"{MEANING} In points (hundredths), with the widened interval; **bold** is told from noise.",
        _matrix(table),
        f"{looks_text(table)} {NOISE_OF_TRAINING}",
        f"All figures: `{TABLE}`, in parts of 1. `low` to `high` is the plain {100 * LEVEL:g} % interval, `wide_low` "
        "to `wide_high` the widened one; `n_changed` are the recordings whose clips were not named equally well with "
        "the variant and without; `n_images` are the images of the variant that can be trained on "
        f"({ALL_VARIANTS}: of all of them), which those that equal their original are not.",
        "## What it suggests",
        escaped(suggestion_text(suggested, stored)),
        f"In a file for `python -m generate AUDIO_FOLDER OUTPUT --config {folder}/{TOML}`, beside the options that the "
        "images were drawn with.",
        f"**{HYPOTHESIS}** {TRACE}",
        "For example: ablate with `--folds 1,2,3`, draw the suggested images into a new folder, train on both "
        "folders of images with `--folds 4,5`, and hold the two runs against each other with "
        "`python -m train.compare`.",
        f"The runs themselves: `python -m train.compare {folder}/*/`.",
    ]
    return "\n\n".join(parts) + "\n"


def _matrix(table: pd.DataFrame) -> str:
    """A row a variant, a column for all clips and one for each class."""
    labels = table.loc[table["variant"] == table["variant"].iloc[0], "label"].tolist()
    heads = ["variant", *(escaped(label) if label else OVERALL for label in labels)]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for variant, rows in table.groupby("variant", sort=False):
        cells = [_cell(row) for row in rows.to_dict("records")]
        lines.append("| " + " | ".join([escaped(str(variant)), *cells]) + " |")
    return "\n".join(lines)


def _cell(row: Mapping[str, object]) -> str:
    text = f"{_points(row['gain'])} ({_interval(row)})"
    if row["scope"] == OVERALL:
        return f"{text}: {row['verdict']}; {percent(row['accuracy_without'])} without"
    return f"**{text}: {row['verdict']}**" if row["verdict"] in (HELPS, HURTS) else text


def _points(part: float) -> str:
    return f"{round(100 * part, 1) + 0.0:+.1f}" if part == part else "-"  # 0 is written +0.0, never -0.0


def _interval(row: Mapping[str, object]) -> str:
    """The widened interval, or why there is none."""
    if not row["n_clips"]:
        return "not tested"
    if row["wide_low"] != row["wide_low"]:
        needed = recordings_needed(widened(LEVEL, n_looks=row["n_looks"]))
        return f"no interval: {count(row['n_recordings'], 'recording')} of the {needed} it takes"
    return f"{_points(row['wide_low'])} to {_points(row['wide_high'])}"
