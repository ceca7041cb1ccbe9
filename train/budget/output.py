"""The files of a label budget, and its part of a page."""

from __future__ import annotations

import html
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from train.budget.learning_curve import Budget
from train.budget.text import RARELY_MORE, gain_text
from train.report.intervals import LEVEL
from train.runs.run_folder import write_json
from train.wording import percent

FOLDER = "budget"
"""In the folder of the run."""
DETAILS, CURVE, GAINS, PLOT = "budget.json", "learning_curve.csv", "gains.csv", "learning_curve.png"


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
    write_png(folder / PLOT, budget_figure(budget))


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


def section_html(budget: Budget) -> str:
    """The budget as a self-contained part of a page, without styles: a heading, the plot and a table.

    Parameters
    ----------
    budget : Budget
    """
    rows = "".join(
        f"<tr><th scope=row>{html.escape(gain.label) or 'all classes'}</th><td>{percent(gain.half)}</td>"
        f"<td>{percent(gain.all)}</td><td>{gain_text(gain)}</td><td>{gain.n_recordings}</td><td>{gain.verdict}</td></tr>"
        for gain in budget.gains
    )
    heads = "".join(f"<th scope=col>{name}</th>" for name in ("class", "half", "all", "gain, points", "recordings", ""))
    return (
        "<section><h2>What more recordings are worth</h2>"
        f'<p><img src="{FOLDER}/{PLOT}" alt="Accuracy by the share of recordings, and the gain of each class"></p>'
        f"<p>Accuracy with half of the recordings of every class, and with all: {html.escape(budget.trained)}. "
        f"{RARELY_MORE}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>"
    )
