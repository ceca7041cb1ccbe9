"""The files of a label budget."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from generate.runtime.atomic_write import write_json
from train.budget.learning_curve import Budget
from train.report.intervals import LEVEL
from train.runs.run_folder import BUDGET_PLOT

DETAILS, CURVE, GAINS = "budget.json", "learning_curve.csv", "gains.csv"


def write_budget(folder: Path, budget: Budget) -> None:
    """Write the tables, the plot, and all of it as JSON.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    budget : Budget
    """
    from train.budget.plot import budget_figure
    from train.report.plots import write_png

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / DETAILS, to_json(budget))
    tables.write_table(folder / CURVE, pd.DataFrame([asdict(point) for point in budget.points]))
    tables.write_table(folder / GAINS, pd.DataFrame(to_json(budget)["gains"]))
    write_png(folder / BUDGET_PLOT.name, budget_figure(budget))


def to_json(budget: Budget) -> dict:
    """All of it as plain values."""
    return {
        "format": 1,
        "trained": budget.trained,
        "n_draws": budget.n_draws,
        "level": LEVEL,
        "points": [asdict(point) for point in budget.points],
        "gains": [asdict(gain) | {"verdict": gain.verdict} for gain in budget.gains],
    }
