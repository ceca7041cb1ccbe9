"""The main function: embed the clips of one healthy class, calibrate by recording, and score what is new."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from generate.dataset.background_classes import NOT_EVENTS
from generate.dataset.settings import Settings
from generate.dataset.settings_file import refuse_multilabel
from generate.runtime.wording import listed
from train.data.decode import image_palette
from train.data.image_folder import open_images, read_images
from train.data.reviewed import is_added
from train.novelty.new_recordings import BATCH_SIZE, window_distances
from train.novelty.scores import (
    area_under_curve,
    by_recording,
    distances_to_others,
    expected_alarms,
    held_out_alarms,
    held_out_distances,
    threshold_of,
)
from train.predict.predict_recordings import check_any_read
from train.predict.recordings import Rejected, find_recordings
from train.predict.windows import FrontEnd
from train.recipe import Recipe
from train.report.intervals import Interval, recordings_needed, share_interval

N_FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class Novelty:
    """How well what is unlike a healthy class is told from it, and the scores.

    Parameters
    ----------
    healthy : str
        The class.
    threshold : float
        A recording whose mean distance is above it is an alarm; inf where there are too few recordings.
    wanted : float
        Share of healthy recordings that may be false alarms.
    false_alarms : float
        Share of new healthy recordings, like these, that will exceed it on average, by the choice of the threshold; it
        is not measured.
    false_alarms_interval : Interval
        See `train.novelty.scores.expected_alarms`.
    area, area_interval : float and Interval, or None
        Area under the ROC curve by recording; None without faulty recordings.
    found : float or None
        Share of the faulty recordings above the threshold.
    found_interval : Interval or None
    scores : pandas.DataFrame
        One row a recording: `kind` (`healthy`, `faulty`, `new`, or `own` for a new file that is among the healthy
        clips), `recording`, `distance`, `is_alarm` (of healthy ones by the threshold of the others) and
        `most_unlike_s`, where a new recording is the most unlike.
    rejected : tuple of Rejected
        New recordings, or the rest of one, that could not be read.
    rests_s : Mapping of str to float
        By new recording: seconds at its end that are in no window.
    seconds : float
        Length of a window.
    skipped : Mapping of str to int
        Files in the folders that were not read, by kind.
    """

    healthy: str
    threshold: float
    wanted: float
    false_alarms: float
    false_alarms_interval: Interval
    area: float | None
    area_interval: Interval | None
    found: float | None
    found_interval: Interval | None
    scores: pd.DataFrame
    rejected: tuple[Rejected, ...]
    rests_s: Mapping[str, float]
    seconds: float
    skipped: Mapping[str, int] = field(default_factory=dict)


def novelty(
    images: Path,
    recordings: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    *,
    healthy: str = "",
    false_alarms: float = 0.1,
    model: str = "efficientnet_lite0",
) -> Novelty:
    """Score how unlike a healthy class recordings are: `python -m train.novelty`.

    Parameters
    ----------
    images : Path
        Image folder. Clips of other classes than the healthy one are faulty examples, which only test; but those of
        `_background` and `_other` are not used.
    recordings : str, path, or sequence of them
        New audio files, or folders of them.
    healthy : str
        The healthy class; may be empty where there is one class.
    false_alarms : float
        Share of healthy recordings that may be false alarms, above 0 and below 1.
    model : str
        A pretrained one, whose features are compared.

    Raises
    ------
    FileNotFoundError, ValueError
        If the images or the class are not there, there are too few healthy recordings, or none of the new recordings
        is there.
    """
    from train import backend

    if not 0 < false_alarms < 1:
        raise ValueError(f"--false-alarms must be above 0 and below 1. Got {false_alarms:g}. Give such as 0.1.")
    settings, table = read_images(images)
    refuse_multilabel(settings)
    is_shown = (table["variant"] == ORIGINAL) & ~table["silent"].astype(bool)  # silence is no healthy sound
    table = table[is_shown].reset_index(drop=True)
    healthy = _healthy_class(set(table["label"]) - NOT_EVENTS, healthy)
    is_healthy, sources = (table["label"] == healthy).to_numpy(), table["source_id"].to_numpy()
    _check_enough(len(set(sources[is_healthy & ~is_added(table)])), false_alarms)
    files, rejected, skipped = find_recordings(recordings)
    if recordings:
        check_any_read(files, rejected, "scored")
    backend.set_up()
    from train.models.check_model import check_model
    from train.training.frozen_features import frozen_model
    from train.training.outputs import outputs

    recipe = Recipe.of_quality("fast", {"model": model})
    size = check_model(recipe, n_classes=2).input_shape[1:3]
    extractor = frozen_model(recipe, size=size)
    opened = open_images(images, settings, table, size=size)
    features = outputs(extractor, opened, np.arange(len(table)), batch_size=BATCH_SIZE).astype(np.float32)
    known = features[is_healthy]
    folds = _held_out_folds(sources[is_healthy])
    # Clips that a model chose tell nothing of the healthy recordings to come; they are compared with, and not tested.
    is_tested = ~is_added(table)[is_healthy]
    names, own = by_recording(held_out_distances(known, folds)[is_tested], sources[is_healthy][is_tested])
    threshold, alarms = threshold_of(own, false_alarms=false_alarms), held_out_alarms(own, false_alarms=false_alarms)
    expected, expected_interval = expected_alarms(len(own), false_alarms=false_alarms)
    rows = [("healthy", *row, math.nan) for row in zip(names, own, alarms, strict=True)]
    area = found = area_interval = found_interval = None
    is_faulty = ~is_healthy & ~is_added(table) & ~table["label"].isin(NOT_EVENTS).to_numpy()
    if is_faulty.any():
        names, other = by_recording(
            distances_to_others(features[is_faulty], sources[is_faulty], known, sources[is_healthy]), sources[is_faulty]
        )
        area, area_interval = area_under_curve(own, other)
        found, found_interval = float((other > threshold).mean()), share_interval(other > threshold, names)
        rows += [("faulty", *row, math.nan) for row in zip(names, other, other > threshold, strict=True)]
    rendering, rests_s = Settings.from_json(settings["settings"]), dict[str, float]()
    if files:
        own_clips = set(table["audio_sha256"][is_healthy])
        front = FrontEnd(rendering, size, image_palette(rendering))
        windows, not_read, rests_s = window_distances(files, front, extractor, known, own_clips)
        rejected = [*rejected, *not_read]
        for name, of_file in windows.groupby("recording", sort=False):
            mean, most = of_file["distance"].mean(), of_file["start_s"][of_file["distance"].idxmax()]
            kind = "own" if of_file["is_own"].any() else "new"
            rows.append((kind, name, mean, mean > threshold, most))
    return Novelty(
        healthy=healthy,
        threshold=threshold,
        wanted=false_alarms,
        false_alarms=expected,
        false_alarms_interval=expected_interval,
        area=area,
        area_interval=area_interval,
        found=found,
        found_interval=found_interval,
        scores=pd.DataFrame(rows, columns=["kind", "recording", "distance", "is_alarm", "most_unlike_s"]),
        rejected=tuple(rejected),
        rests_s=rests_s,
        seconds=rendering.seconds,
        skipped=skipped,
    )


def _check_enough(n_recordings: int, false_alarms: float) -> None:
    """Refuse a healthy class with too few recordings for an interval, and for a threshold."""
    needed = max(recordings_needed(), math.ceil(1 / false_alarms - 1 - 1e-9) + 1)
    if n_recordings < needed:
        raise ValueError(
            f"The healthy class must have {needed} recordings or more for a threshold with {100 * false_alarms:g} % "
            f"false alarms. Got {n_recordings}. Add recordings, or raise --false-alarms."
        )


def _held_out_folds(sources: np.ndarray) -> np.ndarray:
    """The fold of each clip, of `N_FOLDS` that do not divide recordings."""
    from sklearn.model_selection import GroupKFold

    folds = np.empty(len(sources), int)
    for number, (_, test) in enumerate(GroupKFold(N_FOLDS).split(sources, groups=sources)):
        folds[test] = number
    return folds


def _healthy_class(labels: Set[str], healthy: str) -> str:
    classes = sorted(labels)
    if not healthy and len(classes) == 1:
        return classes[0]
    if healthy not in classes:
        raise ValueError(
            f"--healthy must name a class of the images: {listed(classes, most=12)}. Got {healthy or 'none'!r}. The "
            "other classes are then faulty examples."
        )
    return healthy
