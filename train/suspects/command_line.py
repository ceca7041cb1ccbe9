"""`python -m train.suspects RUN`: which labels are probably wrong."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generate.runtime.exit_codes import exit_statuses, guarded
from generate.runtime.number_options import whole_number

if TYPE_CHECKING:
    import pandas as pd

DESCRIPTION = """\
Rank the clips of a run whose label is probably wrong or ambiguous: each was predicted by a model that was not trained
on its recording, and the less probable its label was, the earlier it comes (confident learning, Northcutt and others
2021). Beside it are the labels of the most similar training clips. Listen before you change a label: a clip may be
right and only difficult. Writes suspects.csv into the folder of the run, and suspects.html, on which they are reviewed
by keyboard."""


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = argparse.ArgumentParser(
        prog="python -m train.suspects",
        description=DESCRIPTION,
        epilog=exit_statuses(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/ESC-10-cnn9")
    parser.add_argument(
        "--most", type=whole_number, default=10, metavar="N", help="clips to print (default: 10; the table has all)"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Find them, print the first and return the exit status."""
    options = build_parser().parse_args(arguments)
    return guarded("train.suspects", lambda: _suspects(options.run, most=options.most))


def _suspects(folder: Path, *, most: int) -> int:
    from generate.dataset import tables
    from generate.runtime.lock import locked
    from generate.runtime.wording import shown
    from train.report.label_quality import SUSPECTS
    from train.report.results import read_predictions
    from train.runs.run_folder import read_run
    from train.suspects.find_suspects import find_suspects
    from train.suspects.review import write_suspects_page

    run = read_run(folder)
    suspects = find_suspects(run)
    with locked(run.folder, wait=True):
        tables.write_table(run.folder / SUSPECTS, suspects)
        page = write_suspects_page(run, suspects)
    print(suspects_text(suspects, n_clips=read_predictions(run)["clip_id"].nunique(), most=most))
    print(f"In {shown(run.folder / SUSPECTS)}: all of them, with the nearest clips.")
    print(f"To review them by keyboard: open {shown(page)}")
    return 0


def suspects_text(suspects: pd.DataFrame, *, n_clips: int, most: int) -> str:
    """How many there are, and a line for each of the first.

    Parameters
    ----------
    suspects : pandas.DataFrame
        As `train.suspects.find_suspects.find_suspects` gives them.
    n_clips : int
        Of the run.
    most : int
        Lines.
    """
    from generate.runtime.wording import count
    from train.wording import percent, shortened

    is_reviewed = suspects["reviewed"] != ""
    n, n_reviewed = int((suspects["is_confident"] & ~is_reviewed).sum()), int(is_reviewed.sum())
    last = f" ({n_reviewed:,} whose labels a review gave come last)" if n_reviewed else ""
    lines = [
        f"{n:,} of {count(n_clips, 'label')} probably wrong, by confident learning; {len(suspects):,} clips are "
        f"predicted as another class than their label, the least probable label first{last}:"
    ]
    for row in suspects.head(most).itertuples():
        lines.append(
            f"  {row.rank:>3}  {shortened(row.clip_id)}: labelled {shortened(row.label)} ({percent(row.p_label)}), "
            f"predicted as {shortened(row.suggested)} ({percent(row.p_suggested)}); nearest clips: {row.nearest_labels}"
        )
    return "\n".join(lines)
