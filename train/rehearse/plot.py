"""The plot of a rehearsal: accuracy with its interval under each condition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from train.rehearse.degradations import DEGRADATIONS
from train.rehearse.leave_one_site_out import SiteResult
from train.rehearse.rehearsal import Rehearsal
from train.rehearse.results import CLEAN
from train.report.interval_text import HasInterval, clips_of_recordings
from train.report.plots import COLOURS, DPI
from train.wording import percent, shortened

MOST_SITES = 12
LINE_IN = 0.3


def rehearsal_figure(rehearsal: Rehearsal, sites: Sequence[SiteResult] = ()) -> Figure:
    """Draw a line a condition, from the clean clips down; a dashed line is their accuracy.

    Parameters
    ----------
    rehearsal : Rehearsal
    sites : sequence of SiteResult
        As `train.rehearse.leave_one_site_out.leave_one_site_out` gives them; drawn below, grouped folds as a ring.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows, shown_sites = rehearsal.conditions, list(sites[: 1 + MOST_SITES])
    kinds = list(dict.fromkeys(DEGRADATIONS[row.name].kind for row in rows if row.name != CLEAN))
    heights = [len(rows) + 1, *([len(shown_sites) + 1] if shown_sites else [])]
    size = (8.5, LINE_IN * sum(heights) + 1.2 * len(heights))
    figure = Figure(figsize=size, dpi=DPI, facecolor="white", layout="constrained")
    panels = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    for place, row in enumerate(rows):
        colour = "#000000" if row.name == CLEAN else COLOURS[kinds.index(DEGRADATIONS[row.name].kind) % len(COLOURS)]
        _draw(panels[0], place, row.accuracy, row, colour)
    panels[0].axvline(rows[0].accuracy, color="0.5", linestyle="--", linewidth=1, zorder=0)
    run, test = rehearsal.plan.run, clips_of_recordings(rows[0].n_clips, rows[0].n_recordings)
    _finish(panels[0], [row.name for row in rows])
    title = f"Deployment rehearsal: {shortened(run.collection)}, {run.recipe.model}"
    panels[0].set_title(f"{title}\nclean {percent(rows[0].accuracy)}; {test}", fontsize=11, parse_math=False)
    if shown_sites:
        for place, site in enumerate(shown_sites):
            _draw(panels[1], place, site.accuracy, site, COLOURS[0])
            panels[1].plot(
                site.grouped_accuracy, place, "o", markerfacecolor="none", markeredgecolor="0.4", markersize=9
            )
        _finish(panels[1], [shortened(site.site) or "all sites" for site in shown_sites])
        panels[1].set_title("Sites left out, the last layer alone (ring: the same clips in grouped folds)", fontsize=11)
    return figure


def _draw(axes: Any, place: int, accuracy: float, interval: HasInterval, colour: str) -> None:
    axes.plot(accuracy, place, "o", color=colour, markersize=6)
    if interval.low is not None and interval.high is not None:
        axes.plot([interval.low, interval.high], [place, place], color=colour, linewidth=2)


def _finish(axes: Any, names: Sequence[str]) -> None:
    axes.set_yticks(np.arange(len(names)), names, fontsize=9, parse_math=False)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(axis="x", color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("accuracy, with its 95 % interval", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
