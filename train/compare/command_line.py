"""`python -m train.compare RUN...`: finished runs by collection, and whether they differ by more than noise."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generate.dataset import tables
from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.os_compat import expand_wildcards
from generate.runtime.output_file import check_output_file
from train.compare.table import read_runs, results_text, table_of

DESCRIPTION = """\
Compare finished runs in a table for each collection, since accuracies on other sounds, or on other classes of them, do
not compare: grouped splits before leaky ones, complete runs (all folds) before others, then by accuracy.

Runs with a grouped split that tested the same clips are also compared with the best of them, clip by clip, with a 95 %
interval over recordings, which shows whether the difference is more than noise. With fewer than six recordings there is
no interval."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, write it with `--csv`, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.compare",
        description=DESCRIPTION,
        epilog=exit_statuses(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("runs", metavar="RUN", nargs="+", type=Path, help="folders of runs, such as outputs/runs/*")
    parser.add_argument("--csv", metavar="FILE", type=Path, help="write the table to this file too")
    options = parser.parse_args(arguments)
    return guarded("train.compare", lambda: _compare(options))


def _compare(options: argparse.Namespace) -> int:
    if options.csv:
        check_output_file(options.csv, "--csv", begins="run,collection,model,")
    runs, skipped = read_runs(expand_wildcards(options.runs))
    for why in skipped:
        print(f"skipped: {why}", file=sys.stderr)
    if not runs:
        raise ValueError(
            "RUN must be folders of finished runs. None of the given ones is. Give folders such as outputs/runs/*."
        )
    table = table_of(runs)
    print(results_text(runs, table))
    if options.csv:
        tables.write_table(options.csv, table)
        print(f"\nThe table is in {options.csv}.")
    return 0
