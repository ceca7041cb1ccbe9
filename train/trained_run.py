"""A finished run as an object: its report, what it said of the tests, and predictions for new recordings."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from train.report.results import read_predictions
from train.runs.run_folder import REPORT, Run, read_run

logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())


class TrainedRun:
    """A run whose folds, or some of them, are finished.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    FileNotFoundError, ValueError
        If it is no run.
    """

    def __init__(self, folder: Path) -> None:
        self._run: Run = read_run(folder)

    def __repr__(self) -> str:
        """Which model on which collection, and where."""
        return f"<TrainedRun {self._run.recipe.model} on {self._run.collection}: {str(self.folder)!r}>"

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._run.folder

    @property
    def classes(self) -> tuple[str, ...]:
        """In the order of the model's outputs."""
        return self._run.classes

    @property
    def report(self) -> dict[str, object]:
        """What stands in `report.json`: all metrics, and how they were measured."""
        return json.loads((self.folder / REPORT).read_text(encoding="utf-8"))

    @property
    def test_predictions(self) -> pd.DataFrame:
        """One row a test image: `clip_id`, `source_id`, `label`, `predicted` and a column of probabilities a class."""
        return read_predictions(self._run)

    def predict(
        self,
        paths: Sequence[str | os.PathLike[str]],
        *,
        hop_s: float | None = None,
        folds: Sequence[str] | None = None,
        top: int = 3,
        batch_size: int = 32,
    ) -> pd.DataFrame:
        """Classify recordings, by the mean of the models of all folds: `python -m train.predict`.

        Parameters
        ----------
        paths : sequence of str or path
            Audio files, or folders of them.
        hop_s : float, optional
            Give each window a row, this many seconds after the one before; default: one row a recording, the mean of
            its windows.
        folds : sequence of str, optional
            Ask only the models of these.
        top : int
            How many of the likeliest classes have columns of their own.
        batch_size : int
            Images at once.

        Returns
        -------
        pandas.DataFrame
            `file`, `start_s`, `end_s`, `silent`, `top_1`, `p_1`, ..., and a column `p:<class>` for each class. What
            could not be read is logged as a warning, and stands in `.attrs["rejected"]`: file, from which second, why.

        Raises
        ------
        ValueError
            If nothing could be read, or a fold is not finished.
        """
        from train import backend

        backend.set_up()
        from train.predict import fold_models, predictions, windows
        from train.predict.windows_of_recordings import find_recordings, listen

        wanted = fold_models.folds_to_average(self._run, folds)
        front = windows.front_end(self._run)
        recordings, rejected, _ = find_recordings([Path(path) for path in paths])
        models = fold_models.load_models(self._run, wanted) if recordings else []
        heard, unread = listen(recordings, front, models, hop_s=hop_s, batch_size=batch_size)
        rejected += unread
        if not heard:
            reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in rejected)
            raise ValueError(f"None of these recordings could be predicted: {reasons or 'none was given'}.")
        for entry in rejected:
            logger.warning("%s, from %g s on: %s", *entry)
        table = predictions.table_of(heard, self.classes)
        table = predictions.average_files(table) if hop_s is None else table
        table = predictions.with_top(table, self.classes, top=top)
        table.attrs["rejected"] = [tuple(entry) for entry in rejected]
        return table
