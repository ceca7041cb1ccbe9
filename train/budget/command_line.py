"""`python -m train.budget RUN`: what more recordings are worth."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.number_options import whole_number, whole_number_or_zero

DESCRIPTION = """\
Say what more recordings are worth, of each class: the last layer of the pretrained model is fitted to 20, 40, 50, 60,
80 and 100 % of the training recordings of every class, drawn at random several times, and tested in the run's folds.
Intervals are over recordings, those of gains over draws too, where there are several. Takes about as long as `python -m
train IMAGES --quality fast`, and for large collections a few times that."""

EPILOG = """\
files, in RUN/budget: learning_curve.png (to look at), learning_curve.csv, gains.csv, budget.json"""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.budget",
        description=DESCRIPTION,
        epilog=f"{EPILOG}\n\n{exit_statuses()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0")
    full = "train by the run's recipe on half of the recordings: half of the run's time a draw; the same again resumes"
    add("--full", action="store_true", help=full)
    add("--draws", type=whole_number, metavar="N", help="random parts of each size (default: 5; with --full: 1)")
    add("--seed", type=whole_number_or_zero, default=0, metavar="N", help="seed of the random parts (default: 0)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure it, print it and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.budget", lambda: _budget(options))


def _budget(options: argparse.Namespace) -> int:
    from generate.runtime.os_compat import quoted
    from generate.runtime.wording import shown
    from train.budget.learning_curve import learning_curve
    from train.budget.output import write_budget
    from train.budget.text import budget_text
    from train.runs.run_folder import BUDGET_PLOT, read_run

    run = read_run(options.run)
    budget = learning_curve(run, n_draws=options.draws, seed=options.seed, full=options.full, log=print)
    folder = (run.folder / BUDGET_PLOT).parent
    write_budget(folder, budget)
    print(budget_text(budget))
    print(f"In {shown(folder)}: {BUDGET_PLOT.name} (to look at), tables.")
    print(f"To see it on the page of the run: python -m train.report {quoted(run.folder)}")
    return 0
