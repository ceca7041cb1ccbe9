"""`python -m train.compare RUN...`: finished runs in one table, and whether they differ by more than chance."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from generate.dataset import tables
from generate.runtime.exit_codes import guarded
from generate.runtime.os_compat import expand_wildcards
from generate.runtime.output_file import check_output_file
from train.compare.table import differences_text, read_runs, table_of, table_text

DESCRIPTION = """\
Compare finished runs: one table, honest runs first, whole ones (all folds) before others, the most accurate first.

Where honest runs tested the same clips, each is also compared with the best, clip by clip, with a 95 % interval
over recordings: it tells whether the difference is more than noise. With fewer than six recordings there is none."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, write it if asked to, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.compare",
        description=DESCRIPTION,
        epilog="exit status: 0 all well, 1 no run could be read (the message says why), 2 wrong use.",
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
        raise ValueError("None of these is a finished run; give folders such as outputs/runs/*.")
    table = table_of(runs)
    print("\n\n".join(filter(None, [table_text(table), differences_text(runs)])))
    if options.csv:
        tables.write_table(options.csv, table)
        print(f"\nThe table is in {options.csv}.")
    return 0
