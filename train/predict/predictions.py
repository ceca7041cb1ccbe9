"""What the models said of recordings: as a table, as JSON, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from train.runs.run_folder import PROBABILITY
from train.wording import percent, shortened

SURE = 0.5
"""From here on the best class is at least as likely as all others together; below it the terminal says `unsure`."""
SILENT = "silent: nothing to hear"
LONGEST_FILE = 60


class WindowPrediction(NamedTuple):
    """A window that was read; `probabilities`, shape=(n_classes,), are None where there is nothing to hear."""

    file: str
    start_s: float
    end_s: float
    probabilities: np.ndarray | None
    sha256: str = ""


class Rejected(NamedTuple):
    """What could not be read, and why; `from_s` is above 0 where the beginning of a recording could."""

    file: str
    from_s: float
    reason: str


def table_of(heard: Iterable[WindowPrediction], classes: Sequence[str]) -> pd.DataFrame:
    """One row a window.

    Parameters
    ----------
    heard : iterable of Heard
    classes : sequence of str
        In the order of the models' outputs.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `silent`, and for each class its probability in a column `p:<class>`, NaN in a
        silent window.
    """
    heard = list(heard)
    rows = pd.DataFrame(
        {
            "file": pd.Series([window.file for window in heard], dtype=object),
            "start_s": np.array([window.start_s for window in heard], dtype=float),
            "end_s": np.array([window.end_s for window in heard], dtype=float),
            "silent": np.array([window.probabilities is None for window in heard], dtype=bool),
        }
    )
    values = np.full((len(heard), len(classes)), np.nan)
    for k, window in enumerate(heard):
        if window.probabilities is not None:
            values[k] = window.probabilities
    return rows.join(pd.DataFrame(values, columns=_columns(classes)))


def average_files(windows: pd.DataFrame) -> pd.DataFrame:
    """One row a file: the mean of its windows, but for those in which there is nothing to hear.

    Parameters
    ----------
    windows : pandas.DataFrame
        As `table_of` gives it.

    Returns
    -------
    pandas.DataFrame
        The same columns; `silent` where all windows are.
    """
    probabilities = [name for name in windows if name.startswith(PROBABILITY)]
    how = {"start_s": "first", "end_s": "last", "silent": "all"} | dict.fromkeys(probabilities, "mean")
    return windows.groupby("file", sort=False, as_index=False).agg(how)


def with_top(table: pd.DataFrame, classes: Sequence[str], *, top: int) -> pd.DataFrame:
    """Put the likeliest classes before the probabilities of all.

    Parameters
    ----------
    table : pandas.DataFrame
        As `table_of` or `average_files` gives it.
    classes : sequence of str
    top : int
        How many; at most all there are.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `silent`, `top_1`, `p_1`, `top_2`, ..., then the columns `p:<class>`, rounded to
        millionths. A silent row has no classes and no probabilities.
    """
    columns = _columns(classes)
    values = table[columns].to_numpy(dtype=float)
    order = np.argsort(-values, axis=1, kind="stable")
    best = {}
    for k in range(min(top, len(classes))):
        names = np.array(classes, dtype=object)[order[:, k]]
        best[f"top_{k + 1}"] = pd.Series(np.where(table["silent"], "", names), index=table.index, dtype=object)
        best[f"p_{k + 1}"] = np.take_along_axis(values, order[:, [k]], axis=1)[:, 0].round(6)
    what = table[["file", "start_s", "end_s", "silent"]].round({"start_s": 3, "end_s": 3})
    return pd.concat([what, pd.DataFrame(best, index=table.index), table[columns].round(6)], axis=1)


def to_json(table: pd.DataFrame, classes: Sequence[str]) -> list[dict[str, object]]:
    """The rows of `with_top` as plain values.

    Parameters
    ----------
    table : pandas.DataFrame
        As `with_top` gives it.
    classes : sequence of str

    Returns
    -------
    list of dict
        One a row: `file`, `start_s`, `end_s`, `silent`, `top` (a list of `label` and `p`, the likeliest first), and
        `probabilities` (class to probability; None in a silent row).
    """
    rows = []
    for row in table.to_dict("records"):
        plain = {name: row[name] for name in ("file", "start_s", "end_s", "silent")}
        plain["top"] = [{"label": row[f"top_{k}"], "p": row[f"p_{k}"]} for k in _places(row)]
        everything = {name: row[f"{PROBABILITY}{name}"] for name in classes}
        rows.append(plain | {"probabilities": None if row["silent"] else everything})
    return rows


def files_text(files: pd.DataFrame) -> str:
    """One line a file, for the terminal; `files` as `with_top` gives it."""
    return _lines([(shortened(row["file"], longest=LONGEST_FILE), row) for row in files.to_dict("records")])


def windows_text(windows: pd.DataFrame, files: pd.DataFrame) -> str:
    """The windows of each file, and under them their mean; both tables as `with_top` gives them."""
    parts = []
    windows_of = dict(list(windows.groupby("file", sort=False)))
    for mean in files.to_dict("records"):
        rows = windows_of[mean["file"]].to_dict("records")
        named = [(f"  {clock(row['start_s'])} - {clock(row['end_s'])}", row) for row in rows]
        parts.append(f"{' '.join(mean['file'].split())}\n{_lines([*named, ('  average', mean)])}")
    return "\n\n".join(parts)


def rejected_text(rejected: Sequence[Rejected], *, what: str = "not predicted") -> str:
    """What could not be predicted, or whatever was wanted, each with its reason."""
    lines = [
        f"  {' '.join(file.split())}{f', from {clock(from_s)} on' if from_s else ''}: {reason}"
        for file, from_s, reason in rejected
    ]
    return "\n".join([f"{what}:", *lines])


def clock(seconds: float) -> str:
    """Such as `0:05.0`, `1:02:05.5`."""
    minutes, tenths = divmod(round(10 * seconds), 600)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{tenths / 10:04.1f}" if hours else f"{minutes}:{tenths / 10:04.1f}"


def _lines(named: Sequence[tuple[str, dict[str, object]]]) -> str:
    """Aligned: the name, the best class, the next ones."""
    bests = [_best(row) for _, row in named]
    name_width = max(len(name) for name, _ in named)
    best_width = max(len(best) for best in bests)
    return "\n".join(
        f"{name:{name_width}}  {best:{best_width}}  {_next_ones(row)}".rstrip()
        for (name, row), best in zip(named, bests, strict=True)
    )


def _best(row: dict[str, object]) -> str:
    if row["silent"]:
        return SILENT
    return _class(row, 1) + (", unsure" if row["p_1"] < SURE else "")


def _next_ones(row: dict[str, object]) -> str:
    return ", ".join(_class(row, k) for k in _places(row)[1:])


def _places(row: dict[str, object]) -> list[int]:
    """1, 2, ... as far as the row names classes."""
    return [] if row["silent"] else [int(name[4:]) for name in row if name.startswith("top_")]


def _class(row: dict[str, object], k: int) -> str:
    return f"{shortened(row[f'top_{k}'])} {percent(row[f'p_{k}'])}"


def _columns(classes: Sequence[str]) -> list[str]:
    return [f"{PROBABILITY}{name}" for name in classes]
