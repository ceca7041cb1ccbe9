"""The main function of prediction: find recordings, load the models, read windows, predict a batch at a time."""

from __future__ import annotations

import itertools
import math
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generate.runtime.safe_names import printable
from generate.workers import fork_server
from train.calibration.saved import SavedCalibration, read_calibration
from train.data.clip_statistics import quietest_dbfs
from train.data.decode import colour
from train.predict.classifier import Classifier, load_classifier
from train.predict.fold_models import folds_to_average
from train.predict.predictions import Predictions, WindowPrediction
from train.predict.recordings import Rejected, find_recordings, stream_windows
from train.predict.terminal_text import rejected_text
from train.predict.windows import FrontEnd, Window, front_end
from train.runs.run_folder import Run

MARGIN_DB = 6.0
"""So much quieter than the quietest clip of a run a recording may be: another recorder, a little more distance."""


@dataclass(frozen=True)
class Inputs:
    """What a prediction or an explanation begins with, before the models are loaded.

    Parameters
    ----------
    run : Run
    folds : tuple of str
        Whose models are averaged.
    front : FrontEnd
    calibration : SavedCalibration
        The temperature and the thresholds of the run.
    recordings : list of Path
    rejected : list of Rejected
    skipped : collections.Counter
        See `train.predict.recordings.find_recordings`.
    """

    run: Run
    folds: tuple[str, ...]
    front: FrontEnd
    calibration: SavedCalibration
    recordings: list[Path]
    rejected: list[Rejected]
    skipped: Counter[str]


def find_inputs(
    run: Run, paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], *, folds: Sequence[str] | None = None
) -> Inputs:
    """Find the recordings, and check that the run has the models and the settings for them.

    Parameters are those of `predict_recordings`.

    Raises
    ------
    FileNotFoundError, ValueError
        If a fold is not finished, or the run's settings cannot be used.
    """
    chosen = folds_to_average(run, folds)
    front, calibration = front_end(run), read_calibration(run.folder, run.classes)
    return Inputs(run, chosen, front, calibration, *find_recordings(paths))


def quiet_level(run: Run) -> float | None:
    """Peak in dBFS below which windows are quiet, if the run knows that of its clips."""
    quietest = quietest_dbfs(run.trained_on)
    return None if quietest is None else quietest - MARGIN_DB


def predict_recordings(
    run: Run,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    hop_s: float | None = None,
    half_overlapping: bool = False,
    min_dbfs: float | None = None,
    any_sound: bool = False,
    folds: Sequence[str] | None = None,
    batch_size: int = 32,
    on_start: Callable[[Inputs], None] | None = None,
) -> Predictions:
    """Classify recordings by the mean of the models of a run: `python -m train.predict`.

    Parameters
    ----------
    run : Run
    paths : sequence of str or path
        Audio files, or folders of them.
    hop_s : float, optional
        From one window's start to the next, 0.01 or more; default: the length of a window.
    half_overlapping : bool
        Without `hop_s`: a window begins every half of its length, as events need it.
    min_dbfs : float, optional
        Windows with a lower peak are quiet, and nothing is predicted for them; default: the peak of the quietest clip
        of the run less `MARGIN_DB`. -inf: all are predicted.
    any_sound : bool
        Name sounds too that are unlike all training clips; see `train.calibration.distance`.
    folds : sequence of str, optional
        Use only the models of these folds; default: see `train.predict.fold_models.folds_to_average`.
    batch_size : int
        Images that go through a model at once.
    on_start : callable, optional
        Called before the models are loaded, which takes seconds.

    Returns
    -------
    Predictions

    Raises
    ------
    FileNotFoundError, ValueError
        If a model cannot be loaded, a fold is not finished, or no recording could be read.
    """
    if min_dbfs is not None and math.isnan(min_dbfs):
        raise ValueError("min_dbfs must be a level in dBFS, or -inf. Got nan. Leave it out for that of the run.")
    inputs = find_inputs(run, paths, folds=folds)
    if hop_s is None and half_overlapping:
        hop_s = inputs.front.settings.seconds / 2
    if inputs.recordings:
        fork_server.start()  # the workers are ready when the models are
    if on_start is not None:
        on_start(inputs)
    level = quiet_level(run) if min_dbfs is None else min_dbfs
    windows: list[WindowPrediction] = []
    rejected = inputs.rejected
    rests_s: dict[str, float] = {}
    if inputs.recordings:
        classifier = load_classifier(run, inputs.folds, inputs.calibration, any_sound=any_sound)
        windows, unread, rests_s = predict_windows(
            inputs.recordings, inputs.front, classifier, min_dbfs=level, hop_s=hop_s, batch_size=batch_size
        )
        rejected = rejected + unread
    check_any_read(windows, rejected, "predicted")
    return Predictions(
        run, inputs.folds, hop_s, tuple(windows), tuple(rejected), inputs.calibration, level, rests_s=rests_s
    )


def predict_windows(
    recordings: Sequence[Path],
    front: FrontEnd,
    classifier: Classifier,
    *,
    min_dbfs: float | None = None,
    hop_s: float | None = None,
    batch_size: int = 32,
) -> tuple[list[WindowPrediction], list[Rejected], dict[str, float]]:
    """Predict every window of every recording, with no more than a batch of images in memory.

    Parameters
    ----------
    recordings : sequence of Path
    front : FrontEnd
    classifier : Classifier
    min_dbfs : float, optional
        Windows with a lower peak are quiet: nothing is predicted for them.
    hop_s, batch_size
        See `predict_recordings`.

    Returns
    -------
    predictions : list of WindowPrediction
        In order.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read.
    rests_s : dict of str to float
        By recording: how many seconds at its end are in no window; see `train.predict.recordings.WindowStream`.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more. Got {batch_size}. Give such as 32.")
    predictions: list[WindowPrediction] = []
    with stream_windows(recordings, front, hop_s=hop_s) as stream:
        while batch := list(itertools.islice(stream.windows, batch_size)):
            predictions += predict_batch(
                [(printable(str(path)), window) for path, window in batch],
                front,
                classifier,
                min_dbfs=min_dbfs,
            )
    return predictions, stream.rejected, stream.rests_s


def predict_batch(
    batch: Sequence[tuple[str, Window]],
    front: FrontEnd,
    classifier: Classifier,
    *,
    min_dbfs: float | None,
) -> list[WindowPrediction]:
    """Predict some windows at once.

    Parameters
    ----------
    batch : sequence of (str, Window)
        Windows with the names of their recordings.
    front, classifier, min_dbfs
        See `predict_windows`.
    """
    quiet = [min_dbfs is not None and window.peak_dbfs < min_dbfs for _, window in batch]
    skipped = [is_quiet or window.is_silent for is_quiet, (_, window) in zip(quiet, batch, strict=True)]
    audible = [window.pixels for skip, (_, window) in zip(skipped, batch, strict=True) if not skip]
    probabilities, unlikeness = classifier.predict(colour(np.stack(audible), front.palette)) if audible else ((), ())
    rows = iter(zip(probabilities, unlikeness, strict=True))
    predictions = []
    for is_quiet, skip, (file, window) in zip(quiet, skipped, batch, strict=True):
        predicted, unlike = (None, 0.0) if skip else next(rows)
        predictions.append(
            WindowPrediction(
                file=file,
                start_s=window.start_s,
                end_s=window.end_s,
                probabilities=predicted,
                sha256=window.sha256,
                peak_dbfs=window.peak_dbfs,
                is_quiet=is_quiet and not window.is_silent,
                is_unlike=bool(unlike > 1),
            )
        )
    return predictions


def check_any_read(windows: Sequence[object], rejected: Sequence[Rejected], what: str) -> None:
    """Check that at least one window was read; the error names all files and reasons.

    Parameters
    ----------
    windows : sequence
    rejected : sequence of Rejected
    what : str
        What was wanted, such as `predicted`.

    Raises
    ------
    ValueError
        If there is no window.
    """
    if not windows:
        reasons = rejected_text(rejected, what="the reasons") if rejected else "No recording was given."
        raise ValueError(f"None of these recordings could be {what}; {reasons}")
