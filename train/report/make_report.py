"""The main function of the report: from the finished folds of a run to all files that describe its results."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from generate.dataset import tables
from generate.dataset.folder import PAGE
from generate.runtime.atomic_write import write_json, write_text_atomically
from generate.runtime.wording import shown
from train.calibration.saved import FILE as CALIBRATION
from train.calibration.saved import write_calibration
from train.defaults import EXPLAINED_TESTS
from train.report.class_results import confusion_counts
from train.report.label_quality import SUSPECTS, SUSPECTS_PAGE, suspects_table
from train.report.page import write_page
from train.report.report import Report
from train.report.results import build_report, probabilities_and_truth, read_predictions
from train.runs import run_folder
from train.runs.run_folder import Run
from train.wording import LEAKY_OR_GROUPED

CALIBRATION_PNG = "calibration.png"
SPLIT = "split"
"""Column of `predictions.csv` that holds `grouped` or `leaky` in every row."""
logger = logging.getLogger(__name__)  # without a handler, so that Python prints warnings


def make_report(
    run: Run,
    *,
    n_explained: int = EXPLAINED_TESTS,
    recordings: Path | None = None,
    shrunk: Mapping[str, np.ndarray] | None = None,
) -> Report:
    """Put the results of the finished folds of a run together, and write them.

    Writes `predictions.csv`, `confusion_matrix.csv`, `confusion_matrix.png`, `curves.png`, with two folds or more
    `calibration.json` and `calibration.png`, of a grouped split with one label a clip `suspects.csv`, then `README.md`,
    `report.json` and last the page `index.html` into the run's folder, each atomically. Each says "leaky" where the run
    is.

    Parameters
    ----------
    run : Run
    n_explained : int
        Test images for which the page shows what the model attends to.
    recordings : Path, optional
        Their folder; see `train.explain.explain_run.explain_run`.
    shrunk : Mapping of str to np.ndarray, optional
        File name of an image to its pixels from `train.report.knn_baseline.shrink`, where they are at hand; the page
        decodes only images that are not among these.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If no fold is finished, or a file is not as this program wrote it.
    """
    from train.report import plots

    predictions = read_predictions(run)
    report = build_report(run, predictions)
    predictions.insert(list(predictions).index("predicted") + 1, SPLIT, LEAKY_OR_GROUPED[report.is_leaky])
    tables.write_table(run.folder / run_folder.PREDICTIONS, predictions)

    matrix = confusion_counts(run, predictions)
    corner = "true class \\ predicted class" + (" (leaky)" if report.is_leaky else "")
    table = pd.DataFrame(matrix, columns=list(run.classes))
    table.insert(0, corner, list(run.classes), allow_duplicates=True)
    tables.write_table(run.folder / run_folder.CONFUSION_CSV, table)
    plots.write_png(run.folder / run_folder.CONFUSION_PNG, plots.confusion_figure(matrix, report))
    histories = {fold.name: run.read_history(fold.name) for fold in report.folds}
    plots.write_png(run.folder / run_folder.CURVES, plots.curves_figure(histories, report))
    write_card(run, report, predictions)
    _write_suspects(run, report, predictions)
    lacking = write_page(run, report, n_explained=n_explained, recordings=recordings, shrunk=shrunk)
    if lacking:
        logger.warning("The page %s lacks %s", shown(run.folder / PAGE), lacking)
    return report


def _write_suspects(run: Run, report: Report, predictions: pd.DataFrame) -> None:
    """Write the labels that are probably wrong; or remove those of an earlier report."""
    if report.suspects is None:
        for name in (SUSPECTS, SUSPECTS_PAGE):
            (run.folder / name).unlink(missing_ok=True)
        return
    table, path = suspects_table(predictions, run.classes), run.folder / SUSPECTS
    if not _is_of(path, table):  # `train.suspects` adds to the table
        tables.write_table(path, table)


def _is_of(path: Path, suspects: pd.DataFrame) -> bool:
    """Whether a table is there that says the same, and may say more."""
    try:
        there = pd.read_csv(path, dtype=str, keep_default_na=False)
        here = pd.read_csv(StringIO(suspects.to_csv(index=False)), dtype=str, keep_default_na=False)
        same = [name for name in here if name not in ("rank", "reviewed")]  # by now these may be of a later review
        first, second = (one[same].sort_values("clip_id", ignore_index=True) for one in (there, here))
        return first.equals(second)
    except (OSError, ValueError, KeyError):
        return False


def write_card(run: Run, report: Report, predictions: pd.DataFrame) -> None:
    """Write the calibration, the model card and `report.json`."""
    from train.report import model_card

    _write_calibration(run, report, predictions)
    write_text_atomically(run.folder / run_folder.CARD, model_card.card_text(report, run.image_settings()))
    write_json(run.folder / run_folder.REPORT, report.to_json())


def _write_calibration(run: Run, report: Report, predictions: pd.DataFrame) -> None:
    """Write what predictions for new recordings use, and its plot; or remove those of an earlier report."""
    from train.report import calibration_plot, plots

    if report.calibration is None:
        for name in (CALIBRATION, CALIBRATION_PNG):
            (run.folder / name).unlink(missing_ok=True)
        return
    write_calibration(
        run.folder,
        temperature=report.calibration.temperature,
        thresholds={row.label: row.threshold for row in report.calibration.thresholds},
        most_distance=report.calibration.most_distance,
    )
    probabilities, truth = probabilities_and_truth(run, predictions)
    folds, groups = predictions["fold"].to_numpy(), predictions["source_id"].to_numpy()
    figure = calibration_plot.calibration_figure(probabilities, truth, folds, groups, report)
    plots.write_png(run.folder / CALIBRATION_PNG, figure)
