"""The files of a rehearsal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from generate.dataset import tables
from generate.runtime.atomic_write import write_json
from generate.runtime.output_folder import check_output_folder
from generate.runtime.safe_names import printable
from train.rehearse.degradations import DEGRADATIONS
from train.rehearse.leave_one_site_out import SiteResult
from train.rehearse.rehearsal import Rehearsal
from train.report.intervals import LEVEL

DETAILS, TABLE, PLOT, CLIPS, SITES = "rehearsal.json", "rehearsal.csv", "rehearsal.png", "clips.csv", "sites.csv"
TEMPORARY = re.compile(rf"{re.escape(DETAILS)}\.\d+\.tmp")
FOLDER = "rehearsal"
"""In the folder of the run, unless another one is named."""


def check_folder(folder: Path) -> None:
    """Check, before any work, that a folder is new or holds a rehearsal.

    Raises
    ------
    ValueError
        If it is a file, or holds other files and no rehearsal.
    """
    check_output_folder(folder, "--output", marker=DETAILS, is_own=TEMPORARY.fullmatch)


def write_rehearsal(folder: Path, rehearsal: Rehearsal, sites: Sequence[SiteResult] = ()) -> None:
    """Write the table, the plot, all predictions, the sites, and how they were made.

    Parameters
    ----------
    folder : Path
        Made where it is not there; see `check_folder`.
    rehearsal : Rehearsal
    sites : sequence of SiteResult
        As `train.rehearse.leave_one_site_out.leave_one_site_out` gives them.
    """
    from train.rehearse.plot import rehearsal_figure
    from train.report.plots import write_png

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / DETAILS, to_json(rehearsal, sites))  # first, so that the next rehearsal knows its own files
    tables.write_table(folder / TABLE, table(rehearsal))
    tables.write_table(folder / CLIPS, rehearsal.predictions)
    if sites:
        tables.write_table(folder / SITES, pd.DataFrame([asdict(site) for site in sites]))
    else:
        (folder / SITES).unlink(missing_ok=True)
    write_png(folder / PLOT, rehearsal_figure(rehearsal, sites))


def table(rehearsal: Rehearsal) -> pd.DataFrame:
    """One row a condition; the columns are the fields of `train.rehearse.results.Condition`, and `verdict`."""
    rows = [asdict(row) | {"verdict": row.verdict} for row in rehearsal.conditions]
    return pd.DataFrame(rows).rename(columns={"name": "condition"})


def to_json(rehearsal: Rehearsal, sites: Sequence[SiteResult] = ()) -> dict[str, object]:
    """Everything but the predictions of single clips, as plain values."""
    plan = rehearsal.plan
    found = plan.how.background
    background = [] if found is None else [printable(str(found.folder / file)) for file in found.files]
    return {
        "format": 1,
        "run": printable(str(plan.run.folder)),
        "collection": plan.run.collection,
        "model": plan.run.recipe.model,
        "folds": list(dict.fromkeys(plan.tests["fold"])),
        "seed": plan.how.seed,
        "n_clips": len(plan.tests),
        "n_recordings": int(plan.tests["source_id"].nunique()),
        "n_recordings_of_run": int(plan.calibrated_on["source_id"].nunique()),
        "n_images_differ": rehearsal.n_images_differ,
        "n_predictions_differ": rehearsal.n_predictions_differ,
        "level": LEVEL,
        "background": background,
        "degradations": {name: DEGRADATIONS[name].description for name in plan.how.names},
        "conditions": [asdict(row) | {"verdict": row.verdict} for row in rehearsal.conditions],
        "sites": [asdict(site) for site in sites],
    }
