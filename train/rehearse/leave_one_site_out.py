"""Leave each site out: fit the last layer to the clips of other sites, and predict those of the site.

A run cannot be tested so, since its models were trained on clips of every site; and to train one for each site takes
long. So only the last layer of the pretrained model is fitted, on features that are computed once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.background_classes import counted
from train.data.image_folder import read_images
from train.data.reviewed import is_added
from train.data.select_classes import select_classes
from train.rehearse.site_table import sites_of
from train.report.intervals import difference_interval, share_interval
from train.runs.run_folder import Run

MOST_FITS = 20
"""Where there are more sites, several whole ones are left out at a time: each fit takes seconds."""


@dataclass(frozen=True, kw_only=True)
class SiteResult:
    """The accuracy on the clips of one site, or of all.

    Parameters
    ----------
    site : str
        Empty: all sites.
    n_sites : int
        That were left out, one at a time or several.
    accuracy, low, high : float, and float or None
        Of a last layer that was fitted without the site, and its 95 % interval over recordings; of all sites together
        over sites, since clips of one are right or wrong together at a place that no model knows.
    grouped_accuracy : float
        Of the same clips in grouped folds, in which other recordings of the site are trained on.
    difference, difference_low, difference_high : float, and float or None
        `accuracy - grouped_accuracy`, and its 95 % interval.
    n_clips, n_recordings : int
    share_trained, share_trained_grouped : float
        Share of all clips that the last layer was fitted to, in the mean over these clips.
    n_new_class : int
        Clips of classes that no other site has, which cannot be right and are left out of all these numbers.
    """

    site: str
    n_sites: int
    accuracy: float
    low: float | None
    high: float | None
    grouped_accuracy: float
    difference: float
    difference_low: float | None
    difference_high: float | None
    n_clips: int
    n_recordings: int
    share_trained: float
    share_trained_grouped: float
    n_new_class: int


def read_sites(run: Run, path: Path, column: str) -> dict[str, str]:
    """Read the site of each clip of a run, and check that sites can be left out.

    Parameters
    ----------
    run : Run
    path : Path
        See `train.rehearse.site_table.sites_of`.
    column : str
        Of the site.

    Returns
    -------
    dict of str to str
        Clip to site. Clips that a review added have none: they are of recordings that the table need not know.

    Raises
    ------
    FileNotFoundError, ValueError
        If the table does not name a site for each clip, there is one site only, or the run's model is not pretrained.
    """
    if run.recipe.weights == "none":
        raise ValueError(
            "--site-column needs a run with pretrained weights, of which the last layer alone can be fitted for each "
            f"site. Got {run.recipe.model!r} from scratch. Leave it out, or give a run of another model."
        )
    table = select_classes(read_images(run.images)[1], run.recipe)
    clips = table[(table["variant"] == ORIGINAL) & ~is_added(table)].set_index("clip_id")
    sites = sites_of(path, column, clips["audio_file"])
    if sites.nunique() < 2:
        raise ValueError(
            f"--site-column must hold two sites or more. Got {sites.iloc[0]!r} for all clips of the run. Give another "
            "column."
        )
    return {str(clip): str(site) for clip, site in sites.items()}


def leave_one_site_out(run: Run, site_of: Mapping[str, str]) -> list[SiteResult]:
    """Predict the clips of each site by a last layer that was fitted without it, and by one of grouped folds.

    Parameters
    ----------
    run : Run
        Whose images, classes, folds and pretrained model are used; not what it trained.
    site_of : Mapping of str to str
        Site of each clip; see `read_sites`.

    Returns
    -------
    list of SiteResult
        All sites together first, then each: those with an interval, the least accurate first, then the largest.
        Clips that a review added are left out: nobody says at which site they are. Clips of background are trained on,
        and not counted.
    """
    from sklearn.model_selection import GroupKFold

    from train.training.frozen_features import frozen_features
    from train.training.frozen_run import prepare_frozen
    from train.training.linear_head import fit_head

    prepared = prepare_frozen(run)
    table, truth = prepared.table, prepared.targets.argmax(axis=1)
    originals = np.flatnonzero((table["variant"] == ORIGINAL).to_numpy() & ~is_added(table))
    features = frozen_features(prepared, originals)
    sources, n_classes = table["source_id"].to_numpy(), len(prepared.run.classes)
    sites = np.array([site_of.get(clip_id, "") for clip_id in table["clip_id"]], dtype=object)

    def are_right(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        head = fit_head(features[train], truth[train], n_classes, run.recipe.class_weights)
        return head.logits(features[test]).argmax(axis=1) == truth[test]

    found = pd.DataFrame({"source_id": sources, "site": sites})
    for split in prepared.splits:
        train = split.train[np.isin(split.train, originals)]
        found.loc[split.test, "is_right_grouped"] = are_right(train, split.test)
        found.loc[split.test, "share_trained_grouped"] = len(train) / len(originals)
    parts = GroupKFold(min(len(set(sites[originals])), MOST_FITS))
    for others, tested in parts.split(originals, groups=sites[originals]):
        test, train = originals[tested], originals[others]
        train = train[~np.isin(sources[train], sources[test])]  # a recording of two sites
        if len(np.unique(truth[train])) < 2:
            raise ValueError(
                f"Without the site {sites[test[0]]!r} two classes or more must be left. Give another --site-column."
            )
        found.loc[test, "is_new_class"] = ~np.isin(truth[test], truth[train])
        found.loc[test, "is_right"] = are_right(train, test)
        found.loc[test, "share_trained"] = len(train) / len(originals)
    found = found.loc[originals[counted(table["label"].iloc[originals])]]
    by_site = [_result(str(site), rows) for site, rows in found.groupby("site") if not rows["is_new_class"].all()]
    if not by_site:
        raise ValueError("No class is at two sites, so that no site can be left out. Give another --site-column.")
    return [_result("", found, groups="site"), *sorted(by_site, key=_order)]


def _order(result: SiteResult) -> tuple[bool, float]:
    return result.low is None, -result.n_clips if result.low is None else result.accuracy


def _result(site: str, rows: pd.DataFrame, *, groups: str = "source_id") -> SiteResult:
    known = rows[~rows["is_new_class"].astype(bool)]
    is_right, is_right_grouped = (known[name].astype(float) for name in ("is_right", "is_right_grouped"))
    interval = share_interval(is_right, known[groups])
    difference = difference_interval(is_right - is_right_grouped, known[groups])
    return SiteResult(
        site=site,
        n_sites=rows["site"].nunique(),
        accuracy=float(is_right.mean()),
        low=interval.low,
        high=interval.high,
        grouped_accuracy=float(is_right_grouped.mean()),
        difference=float((is_right - is_right_grouped).mean()),
        difference_low=difference.low,
        difference_high=difference.high,
        n_clips=len(known),
        n_recordings=known["source_id"].nunique(),
        share_trained=float(known["share_trained"].mean()),
        share_trained_grouped=float(known["share_trained_grouped"].mean()),
        n_new_class=len(rows) - len(known),
    )
