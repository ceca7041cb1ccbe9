"""`python -m train.report RUN`: write the report of a run again from its finished folds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.lock import locked
from generate.runtime.number_options import whole_number_or_zero
from train.command_line import add_audio_folder_option
from train.defaults import EXPLAINED_TESTS
from train.report.make_report import make_report
from train.report.summary import summary_text
from train.runs import run_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a run's report again and print it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.report",
        description="Write the report of a run again from its finished folds: metrics, predictions, plots, model card "
        "and page.",
        epilog=exit_statuses(),
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/ESC-10-cnn9")
    parser.add_argument(
        "--explain",
        type=whole_number_or_zero,
        default=EXPLAINED_TESTS,
        metavar="N",
        help="test images for which the page shows what the model attends to, errors first "
        f"(default: {EXPLAINED_TESTS}; 0: none)",
    )
    add_audio_folder_option(parser)
    options = parser.parse_args(arguments)
    return guarded(
        "train.report", lambda: _remake(options.run, n_explained=options.explain, recordings=options.audio_folder)
    )


def _remake(folder: Path, *, n_explained: int, recordings: Path | None) -> int:
    run = run_folder.read_run(folder)
    with locked(run.folder, wait=True):
        print(summary_text(make_report(run, n_explained=n_explained, recordings=recordings)))
    return 0
