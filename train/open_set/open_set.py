"""Leave each class out in turn: train on the others, and see what is predicted for its clips.

Only the last layer is fitted, on features that are computed once, so that this takes about as long as `--quality fast`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import softmax

from augment_audio import ORIGINAL
from generate.dataset.background_classes import NOT_EVENTS
from generate.dataset.settings_file import refuse_multilabel
from train import backend
from train.calibration.distance import fit_distance, limit_of
from train.calibration.temperature import with_temperature
from train.calibration.thresholds import fit, reaches
from train.data.reviewed import is_added
from train.recipe import Recipe
from train.report.interval_text import clips_of_recordings, ends_in_words
from train.report.intervals import Interval, share_interval
from train.training.frozen_features import frozen_features
from train.training.linear_head import fit_head
from train.training.prepare import Prepared, prepare

LEAST_CLASSES = 3


@dataclass(frozen=True)
class ForeignClass:
    """What a classifier of all other classes predicts for the clips of one class.

    Parameters
    ----------
    label : str
    n_clips, n_recordings : int
    named : float
        Share of the clips that are predicted as some class with at least its threshold, and are not unlike the training
        clips, 0 to 1. One that is predicted as `_other` or `_background` is not named.
    interval : Interval
        Of `named`, over recordings.
    most_named : str
        The class that is predicted most often then; empty: none.
    """

    label: str
    n_clips: int
    n_recordings: int
    named: float
    interval: Interval
    most_named: str


def open_set(image_folder: Path, recipe: Recipe, *, cache: str = "auto") -> list[ForeignClass]:
    """Estimate how often a foreign class is named with confidence, for each class in turn.

    Temperature, thresholds and the largest distance are those that the other classes give out of fold, as a run has
    them. A clip of the left-out class is predicted by the mean of the models of all folds, as by `train.predict`, but
    for those that were trained on other clips of its recording.
    `_other` and `_background` are trained on and never left out.

    Parameters
    ----------
    image_folder : Path
    recipe : Recipe
        Of a pretrained model, without fine-tuning.
    cache : {"auto", "memory", "disk"}
        See `train.data.disk_cache`.

    Raises
    ------
    ValueError
        If there are fewer than three classes or two folds, or anything does not fit; see `train.training.prepare`.
    """
    backend.set_up()
    prepared = prepare(image_folder, replace(recipe, train_variants=(), allow_recording_overlap=False), cache=cache)
    refuse_multilabel(prepared.settings)
    classes, splits = prepared.run.classes, prepared.splits
    if len(classes) < LEAST_CLASSES or len(splits) < 2:
        raise ValueError(
            f"The images must be of {LEAST_CLASSES} classes and 2 folds or more, so that one class can be left out. "
            f"Got {len(classes)} and {len(splits)}. Give other images, or more of --classes."
        )
    originals = np.flatnonzero((prepared.table["variant"] == ORIGINAL).to_numpy())
    features, truth = frozen_features(prepared, originals), prepared.targets.argmax(axis=1)
    foreign = [k for k, label in enumerate(classes) if label not in NOT_EVENTS]
    return [_left_out(prepared, features, truth, originals, k) for k in foreign]


def _left_out(
    prepared: Prepared, features: np.ndarray, truth: np.ndarray, originals: np.ndarray, foreign: int
) -> ForeignClass:
    """Fit without one class, and predict it."""
    classes, sources = prepared.run.classes, prepared.table["source_id"].to_numpy()
    known = np.array([k for k in range(len(classes)) if k != foreign])
    place = {k: number for number, k in enumerate(known.tolist())}
    foreign_rows = originals[(truth[originals] == foreign) & ~is_added(prepared.table)[originals]]
    tested, tested_truth, of_foreign = [], [], []
    is_new: list[np.ndarray] = []
    distances: list[np.ndarray] = []
    far: list[np.ndarray] = []
    for split in prepared.splits:
        train = split.train[(truth[split.train] != foreign) & np.isin(split.train, originals)]
        test = split.test[truth[split.test] != foreign]
        labels = np.array([place[k] for k in truth[train].tolist()])
        head = fit_head(features[train], labels, len(known), prepared.run.recipe.class_weights)
        if distance := fit_distance(features[train], labels):
            distances.append(distance.of(features[test]))
            far.append(distance.of(features[foreign_rows]))
        tested.append(softmax(head.logits(features[test]), axis=1))
        tested_truth += [place[k] for k in truth[test].tolist()]
        of_foreign.append(softmax(head.logits(features[foreign_rows]), axis=1))
        is_new.append(~np.isin(sources[foreign_rows], sources[train]))
    calibration = fit(np.concatenate(tested), np.array(tested_truth))
    scaled = np.stack([with_temperature(p, calibration.temperature) for p in of_foreign])
    mean = np.average(scaled, axis=0, weights=np.broadcast_to(np.stack(is_new)[:, :, None], scaled.shape))
    best = mean.argmax(axis=1)
    is_event = np.array([classes[k] not in NOT_EVENTS for k in known])
    is_named = reaches(mean.max(axis=1), calibration.thresholds[best]) & is_event[best]
    limit = limit_of(np.concatenate(distances)) if len(distances) == len(prepared.splits) else None
    if limit is not None:
        is_named &= np.average(far, axis=0, weights=is_new) <= limit
    most = Counter(classes[known[k]] for k in best[is_named]).most_common(1)
    return ForeignClass(
        label=classes[foreign],
        n_clips=len(foreign_rows),
        n_recordings=len(set(sources[foreign_rows])),
        named=float(is_named.mean()),
        interval=share_interval(is_named, sources[foreign_rows]),
        most_named=most[0][0] if most else "",
    )


def open_set_text(results: list[ForeignClass]) -> str:
    """A line a class, and the mean."""
    width = max(len(result.label) for result in results)
    lines = [
        f"  {result.label:{width}}  {100 * result.named:5.1f} % ({ends_in_words(result.interval)}) of "
        f"{clips_of_recordings(result.n_clips, result.n_recordings)}"
        f"{f', most often as {result.most_named}' if result.most_named else ''}"
        for result in results
    ]
    mean = 100 * np.mean([result.named for result in results])
    return "\n".join(
        [
            "Of the clips of a class that was left out of training, named as another class with its threshold or more:",
            *lines,
            f"  mean of the classes {mean:.1f} %. Sounds of no class in a folder _other lower this.",
        ]
    )
