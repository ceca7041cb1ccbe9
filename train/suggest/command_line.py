"""`python -m train.suggest RUN RECORDINGS`: which windows of new recordings to label next."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import ATTENTION, UNREAD, exit_statuses, guarded
from generate.runtime.number_options import whole_number, whole_number_or_zero
from train.command_line import folds_of

if TYPE_CHECKING:
    from train.suggest.suggest import Suggestions

DESCRIPTION = """\
Rank windows of unlabelled recordings by what their labels would teach a run: those between two classes, and unlike all
training clips, and of windows that are alike only one. Some more are chosen at random and marked so: of these, the
share that was predicted rightly is an unbiased estimate of the accuracy there; of the others it is none. Beside the
table is a page on which they are reviewed by keyboard."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.suggest",
        description=DESCRIPTION,
        epilog=exit_statuses(UNREAD),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/my_sounds-efficientnet_lite0")
    add("recordings", metavar="RECORDING", nargs="+", help="audio files, or folders of them")
    add("--most", type=whole_number, default=40, metavar="N", help="useful windows (default: 40)")
    add("--random", type=whole_number_or_zero, default=10, metavar="N", help="windows at random (default: 10)")
    add("--csv", type=Path, default=Path("suggestions.csv"), metavar="FILE", help="table (default: suggestions.csv)")
    add("--hop-seconds", type=float, metavar="S", help="from one window to the next (default: the length of a window)")
    add(
        "--folds",
        type=folds_of,
        metavar="A,B",
        help="use the models of these folds (default: the final model, or all folds)",
    )
    add("--seed", type=whole_number_or_zero, default=0, metavar="N", help="seed of the windows at random (default: 0)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Rank them, write the table, print the first and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.suggest", lambda: _suggest(options))


def _suggest(options: argparse.Namespace) -> int:
    from generate.dataset import tables
    from generate.gallery.review.write_page import BEGINS
    from generate.runtime.output_file import check_output_file
    from generate.runtime.wording import shown
    from train.runs.run_folder import read_run
    from train.suggest.review import page_beside, write_suggestions_page
    from train.suggest.suggest import COLUMNS, suggest

    page = page_beside(options.csv)
    check_output_file(options.csv, "--csv", begins=",".join(COLUMNS) + "\n")
    check_output_file(page, "--csv, whose page is beside it,", begins=BEGINS)
    run = read_run(options.run)
    suggestions = suggest(
        run,
        options.recordings,
        most=options.most,
        n_random=options.random,
        hop_s=options.hop_seconds,
        folds=options.folds,
        seed=options.seed,
    )
    tables.write_table(options.csv, suggestions.table)
    print(suggestions_text(suggestions))
    print(f"In {shown(options.csv)}: all of them.")
    lacking = write_suggestions_page(page, run, suggestions)
    print(f"To review them by keyboard: open {shown(page)}" + (f". {lacking}" if lacking else ""))
    return ATTENTION if suggestions.rejected else 0


def suggestions_text(suggestions: Suggestions, *, most: int = 10) -> str:
    """How many there are, the first, and what could not be read.

    Parameters
    ----------
    suggestions : Suggestions
    most : int
        Lines.
    """
    from generate.runtime.wording import count
    from train.predict.terminal_text import rejected_text, rests_text, skipped_text
    from train.suggest.suggest import USEFUL
    from train.wording import percent, shortened

    table = suggestions.table
    useful = table[table["chosen"] == USEFUL]
    skipped = f" ({suggestions.n_skipped:,} more are silent, quiet or the run's own)" if suggestions.n_skipped else ""
    lines = [
        f"{count(len(useful), 'window')} to label and {len(table) - len(useful)} at random, of "
        f"{suggestions.n_windows:,}{skipped} (farther: from training clips than so many of these from each other):"
    ]
    for row in useful.head(most).itertuples():
        lines.append(
            f"  {row.rank:>3}  {row.file} {row.start_s:g} to {row.end_s:g} s: {shortened(row.top_1)} "
            f"{percent(row.p_1)}, {shortened(row.top_2)} {percent(row.p_2)}; nearest {shortened(row.nearest_label)}, "
            f"farther than {percent(row.unlike)}"
        )
    if note := rests_text(suggestions.rests_s, suggestions.seconds, has_hop=True):
        lines.append(note)
    if suggestions.skipped:
        lines.append(skipped_text(suggestions.skipped))
    if suggestions.rejected:
        lines.append(rejected_text(suggestions.rejected, what="not read"))
    return "\n".join(lines)
