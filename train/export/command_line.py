"""`python -m train.export RUN`: options, and what is printed."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.one_or_several import SEVERAL
from train.command_line import add_audio_folder_option, folds_of
from train.export.options import FORMATS, INPUTS, QUANTIZE

if TYPE_CHECKING:
    from train.export.clips import Clips
    from train.export.export import Exported
    from train.export.parity import Parity
    from train.export.subject import Subject

DESCRIPTION = """\
Write a trained run as a file for another program, a browser, a phone or a board: from mono samples of one window to
calibrated probabilities, with the rendering of the images inside.

Each file is run on the run's own recordings, and kept only if it gives the same class as this program for 98 % of them,
and for 95 % the same likeness to the training clips, with an unlikeness that is 25 % off at most in the median. Nine in
ten clips must be readable.
Beside it are a README with these figures, five clips with the probabilities to expect, and verify.py, which reruns them
on another device without this program."""

EXAMPLES = """\
examples:
  python -m train.export outputs/runs/my_sounds-efficientnet_lite0
  python -m train.export outputs/runs/my_sounds-efficientnet_lite0 --format onnx --quantize int8
  python -m train.export outputs/runs/my_sounds-efficientnet_lite0 --folds 1    a model with an accuracy of its own"""
DOES_NOT_HOLD = 4


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.export",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses('4 a file did not match this program and was deleted')}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0")
    add("--format", **SEVERAL, choices=FORMATS, default=["onnx"], help="one or more (default: onnx)")
    add(
        "--input",
        choices=INPUTS,
        default=INPUTS[0],
        help="samples, or images that are rendered elsewhere (default: audio); with images and int8, litert comes "
        "as a C array too, for microcontrollers",
    )
    add(
        "--quantize",
        choices=QUANTIZE,
        default=QUANTIZE[0],
        help="weights of 8 bits (dynamic), and activations too (int8), calibrated on training recordings (default: "
        "none)",
    )
    add(
        "--folds",
        type=folds_of,
        metavar="1,3",
        help="the model of one fold, or the mean of some; all: of all (default: the final model, if there is one, else "
        "all)",
    )
    add("-o", "--output", metavar="FOLDER", type=Path, help="gets a folder for each format (default: RUN/export)")
    add_audio_folder_option(parser, purpose="with which the files are checked")
    add("--force", action="store_true", help="keep a file that does not give what this program gives")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Export and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.export", lambda: _export(options), interrupted="What was being made was not written.")


def _export(options: argparse.Namespace) -> int:
    from train.runs.run_folder import read_run

    run = read_run(options.run)
    from train.export.export import export_run

    exported = export_run(
        run,
        formats=list(dict.fromkeys(options.format)),
        input=options.input,
        quantize=options.quantize,
        folds=options.folds,
        output=options.output,
        audio_folder=options.audio_folder,
        force=options.force,
        on_start=_print_start,
    )
    for one in exported:
        print(_text(one, options.run))
    return 0 if all(one.is_kept for one in exported) else DOES_NOT_HOLD


def _print_start(subject: Subject, clips: Clips) -> None:
    from generate.runtime.wording import count
    from train.predict.terminal_text import heading

    print(heading(subject.run, subject.folds, Counter()))
    which = "held-out " if clips.are_held_out else ""
    print(f"  check     on {count(len(clips.table), f'{which}clip')} of {clips.audio_folder}", flush=True)


def _why_not(parity: Parity) -> str:
    if not parity.has_enough_clips:
        return "too few clips could be read to tell whether it gives what this program gives (see --audio-folder)"
    return "it does not give what this program gives"


def _text(one: Exported, run: Path) -> str:
    from train.export.parity import accuracy_in_words, parity_text
    from train.report.report import read_report
    from train.report.summary import accuracy_text

    accuracy = accuracy_in_words(one.parity, cross_validated=accuracy_text(read_report(run)))
    lines = [
        f"{one.format}: {one.megabytes:.1f} MB, {one.parity.window_ms:.0f} ms a window here",
        f"  answers   {parity_text(one.parity)}",
        f"  accuracy  {accuracy}",
        f"  in        {one.folder}: {one.file.name}, README.md, verify.py, golden/, clips.csv, export.json",
    ]
    if not one.parity.holds:
        lines[-1] = (
            f"  KEPT, though it does not hold (--force): {one.folder}"
            if one.is_kept
            else f"  REFUSED   {_why_not(one.parity)}, and was not kept (--force keeps it)"
        )
    return "\n".join(lines)
