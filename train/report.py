"""The report of a run: its figures, tables, plots and card, from the folds that are finished.

`python -m train.report RUN` makes it anew; `python -m train` makes it at the end of every run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from generate import manifest
from generate.folder import PAGE
from generate.wording import shown
from train import figures, run_folder
from train.command_line import EXPLAINED_TESTS, add_sounds_option
from train.guarded import guarded
from train.held import held
from train.page import write_page
from train.results import build_report, read_predictions
from train.run_folder import Run
from train.summary import summary_text

SPLIT = "split"
"""Column of `predictions.csv` that says `honest` or `leaky` in every line."""


def make_report(run: Run, *, n_explained: int = EXPLAINED_TESTS, recordings: Path | None = None) -> dict[str, object]:
    """Put the finished folds of a run together, and write all that is said of it.

    Writes `predictions.csv`, `confusion_matrix.csv`, `confusion_matrix.png`, `curves.png`, `README.md`, `report.json`
    and last the page `index.html` into the run's folder, each whole or not at all. Everything says "leaky" where the
    run is.

    Parameters
    ----------
    run : Run
    n_explained : int
        Test pictures for which the page shows where the net looked.
    recordings : Path, optional
        Their folder; see `train.explanation.of_run.explain_run`.

    Returns
    -------
    dict
        What stands in `report.json`; see `train.results.build_report`.

    Raises
    ------
    ValueError
        If no fold is finished, or a file is not as this program wrote it.
    """
    from train import model_card, plots

    predictions = read_predictions(run)
    report = build_report(run, predictions)
    split = "leaky" if report["leaky"] else "honest"
    predictions.insert(list(predictions).index("predicted") + 1, SPLIT, split)
    manifest.write_table(run.folder / run_folder.PREDICTIONS, predictions)

    matrix = figures.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    corner = "true class \\ predicted class" + (" (leaky)" if report["leaky"] else "")
    table = pd.DataFrame(matrix, columns=list(run.classes))
    table.insert(0, corner, list(run.classes), allow_duplicates=True)
    manifest.write_table(run.folder / run_folder.CONFUSION_CSV, table)
    plots.write_png(run.folder / run_folder.CONFUSION_PNG, plots.confusion_figure(matrix, report))
    histories = {fold["name"]: run.read_history(fold["name"]) for fold in report["folds"]}
    plots.write_png(run.folder / run_folder.CURVES, plots.curves_figure(histories, report))
    settings = run.picture_settings()
    manifest.write_whole(run.folder / run_folder.CARD, model_card.card_text(report, settings))
    run_folder.write_json(run.folder / run_folder.REPORT, report)
    lacks = write_page(run, report, n_explained=n_explained, recordings=recordings)
    if lacks:
        print(f"The page {shown(run.folder / PAGE)} lacks {lacks}", file=sys.stderr)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a run's report anew and print it; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m train.report",
        description="Make the report of a run anew from its finished folds: figures, predictions, plots and card.",
        epilog="exit status: 0 all well, 1 no report could be made (the message says why), 2 wrong use.",
    )
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of a run, such as outputs/runs/ESC-10-cnn9")
    parser.add_argument(
        "--explain",
        type=int,
        default=EXPLAINED_TESTS,
        metavar="N",
        help="tests for which the page shows where the net looked, mistakes first "
        f"(default: {EXPLAINED_TESTS}; 0: none)",
    )
    add_sounds_option(parser)
    options = parser.parse_args(arguments)
    return guarded("train.report", lambda: _remake(options.run, n_explained=options.explain, recordings=options.sounds))


def _remake(folder: Path, *, n_explained: int, recordings: Path | None) -> int:
    run = run_folder.read_run(folder)
    with held(run.folder, in_turn=True):
        print(summary_text(make_report(run, n_explained=n_explained, recordings=recordings)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
