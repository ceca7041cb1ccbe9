"""Predictions for recordings: as tables and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from generate.dataset.label_sets import SEPARATOR
from generate.runtime.safe_names import printable
from train.calibration.saved import SavedCalibration
from train.calibration.thresholds import reaches
from train.predict.fold_models import is_leaky
from train.predict.recordings import Rejected
from train.runs.run_folder import PROBABILITY, Run

LABELS = "labels"
"""Column of the classes above their thresholds, separated by `;`, where a clip may have several labels."""
UNSURE = "unsure"
"""Column of predictions: the most probable class does not reach its threshold; where a clip may have several labels,
none does."""
WINDOW_COLUMNS = ("file", "start_s", "end_s", "silent", "quiet", "unlike", "peak_dbfs")


class WindowPrediction(NamedTuple):
    """The prediction for a window; `probabilities`, shape=(n_classes,), are None if it is silent or quiet.

    One that `is_unlike` all training clips has probabilities, of which none counts.
    """

    file: str
    start_s: float
    end_s: float
    probabilities: np.ndarray | None
    sha256: str = ""
    peak_dbfs: float = math.nan
    is_quiet: bool = False
    is_unlike: bool = False

    @property
    def counted(self) -> np.ndarray | None:
        """The probabilities, where they count."""
        return None if self.is_unlike else self.probabilities


@dataclass(frozen=True)
class Predictions:
    """Predictions for recordings, by the mean of the models of some folds.

    Parameters
    ----------
    run : Run
    folds : tuple of str
    hop_s : float or None
        From one window's start to the next; None: the length of a window, and results are per file.
    windows : tuple of WindowPrediction
        In order.
    rejected : tuple of Rejected
        Recordings, or the rest of one, that could not be read.
    calibration : SavedCalibration
        With which the probabilities were scaled.
    min_dbfs : float or None
        Peak below which windows are quiet.
    rests_s : Mapping of str to float
        By recording: seconds at its end that are in no window.
    """

    run: Run
    folds: tuple[str, ...]
    hop_s: float | None
    windows: tuple[WindowPrediction, ...]
    rejected: tuple[Rejected, ...]
    calibration: SavedCalibration = field(default_factory=SavedCalibration)
    min_dbfs: float | None = None
    rests_s: Mapping[str, float] = field(default_factory=dict)

    def by_window(self, *, top: int) -> pd.DataFrame:
        """One row a window, with the `top` most probable classes; columns as in `with_top_classes`."""
        return self._described(window_table(self.windows, self.run.classes), top=top)

    def by_file(self, *, top: int) -> pd.DataFrame:
        """One row a file, the mean of its windows; columns as in `with_top_classes`."""
        return self._described(average_by_file(window_table(self.windows, self.run.classes)), top=top)

    def _described(self, table: pd.DataFrame, *, top: int) -> pd.DataFrame:
        """With the most probable classes, whether it is `unsure`, and where there may be several labels with these."""
        classes = self.run.classes
        described = with_top_classes(table, classes, top=top)
        thresholds = np.array([self.calibration.threshold(name) for name in classes])
        probabilities = table[_columns(classes)].to_numpy(dtype=float)
        has = reaches(probabilities, thresholds)  # NaN does not
        is_sure = has.any(axis=1) if self.run.multilabel else has[np.arange(len(has)), _ranked(probabilities)[:, 0]]
        is_predicted = ~(table["silent"] | table["quiet"])
        described.insert(described.columns.get_loc("unlike") + 1, UNSURE, is_predicted & ~is_sure)
        if self.run.multilabel:
            labels = [SEPARATOR.join(name for name, is_in in zip(classes, row, strict=True) if is_in) for row in has]
            described.insert(len(WINDOW_COLUMNS) + 1, LABELS, pd.Series(labels, index=table.index, dtype=object))
        return described

    def table(self, *, top: int) -> pd.DataFrame:
        """One row a file, or one row a window if a hop was given."""
        return self.by_file(top=top) if self.hop_s is None else self.by_window(top=top)

    def to_json(self, *, top: int) -> dict[str, object]:
        """Everything as plain values: the run, the files, the windows if a hop was given, and what was rejected."""
        run, classes = self.run, self.run.classes
        return {
            "run": printable(str(run.folder)),
            "collection": run.collection,
            "model": run.recipe.model,
            "folds": list(self.folds),
            "leaky": is_leaky(run),
            "classes": list(classes),
            "hop_s": self.hop_s,
            "min_dbfs": self.min_dbfs if self.min_dbfs is not None and math.isfinite(self.min_dbfs) else None,
            "temperature": self.calibration.temperature,
            "thresholds": {name: self.calibration.threshold(name) for name in classes},
            "files": rows_to_json(self.by_file(top=top), classes),
            "windows": [] if self.hop_s is None else rows_to_json(self.by_window(top=top), classes),
            "rejected": [entry._asdict() for entry in self.rejected],
        }


def window_table(windows: Iterable[WindowPrediction], classes: Sequence[str]) -> pd.DataFrame:
    """One row a window.

    Parameters
    ----------
    windows : iterable of WindowPrediction
    classes : sequence of str
        In the order of the models' outputs.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `silent`, `quiet`, `unlike`, `peak_dbfs`, and for each class its probability in a
        column `p:<class>`, NaN in a silent or quiet window.
    """
    windows = list(windows)
    rows = pd.DataFrame(
        {
            "file": pd.Series([window.file for window in windows], dtype=object),
            "start_s": np.array([window.start_s for window in windows], dtype=float),
            "end_s": np.array([window.end_s for window in windows], dtype=float),
            "silent": np.array(
                [window.probabilities is None and not window.is_quiet for window in windows], dtype=bool
            ),
            "quiet": np.array([window.is_quiet for window in windows], dtype=bool),
            "unlike": np.array([window.is_unlike for window in windows], dtype=bool),
            "peak_dbfs": np.array([window.peak_dbfs for window in windows], dtype=float),
        }
    )
    values = np.full((len(windows), len(classes)), np.nan)
    for k, window in enumerate(windows):
        if window.probabilities is not None:
            values[k] = window.probabilities
    return rows.join(pd.DataFrame(values, columns=_columns(classes)))


def average_by_file(windows: pd.DataFrame) -> pd.DataFrame:
    """One row a file: the mean of its windows, without those that are silent, or unlike the training clips.

    Where all are unlike, it is the mean of these.

    Parameters
    ----------
    windows : pandas.DataFrame
        As `window_table` gives it.

    Returns
    -------
    pandas.DataFrame
        The same columns; `silent` if all windows are, `quiet` if all are silent or quiet, `unlike` if all others are,
        and the highest peak.
    """
    probabilities = [name for name in windows if name.startswith(PROBABILITY)]
    how = {"start_s": "first", "end_s": "last", "silent": "all", "quiet": "all", "unlike": "all", "peak_dbfs": "max"}
    quiet = windows["quiet"] | windows["silent"]
    all_unlike = (windows["unlike"] | quiet).groupby(windows["file"]).transform("all")
    windows = windows.assign(quiet=quiet, unlike=windows["unlike"] | quiet)
    windows.loc[windows["unlike"] & ~all_unlike, probabilities] = np.nan
    files = windows.groupby("file", sort=False, as_index=False).agg(how | dict.fromkeys(probabilities, "mean"))
    return files.assign(quiet=files["quiet"] & ~files["silent"], unlike=files["unlike"] & ~files["quiet"])


def with_top_classes(table: pd.DataFrame, classes: Sequence[str], *, top: int) -> pd.DataFrame:
    """Add the most probable classes, before the probabilities of all.

    Parameters
    ----------
    table : pandas.DataFrame
        As `window_table` or `average_by_file` gives it.
    classes : sequence of str
    top : int
        How many; at most all there are.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `silent`, `quiet`, `unlike`, `peak_dbfs`, `top_1`, `p_1`, `top_2`, ..., then the
        columns `p:<class>`, rounded to six decimals. A silent or quiet row has no classes and no probabilities.
    """
    columns = _columns(classes)
    values = table[columns].to_numpy(dtype=float)
    order = _ranked(values)
    best = {}
    for k in range(min(top, len(classes))):
        names = np.array(classes, dtype=object)[order[:, k]]
        best[f"top_{k + 1}"] = pd.Series(
            np.where(table["silent"] | table["quiet"], "", names), index=table.index, dtype=object
        )
        best[f"p_{k + 1}"] = np.take_along_axis(values, order[:, [k]], axis=1)[:, 0].round(6)
    what = table[list(WINDOW_COLUMNS)].round({"start_s": 3, "end_s": 3, "peak_dbfs": 2})
    return pd.concat([what, pd.DataFrame(best, index=table.index), table[columns].round(6)], axis=1)


def rows_to_json(table: pd.DataFrame, classes: Sequence[str]) -> list[dict[str, object]]:
    """The rows of `with_top_classes` as plain values.

    Returns
    -------
    list of dict
        One a row: `file`, `start_s`, `end_s`, `silent`, `quiet`, `unlike`, `peak_dbfs` (None for digital silence),
        `top` (a list of `label` and `p`, the most probable first), and `probabilities` (class to probability; None in
        a silent or quiet row).
    """
    rows = []
    for row in table.to_dict("records"):
        without = row["silent"] or row["quiet"]
        plain = {name: row[name] for name in (*WINDOW_COLUMNS, UNSURE)}
        if LABELS in row:
            plain[LABELS] = row[LABELS].split(SEPARATOR) if row[LABELS] else []
        plain["peak_dbfs"] = row["peak_dbfs"] if math.isfinite(row["peak_dbfs"]) else None
        top = [] if without else [{"label": label, "p": p} for label, p in top_classes(row)]
        probabilities = {name: row[f"{PROBABILITY}{name}"] for name in classes}
        rows.append(plain | {"top": top, "probabilities": None if without else probabilities})
    return rows


def top_classes(row: Mapping[str, Any]) -> list[tuple[str, float]]:
    """The classes of a row of `with_top_classes` that is not silent, with their probabilities."""
    return [(row[name], row[f"p_{name[4:]}"]) for name in row if name.startswith("top_")]


def _ranked(probabilities: np.ndarray) -> np.ndarray:
    """The classes of each row, the most probable first; of equal ones the first first."""
    return np.argsort(-probabilities, axis=1, kind="stable")


def _columns(classes: Sequence[str]) -> list[str]:
    return [f"{PROBABILITY}{name}" for name in classes]
