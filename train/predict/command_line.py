"""`python -m train.predict RUN AUDIO...`: options, and what is printed."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import ATTENTION, UNREAD, exit_statuses, guarded
from generate.runtime.number_options import gap_seconds, hop_seconds, level_dbfs, probability, whole_number
from generate.runtime.one_or_several import SEVERAL
from train.command_line import folds_of
from train.defaults import DEFAULT_THRESHOLD
from train.defaults import EVENT_FORMATS as FORMATS

if TYPE_CHECKING:
    from train.predict.predict_recordings import Inputs

DESCRIPTION = """\
Predict the classes of recordings with the final model of a run, if it has one (`python -m train.finalize RUN`). Else
the probabilities of the models that `python -m train` trained, one per fold, are averaged.

A recording longer than the run's images is split into windows, which are predicted separately. Without --hop-seconds
the result is one row per file, the mean of its consecutive windows; with it, or with --events, one row per window.
Silent windows have no prediction and are left out of the mean. A prediction below the threshold of its class
(`calibration.json` of the run, else 50 %) is marked `unsure`.

With --events, neighbouring windows of one class become events, in files that Raven and Audacity open, on a page to
look at and listen to, and on one on which they are reviewed by keyboard."""

EXAMPLES = """\
examples:
  python -m train.predict outputs/runs/my_sounds-efficientnet_lite0 recording.wav
  python -m train.predict outputs/runs/my_sounds-efficientnet_lite0 field_trip/ --csv predictions.csv
  python -m train.predict outputs/runs/my_sounds-efficientnet_lite0 night.flac --hop-seconds 1 --json night.json
  python -m train.predict outputs/runs/my_sounds-efficientnet_lite0 nights/ --events outputs/events/nights"""
CSV_BEGINS, JSON_BEGINS = "file,start_s,end_s,silent,", '{\n  "run": '
"""How the tables that this command writes begin."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.predict",
        description=DESCRIPTION,
        epilog=f"{EXAMPLES}\n\n{exit_statuses(UNREAD)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recording_options(parser)
    parser.add_argument(
        "--hop-seconds", type=hop_seconds, metavar="S", help="one row per window, with a window every S seconds"
    )
    add_level_option(parser)
    parser.add_argument(
        "--csv", metavar="FILE", type=Path, help="write the table, with the probabilities of all classes"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the same as JSON")
    parser.add_argument(
        "--top", type=whole_number, default=5, metavar="N", help="show the N most probable classes (default: 5)"
    )
    _add_event_options(parser.add_argument_group("events"))
    return parser


def _add_event_options(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--events", metavar="FOLDER", type=Path, help="write when which class is heard into this folder")
    add("--format", **SEVERAL, choices=FORMATS, help="formats of the tables of events (default: all four)")
    add_event_rules(group)


def add_level_option(parser: argparse.ArgumentParser) -> None:
    """Add `--min-dbfs`, which `train.listen` has too."""
    parser.add_argument(
        "--min-dbfs",
        type=level_dbfs,
        metavar="DB",
        help="windows with a lower peak are `quiet` and not predicted, or none (default: 6 dB below the quietest "
        "training clip)",
    )
    parser.add_argument(
        "--any-sound",
        action="store_true",
        help="name sounds that are unlike all training clips too (default: they are `unlike`, and no event)",
    )


def add_event_rules(group: argparse._ArgumentGroup) -> None:
    """Add what counts as an event, as `train.listen` has it too."""
    add = group.add_argument
    add(
        "--classes",
        **SEVERAL,
        metavar="CLASS",
        help="events of these classes alone (default: all)",
    )
    add(
        "--min-probability",
        type=probability,
        metavar="P",
        help=f"from which probability on a window holds an event (default: by class, {DEFAULT_THRESHOLD:g} or more)",
    )
    add(
        "--min-gap-s",
        type=gap_seconds,
        metavar="S",
        help="events of one class with a shorter gap between them are one (default: half a window)",
    )


def add_recording_options(parser: argparse.ArgumentParser) -> None:
    """The options that `train.predict` and `train.explain` share."""
    parser.add_argument(
        "run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0"
    )
    parser.add_argument("paths", metavar="AUDIO", nargs="+", type=Path, help="audio files, or folders of them")
    parser.add_argument(
        "--folds",
        type=folds_of,
        metavar="1,3",
        help="use only the models of these folds; all: of all folds (default: the final model, if there is one, else "
        "all)",
    )
    parser.add_argument(
        "--batch-size", type=whole_number, default=32, metavar="N", help="images per batch (default: 32)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Predict and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded(
        "train.predict",
        lambda: _predict(options),
        interrupted="Files that were written are complete.",
        out_of_memory="Lower --batch-size, or use fewer models with --folds.",
    )


def _predict(options: argparse.Namespace) -> int:
    from generate.dataset import tables
    from generate.runtime.atomic_write import write_json
    from generate.runtime.safe_names import printable
    from generate.runtime.wording import count
    from train.predict.event_files import check_events_folder
    from train.predict.predict_events import EventOptions, events_by_file, write_event_files, write_pages
    from train.predict.predict_recordings import predict_recordings
    from train.predict.review_events import write_events_review
    from train.predict.terminal_text import (
        events_text,
        pages_text,
        predictions_text,
        quiet_text,
        rejected_text,
        rests_text,
        unlike_text,
    )
    from train.predict.training_overlap import training_overlap_note
    from train.predict.windows import front_end
    from train.runs.run_folder import read_run

    run = read_run(options.run)
    _check_outputs(options)
    event_options = EventOptions(
        classes=options.classes, min_probability=options.min_probability, min_gap_s=options.min_gap_s
    )
    event_options.check(run.classes)
    formats = options.format or [*FORMATS]
    names: dict[str, str] = {}  # of the files of each recording

    def start(inputs: Inputs) -> None:
        _print_start(inputs, options.hop_seconds)
        if options.events is not None:
            recordings = [printable(str(path)) for path in inputs.recordings]
            names.update(check_events_folder(options.events, recordings, formats))

    predictions = predict_recordings(
        run,
        options.paths,
        hop_s=options.hop_seconds,
        min_dbfs=options.min_dbfs,
        any_sound=options.any_sound,
        half_overlapping=options.events is not None and options.hop_seconds is None,
        folds=options.folds,
        batch_size=options.batch_size,
        on_start=start,
    )
    # Written before the table is printed: a pipe that closes early, such as `| head`, must not lose the files.
    if options.csv:
        tables.write_table(options.csv, predictions.table(top=options.top))
    if options.json:
        write_json(options.json, predictions.to_json(top=options.top))
    if options.events is None:
        print("\n" + predictions_text(predictions, top=options.top))
    else:
        events = events_by_file(predictions, event_options)
        files = write_event_files(options.events, predictions, events, event_options, names=names, formats=formats)
        pages, lacking = (
            write_pages(options.events, predictions, events, event_options, names=names)
            if "html" in formats
            else ([], {})
        )
        print("\n" + events_text(events, predictions, top=options.top))
        n_events = count(sum(map(len, events.values())), "event")
        print(f"\nevents: {n_events} in {count(len(files) + len(pages), 'file')} in {options.events}")
        if "html" in formats:
            print(pages_text(pages, lacking))
            print(write_events_review(options.events, predictions, events, event_options), end="")
    if note := training_overlap_note(run, predictions.folds, predictions.windows):
        print("\n" + note)
    rests = rests_text(predictions.rests_s, front_end(run).settings.seconds, has_hop=True)
    for note in filter(None, (rests, quiet_text(predictions), unlike_text(predictions))):
        print("\n" + note)
    if predictions.rejected:
        print("\n" + rejected_text(predictions.rejected, what="not predicted"))
    if written := [str(path) for path in (options.csv, options.json) if path]:
        print(f"\nwritten: {', '.join(written)}")
    return ATTENTION if predictions.rejected else 0


def _print_start(inputs: Inputs, hop_s: float | None) -> None:
    from train.predict.terminal_text import heading

    print(heading(inputs.run, inputs.folds, inputs.skipped), flush=True)
    seconds = inputs.front.settings.seconds
    if hop_s is not None and hop_s > seconds:
        print(
            f"  note      --hop-seconds {hop_s:g} is longer than a window ({seconds:g} s): what is between windows is "
            "not predicted"
        )


def _check_outputs(options: argparse.Namespace) -> None:
    """Check that the tables can be written, before any work is done."""
    from generate.runtime.output_file import check_output_file
    from train.predict.event_files import ENDINGS, MANIFEST, TABLE

    for name in ("format", "classes", "min_probability", "min_gap_s"):
        if getattr(options, name) is not None and options.events is None:
            raise ValueError(
                f"--{name.replace('_', '-')} must be combined with --events FOLDER. Give both, or leave it out."
            )
    for option, path, begins in (("--csv", options.csv, CSV_BEGINS), ("--json", options.json, JSON_BEGINS)):
        if path is None:
            continue
        check_output_file(path, option, begins=begins)
        is_of_events = options.events is not None and path.parent.resolve() == options.events.resolve()
        if is_of_events and (path.name in (TABLE, MANIFEST) or path.name.endswith(tuple(ENDINGS.values()))):
            raise ValueError(
                f"{option} must be another file than those of the events. Got {str(path)!r}. Give another name."
            )
    if options.csv is not None and options.csv == options.json:
        raise ValueError(f"--csv and --json must be two files. Got {str(options.csv)!r} for both. Change one of them.")
