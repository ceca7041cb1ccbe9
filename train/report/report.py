"""The report of a run: its figures, tables, plots and card, from the folds that are finished."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from generate.dataset.folder import PAGE
from generate.runtime.atomic_write import write_text_atomically
from generate.runtime.wording import shown
from train.defaults import EXPLAINED_TESTS
from train.report import metrics
from train.report.page import write_page
from train.report.results import build_report, read_predictions
from train.runs import run_folder
from train.runs.run_folder import Run

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
        Test images for which the page shows where the model looked.
    recordings : Path, optional
        Their folder; see `train.explain.explain_run.explain_run`.

    Returns
    -------
    dict
        What stands in `report.json`; see `train.report.results.build_report`.

    Raises
    ------
    ValueError
        If no fold is finished, or a file is not as this program wrote it.
    """
    from train.report import model_card, plots

    predictions = read_predictions(run)
    report = build_report(run, predictions)
    split = "leaky" if report["leaky"] else "honest"
    predictions.insert(list(predictions).index("predicted") + 1, SPLIT, split)
    tables.write_table(run.folder / run_folder.PREDICTIONS, predictions)

    matrix = metrics.confusion_matrix(predictions["label"], predictions["predicted"], run.classes)
    corner = "true class \\ predicted class" + (" (leaky)" if report["leaky"] else "")
    table = pd.DataFrame(matrix, columns=list(run.classes))
    table.insert(0, corner, list(run.classes), allow_duplicates=True)
    tables.write_table(run.folder / run_folder.CONFUSION_CSV, table)
    plots.write_png(run.folder / run_folder.CONFUSION_PNG, plots.confusion_figure(matrix, report))
    histories = {fold["name"]: run.read_history(fold["name"]) for fold in report["folds"]}
    plots.write_png(run.folder / run_folder.CURVES, plots.curves_figure(histories, report))
    settings = run.image_settings()
    write_text_atomically(run.folder / run_folder.CARD, model_card.card_text(report, settings))
    run_folder.write_json(run.folder / run_folder.REPORT, report)
    lacks = write_page(run, report, n_explained=n_explained, recordings=recordings)
    if lacks:
        print(f"The page {shown(run.folder / PAGE)} lacks {lacks}", file=sys.stderr)
    return report
