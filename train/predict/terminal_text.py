"""Predictions for the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from generate.dataset.label_sets import SEPARATOR
from generate.runtime.versions import versions
from generate.runtime.wording import count, listed, on_a_line, shown
from train.calibration.distance import SHARE_WITHIN
from train.predict.events import DetectedEvent
from train.predict.fold_models import is_leaky
from train.predict.predictions import LABELS, UNSURE, Predictions, top_classes
from train.predict.recordings import Rejected
from train.runs.run_folder import FINAL, Run
from train.wording import LEAKY_MEANS, percent, shortened

SILENT, QUIET, UNLIKE = "silent", "quiet", "unlike"
LONGEST_FILE = 60
PIXEL_PACKAGES = ("librosa", "numpy", "scipy", "soxr", "av", "pillow")
"""Other versions of these may render other pixels."""


def heading(run: Run, folds: Sequence[str], skipped: Counter[str]) -> str:
    """Which models predict, and what to know about them.

    Parameters
    ----------
    run : Run
    folds : sequence of str
        Whose models are averaged.
    skipped : collections.Counter
        Files that were not read, by kind.
    """
    lines = [
        f"{run.folder}: {run.recipe.model} on {run.collection}, {count(len(run.classes), 'class')}",
        f"  models    {models_in_words(folds)}",
    ]
    if is_leaky(run):
        lines.append(f"  LEAKY     the accuracy that this run reports is leaky: {LEAKY_MEANS}")
    if changed := _changed_versions(run):
        lines.append(f"  note      images may differ slightly: those of the run were rendered with {changed}")
    if skipped:
        lines.append(f"  {skipped_text(skipped)}")
    return "\n".join(lines)


def skipped_text(skipped: Mapping[str, int]) -> str:
    """Files that were not read, by kind."""
    return f"skipped   {', '.join(f'{n:,} {kind}' for kind, n in sorted(skipped.items()))}"


def models_in_words(folds: Sequence[str]) -> str:
    """Whose models are averaged; `folds` as `train.predict.fold_models.folds_to_average` gives them."""
    if tuple(folds) == (FINAL,):
        return "the final one, trained on all recordings (--folds all: the mean of those of the folds)"
    if len(folds) == 1:
        return f"one, of fold {folds[0]}"
    return f"mean of {count(len(folds), 'model')}, of folds {', '.join(folds)}"


def predictions_text(predictions: Predictions, *, top: int) -> str:
    """One line a file; with a hop, one line a window, and the mean of each file."""
    files = predictions.by_file(top=top).to_dict("records")
    if predictions.hop_s is None:
        return _lines([(shortened(row["file"], longest=LONGEST_FILE), row) for row in files])
    windows = dict(list(predictions.by_window(top=top).groupby("file", sort=False)))
    blocks = []
    for mean in files:
        rows = windows[mean["file"]].to_dict("records")
        named = [(f"  {clock(row['start_s'])} - {clock(row['end_s'])}", row) for row in rows]
        blocks.append(f"{' '.join(mean['file'].split())}\n{_lines([*named, ('  mean', mean)])}")
    return "\n\n".join(blocks)


def events_text(events: Mapping[str, Sequence[DetectedEvent]], predictions: Predictions, *, top: int) -> str:
    """One line a recording: its length, and how often each class is heard, from when to when.

    Parameters
    ----------
    events : Mapping of str to sequence of DetectedEvent
        By recording.
    predictions : Predictions
    top : int
        Classes of a recording that are listed.
    """
    ends = {window.file: window.end_s for window in predictions.windows}
    width = max(len(shortened(file, longest=LONGEST_FILE)) for file in events)
    lines = []
    for file, own in events.items():
        of_class = Counter(event.label for event in own)
        parts = []
        for label, n in of_class.most_common(top):
            starts = [event.start_s for event in own if event.label == label]
            span = clock(starts[0]) if n == 1 else f"{clock(starts[0])} to {clock(starts[-1])}"
            parts.append(f"{shortened(label)} {n:,} ({span})")
        if len(of_class) > top:
            parts.append(f"{len(of_class) - top} more classes")
        name = shortened(file, longest=LONGEST_FILE)
        lines.append(f"{name:{width}}  {clock(ends[file])}  {', '.join(parts) or 'no event'}")
    return "\n".join(lines)


def pages_text(pages: Sequence[Path], lacking: Mapping[str, str]) -> str:
    """Where the pages are, and which recordings lack one, or the end of one.

    Parameters
    ----------
    pages : sequence of Path
    lacking : Mapping of str to str
        Recordings, and why.
    """
    lines = []
    if pages:
        more = f", and {count(len(pages) - 1, 'page')} more" if len(pages) > 1 else ""
        lines.append(f"To see and hear them: open {shown(pages[0])}{more}")
    lines += [
        f"  no page, or not of the whole recording: {on_a_line(f'{file}: {why}')}" for file, why in lacking.items()
    ]
    return "\n".join(lines)


def rests_text(rests_s: Mapping[str, float], seconds: float, *, has_hop: bool) -> str:
    """Whether the ends of recordings were left out; empty: none.

    Parameters
    ----------
    rests_s : Mapping of str to float
        As `train.predict.recordings.WindowStream` has it.
    seconds : float
        Length of a window.
    has_hop : bool
        Whether the command has `--hop-seconds`.
    """
    if not rests_s:
        return ""
    return (
        f"note: the last {max(rests_s.values()):.2g} s or less of {listed(rests_s, most=2)} are in no window of "
        f"{seconds:g} s and are left out" + (f"; --hop-seconds {seconds / 2:g} reaches the end" if has_hop else "")
    )


def quiet_text(predictions: Predictions) -> str:
    """How many windows were too quiet to be predicted; empty: none."""
    n = sum(window.is_quiet for window in predictions.windows)
    if not n or predictions.min_dbfs is None:
        return ""
    return (
        f"note: {n:,} of {count(len(predictions.windows), 'window')} peak below {predictions.min_dbfs:.1f} dBFS and "
        "are not predicted: by default, 6 dB less than the quietest training clip (--min-dbfs, or --min-dbfs none)"
    )


def unlike_text(predictions: Predictions) -> str:
    """How many windows are unlike the training clips; empty: none."""
    n = sum(window.is_unlike for window in predictions.windows)
    if not n:
        return ""
    return (
        f"note: {n:,} of {count(len(predictions.windows), 'window')} {'is' if n == 1 else 'are'} unlike the training "
        f"clips: farther from them than {100 * SHARE_WITHIN:g} % of the test clips were. What is named there is a "
        "guess, and no event (--any-sound: it counts)"
    )


def rejected_text(rejected: Sequence[Rejected], *, what: str) -> str:
    """The recordings that could not be read, each with its reason, under a line such as `not predicted:`."""
    lines = [
        f"  {' '.join(file.split())}{f', from {clock(from_s)} on' if from_s else ''}: {reason}"
        for file, from_s, reason in rejected
    ]
    return "\n".join([f"{what}:", *lines])


def clock(seconds: float) -> str:
    """Such as `0:05.0`, `1:02:05.5`; halves of a tenth are rounded up, as on the pages."""
    minutes, tenths = divmod(math.floor(10 * seconds + 0.5), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{tenths / 10:04.1f}" if hours else f"{minutes}:{tenths / 10:04.1f}"


def _changed_versions(run: Run) -> str:
    """Packages that render, if the run's images were rendered with other versions of them."""
    then, now = run.image_settings()["versions"], versions()
    changed = [name for name in PIXEL_PACKAGES if name in then and then[name] != now[name]]
    return ", ".join(f"{name} {then[name]} (here {now[name]})" for name in changed)


def _lines(named: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """Aligned: the name, the most probable class, the next ones."""
    cells = [(name, *classes_text(row)) for name, row in named]
    name_width = max(len(name) for name, _, _ in cells)
    best_width = max(len(best) for _, best, _ in cells)
    return "\n".join(f"{name:{name_width}}  {best:{best_width}}  {others}".rstrip() for name, best, others in cells)


def classes_text(row: dict[str, Any]) -> tuple[str, str]:
    """The most probable class of a row of a table, and the next ones."""
    if row["silent"] or row["quiet"]:
        return SILENT if row["silent"] else QUIET, ""
    if LABELS in row:
        is_in = row[LABELS].split(SEPARATOR)
        ranked = [(label, f"{shortened(label)} {percent(p)}") for label, p in top_classes(row)]
        above = " + ".join(text for label, text in ranked if label in is_in) or "none above its threshold"
        return above, ", ".join(text for label, text in ranked if label not in is_in)
    first, *others = (f"{shortened(label)} {percent(p)}" for label, p in top_classes(row))
    return first + (f", {UNLIKE}" if row["unlike"] else f", {UNSURE}" if row[UNSURE] else ""), ", ".join(others)
