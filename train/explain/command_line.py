"""`python -m train.explain RUN AUDIO...`: where a run's models look, and the sound of only what mattered to them."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import guarded
from generate.runtime.os_compat import nfc
from train.explain.explanations import Explanations, explain_pixels
from train.explain.overlay import overlay
from train.predict.command_line import SOME_REJECTED, add_common_options, heading

if TYPE_CHECKING:
    import pandas as pd

    from train.runs.run_folder import Run

__all__ = ["Explanations", "explain_pixels", "main", "overlay"]

DESCRIPTION = """\
Show where the models of a run look in the image of a sound, and let hear only what mattered to them.

What is explained is the likeliest class by the mean of the models, or --class. A recording longer than the run's images
is explained window by window; windows in which there is nothing to hear are skipped."""

EXAMPLES = """\
files of each window, in DIR:
  NAME__image.png                 what the models see: time to the right, low frequencies at the bottom
  NAME__grad_cam.png                green: the regions that speak for the class; coarse, as the models' last maps are
  NAME__integrated_gradients.png    green: the single places that speak for the class, out of silence
  NAME__what_mattered.wav           the sound with those places alone, the others turned down; own level and phases
and explanations.csv, a row a window.

examples:
  python -m train.explain outputs/runs/my_sounds-cnn9 recording.wav
  python -m train.explain outputs/runs/my_sounds-cnn9 dog.wav --class "Rooster" -o why_not_a_rooster

exit status: 0 all well, 1 nothing could be explained (the message says why), 2 wrong use, 3 some sounds could not be
  read, 130 interrupted."""
FOLDER = "explained-sounds"
"""Of the run; unless another one is asked for."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.explain",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_options(parser)
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help=f"where to write to (default: RUN/{FOLDER})")
    parser.add_argument("--class", dest="label", metavar="NAME", help="explain this class (default: the likeliest)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded(
        "train.explain",
        lambda: _explain(options),
        interrupted="What is there of single sounds is whole; explanations.csv was not written.",
        out_of_memory="Lower --batch-size, or ask fewer models with --folds.",
    )


def _explain(options: argparse.Namespace) -> int:
    from generate.dataset import tables
    from generate.runtime.wording import count, shown
    from train.explain.recordings import TABLE, Explainer, check_ours, explain_recordings, table_of
    from train.predict import fold_models, predictions, windows
    from train.predict.training_overlap import familiar_text
    from train.predict.windows_of_recordings import find_recordings
    from train.runs.run_folder import read_run

    run = read_run(options.run)
    folds = fold_models.folds_to_average(run, options.folds)
    front = windows.front_end(run)
    label = None if options.label is None else _class_of(run, nfc(options.label))
    folder = options.output or run.folder / FOLDER
    check_ours(folder)
    recordings, rejected, skipped = find_recordings(options.audio_folder)
    print(heading(run, folds, skipped), flush=True)
    models = fold_models.load_models(run, folds) if recordings else []

    how = Explainer(front, tuple(models), run.classes, folder, label=label, batch_size=options.batch_size)
    explained, unread = explain_recordings(recordings, how)
    rejected += unread
    if not explained:
        print("\n" + predictions.rejected_text(rejected, what="not explained"))
        raise ValueError("None of these sounds could be explained; the reasons are above.")
    table = table_of(explained)
    tables.write_table(folder / TABLE, table)
    print("\n" + _text(table))
    if familiar := familiar_text(run, folds, [window.heard for window in explained]):
        print("\n" + familiar)
    if rejected:
        print("\n" + predictions.rejected_text(rejected, what="not explained"))
    n_files = sum(len(window.files) for window in explained)
    print(f"\nwritten: {count(n_files, 'file')} and {TABLE} in {shown(folder)}\n{_how_to_read(front.settings.feature)}")
    return SOME_REJECTED if rejected else 0


def _class_of(run: Run, label: str) -> int:
    """Its place among the models' outputs."""
    if label in run.classes:
        return run.classes.index(label)
    by_folded = {name.casefold(): name for name in run.classes}
    close = difflib.get_close_matches(label.casefold(), by_folded, n=1)
    hint = f"Do you mean {by_folded[close[0]]!r}? " if close else ""
    raise ValueError(
        f"--class is {label!r}, and the run {str(run.folder)!r} has no such class. {hint}It has "
        f"{', '.join(run.classes)}."
    )


def _text(table: pd.DataFrame) -> str:
    """One line a window: what it is called in the folder, and what was explained."""
    from train.explain.attribution import LARGEST_ERROR
    from train.predict.predictions import SILENT
    from train.wording import percent, shortened

    width = max(len(shortened(name, longest=60)) for name in table["name"])
    lines = []
    for row in table.to_dict("records"):
        what = SILENT if row["silent"] else f"{shortened(row['class'])} {percent(row['probability'])}"
        if row["completeness_error"] > LARGEST_ERROR:
            what += (
                f", the integrated gradients miss {percent(row['completeness_error'])} of what they should add up to"
            )
        lines.append(f"{shortened(row['name'], longest=60):{width}}  {what}")
    return "\n".join(lines)


def _how_to_read(feature: str) -> str:
    lines = [
        "  __image.png               what the models see: time to the right, low frequencies at the bottom",
        "  __grad_cam.png              green: the regions that speak for the class, coarse",
        "  __integrated_gradients.png  green: the single places that speak for it; what speaks against it is left out",
        "  __what_mattered.wav         the sound of those places alone",
    ]
    if feature == "mfcc":
        lines.append("  note: an image of mfcc has no frequencies, so the sound is turned down by moments alone")
    return "\n".join(lines)
