"""`python -m train.explain RUN AUDIO...`: options, and what is printed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import ATTENTION, UNREAD, exit_statuses, guarded
from train.predict.command_line import add_recording_options

if TYPE_CHECKING:
    from train.explain.explain_recordings import Explanations

DESCRIPTION = """\
Explain the predictions for recordings: Grad-CAM and integrated gradients as images, and audio with everything removed
that is no evidence for the class.

The class that is explained is the most probable one by the mean of the models, or --class. A recording longer than the
run's images is split into windows, which are explained separately; silent windows are skipped. What `train.predict`
calls quiet or unlike is explained too, and called so."""

FILES = """\
  NAME__image.png                 the input of the models: time to the right, low frequencies at the bottom
  NAME__grad_cam.png              green: regions that are evidence for the class; coarse, as the last feature map is
  NAME__integrated_gradients.png  green: pixels that are evidence for the class; evidence against it is not shown
  NAME__what_mattered.wav         the audio of these pixels; everything else is attenuated"""

EXAMPLES = f"""\
files of each window, in DIR:
{FILES}
and explanations.csv, one row per window.

examples:
  python -m train.explain outputs/runs/my_sounds-efficientnet_lite0 recording.wav
  python -m train.explain outputs/runs/my_sounds-efficientnet_lite0 dog.wav --class "Rooster" -o why_not_a_rooster"""
FOLDER = "explained-recordings"
"""In the folder of the run, unless --output names another one."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.explain",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses(UNREAD)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recording_options(parser)
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help=f"output folder (default: RUN/{FOLDER})")
    parser.add_argument("--class", dest="label", metavar="NAME", help="explain this class (default: the most probable)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Explain and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded(
        "train.explain",
        lambda: _explain(options),
        interrupted="The files written so far are complete; explanations.csv was not written.",
        out_of_memory="Lower --batch-size, or use fewer models with --folds.",
    )


def _explain(options: argparse.Namespace) -> int:
    from generate.runtime.wording import count, shown
    from train.explain.explain_recordings import TABLE, explain_recordings
    from train.predict.terminal_text import heading, rejected_text, rests_text
    from train.predict.training_overlap import training_overlap_note
    from train.predict.windows import front_end
    from train.runs.run_folder import read_run

    run = read_run(options.run)
    explanations = explain_recordings(
        run,
        options.paths,
        options.output or run.folder / FOLDER,
        label=options.label,
        folds=options.folds,
        batch_size=options.batch_size,
        on_start=lambda inputs: print(heading(run, inputs.folds, inputs.skipped), flush=True),
    )
    print("\n" + _text(explanations))
    windows = [window.prediction for window in explanations.windows]
    if note := training_overlap_note(run, explanations.folds, windows):
        print("\n" + note)
    if note := rests_text(explanations.rests_s, front_end(run).settings.seconds, has_hop=False):
        print("\n" + note)
    if explanations.rejected:
        print("\n" + rejected_text(explanations.rejected, what="not explained"))
    n_files = sum(len(window.files) for window in explanations.windows)
    print(f"\nwritten: {count(n_files, 'file')} and {TABLE} in {shown(explanations.folder)}\n{FILES}")
    if front_end(run).settings.feature == "mfcc":
        print("  note: an image of mfcc has no frequency axis, so the audio is attenuated over time only")
    return ATTENTION if explanations.rejected else 0


def _text(explanations: Explanations) -> str:
    """One line a window: its name in the folder, and the class that was explained."""
    from train.explain.integrated_gradients import MAX_ERROR
    from train.predict.terminal_text import LONGEST_FILE, QUIET, SILENT, UNLIKE
    from train.wording import percent, shortened

    names = [shortened(window.name, longest=LONGEST_FILE) for window in explanations.windows]
    width = max(len(name) for name in names)
    lines = []
    for name, window in zip(names, explanations.windows, strict=True):
        is_silent = window.prediction.probabilities is None
        what = SILENT if is_silent else f"{shortened(window.label)} {percent(window.probability)}"
        marks = {QUIET: window.prediction.is_quiet, UNLIKE: window.prediction.is_unlike}
        what += "".join(f", {mark}" for mark, is_so in marks.items() if is_so)
        if window.completeness_error > MAX_ERROR:
            what += f", inexact: the integrated gradients are off by {percent(window.completeness_error)}"
        lines.append(f"{name:{width}}  {what}")
    return "\n".join(lines)
