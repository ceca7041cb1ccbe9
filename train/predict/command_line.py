"""`python -m train.predict RUN AUDIO...`: what a run's models hear in new recordings."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import guarded
from train.command_line import folds_of

if TYPE_CHECKING:
    from train.runs.run_folder import Run

DESCRIPTION = """\
Say what is heard in recordings, by the models that `python -m train` made, one a fold; their answers are averaged.

A recording longer than the run's images is heard window by window. Without --hop-seconds there is one row a file, the
mean of its windows, one after the other; with it, one row a window. Windows in which there is nothing to hear do not
count. `unsure` stands where the likeliest class has less than half of the probability."""

EXAMPLES = """\
examples:
  python -m train.predict outputs/runs/my_sounds-cnn9 recording.wav
  python -m train.predict outputs/runs/my_sounds-cnn9 field_trip/ --csv heard.csv
  python -m train.predict outputs/runs/my_sounds-cnn9 night.flac --hop-seconds 1 --json night.json

exit status: 0 all well, 1 nothing could be predicted (the message says why), 2 wrong use, 3 some sounds could not be
  read, 130 interrupted."""
SOME_REJECTED = 3
CSV_BEGINS, JSON_BEGINS = "file,start_s,", '{\n  "run": '
"""How the tables that this command writes begin."""
PIXEL_PACKAGES = ("librosa", "numpy", "scipy", "soxr", "av", "pillow")
"""Other versions of these may draw other pixels."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.predict",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_common_options(parser)
    parser.add_argument("--hop-seconds", type=_hop, metavar="S", help="one row a window; they begin S seconds apart")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write the table, with all probabilities")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the same as JSON")
    parser.add_argument(
        "--top", type=whole_number, default=5, metavar="N", help="likeliest classes to name (default: 5)"
    )
    return parser


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Which models are asked about which sounds: the same for predictions and explanations."""
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-cnn9")
    parser.add_argument("audio_folder", metavar="AUDIO", nargs="+", type=Path, help="sounds, or folders of them")
    parser.add_argument("--folds", type=folds_of, metavar="1,3", help="ask only the models of these (default: all)")
    parser.add_argument("--batch-size", type=whole_number, default=32, metavar="N", help="images at once (default: 32)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded(
        "train.predict",
        lambda: _predict(options),
        interrupted="Nothing was written.",
        out_of_memory="Lower --batch-size, or ask fewer models with --folds.",
    )


def _predict(options: argparse.Namespace) -> int:
    from generate.dataset import tables
    from generate.workers import fork_server
    from train.predict import fold_models, predictions, windows
    from train.predict.training_overlap import familiar_text
    from train.predict.windows_of_recordings import find_recordings, listen
    from train.runs.run_folder import read_run, write_json

    run = read_run(options.run)
    folds = fold_models.folds_to_average(run, options.folds)
    front = windows.front_end(run)
    _check_outputs(options)
    recordings, rejected, skipped = find_recordings(options.audio_folder)
    if recordings:
        fork_server.start()  # they are ready when the models are
    print(heading(run, folds, skipped), flush=True)
    if options.hop_seconds is not None and options.hop_seconds > front.settings.seconds:
        print(
            f"  note      windows of {front.settings.seconds:g} s begin {options.hop_seconds:g} s apart: what is "
            "between them is not heard"
        )
    models = fold_models.load_models(run, folds) if recordings else []

    heard, unread = listen(recordings, front, models, hop_s=options.hop_seconds, batch_size=options.batch_size)
    rejected += unread
    by_window = predictions.table_of(heard, run.classes)
    files = predictions.with_top(predictions.average_files(by_window), run.classes, top=options.top)
    by_window = predictions.with_top(by_window, run.classes, top=options.top)
    is_by_file = options.hop_seconds is None
    if not heard:
        print("\n" + predictions.rejected_text(rejected))
        raise ValueError("None of these sounds could be predicted; the reasons are above.")
    # Before the table is printed: a reader of it that has seen enough, such as `head`, must not cost the files.
    if options.csv:
        tables.write_table(options.csv, files if is_by_file else by_window)
    if options.json:
        described = _run_as_json(run, folds) | {
            "hop_s": options.hop_seconds,
            "files": predictions.to_json(files, run.classes),
            "windows": [] if is_by_file else predictions.to_json(by_window, run.classes),
            "rejected": [entry._asdict() for entry in rejected],
        }
        write_json(options.json, described)
    print("\n" + (predictions.files_text(files) if is_by_file else predictions.windows_text(by_window, files)))
    if familiar := familiar_text(run, folds, heard):
        print("\n" + familiar)
    if rejected:
        print("\n" + predictions.rejected_text(rejected))
    if written := [str(path) for path in (options.csv, options.json) if path]:
        print(f"\nwritten: {', '.join(written)}")
    return SOME_REJECTED if rejected else 0


def heading(run: Run, folds: Sequence[str], skipped: Counter) -> str:
    """Which models answer, and what to know of them."""
    from generate.runtime.wording import count
    from train.predict.fold_models import is_leaky
    from train.wording import LEAKY_MEANS

    models = f"{count(len(folds), 'model')} averaged, of folds {', '.join(folds)}"
    lines = [
        f"{run.folder}: {run.recipe.model} on {run.collection}, {count(len(run.classes), 'class')}",
        f"  models      {models if len(folds) > 1 else f'one, of fold {folds[0]}'}",
    ]
    if is_leaky(run):
        lines.append(f"  LEAKY     the accuracy that this run reports is leaky: {LEAKY_MEANS}")
    if other := _other_versions(run):
        lines.append(f"  note      images may differ a little: the run's were drawn with {other}")
    if skipped:
        kinds = ", ".join(f"{n:,} {kind}" for kind, n in sorted(skipped.items()))
        lines.append(f"  not read  {kinds}")
    return "\n".join(lines)


def _other_versions(run: Run) -> str:
    """Packages that draw, where they were others when the run's images were drawn."""
    from generate.runtime.versions import versions

    then, now = run.image_settings().get("versions") or {}, versions()
    changed = [name for name in PIXEL_PACKAGES if name in then and then[name] != now[name]]
    return ", ".join(f"{name} {then[name]} (here {now[name]})" for name in changed)


def _run_as_json(run: Run, folds: Sequence[str]) -> dict[str, object]:
    from generate.runtime.safe_names import printable
    from train.predict.fold_models import is_leaky

    return {
        "run": printable(str(run.folder)),
        "collection": run.collection,
        "model": run.recipe.model,
        "folds": list(folds),
        "leaky": is_leaky(run),
        "classes": list(run.classes),
    }


def _check_outputs(options: argparse.Namespace) -> None:
    """Check that what is asked for can be written, before anything is heard."""
    from generate.runtime.output_file import check_output_file

    for option, path, begins in (("--csv", options.csv, CSV_BEGINS), ("--json", options.json, JSON_BEGINS)):
        if path is not None:
            check_output_file(path, option, begins=begins)
    if options.csv is not None and options.csv == options.json:
        raise ValueError(f"--csv and --json are both {str(options.csv)!r}; give two files.")


def whole_number(text: str) -> int:
    """An option that is a whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _hop(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.01 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.01 on, such as 1")
    return seconds
