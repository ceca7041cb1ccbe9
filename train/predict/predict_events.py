"""Events of recordings by a run: its thresholds, its windows, and the files."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generate.dataset.background_classes import NOT_EVENTS
from generate.runtime.one_or_several import as_tuple
from generate.runtime.progress import Progress
from generate.runtime.safe_names import path_on_disk
from generate.workers.durations import durations
from generate.workers.pool import usable_cores
from train.calibration.saved import SavedCalibration
from train.calibration.thresholds import HIGHEST
from train.predict.event_files import PAGE, event_table, write_events
from train.predict.events import DetectedEvent, find_events
from train.predict.predict_recordings import predict_recordings
from train.predict.predictions import Predictions
from train.predict.recorder_time import recorded_at
from train.predict.recording_page import write_pages as recording_page
from train.predict.recording_page.blocks import n_blocks
from train.predict.recording_page.listening import STRIPS
from train.predict.recording_page.write_pages import RecordingPage
from train.predict.recordings import MAX_READERS
from train.predict.windows import front_end
from train.runs.run_folder import Run


@dataclass(frozen=True)
class EventOptions:
    """What counts as an event.

    Parameters
    ----------
    classes : sequence of str, optional
        Default: all.
    min_probability : float, optional
        Threshold of all classes; default: those of the run's calibration.
    min_gap_s : float, optional
        Default: half a window.
    """

    classes: Sequence[str] | None = None
    min_probability: float | None = None
    min_gap_s: float | None = None

    def check(self, classes: Sequence[str]) -> None:
        """Raise `ValueError` for a class that the run does not have, and for numbers that are out of range."""
        if self.classes is not None and not len(as_tuple(self.classes)):
            raise ValueError(f"--classes must name one class or more. Got none. Choose from {', '.join(classes)}.")
        if self.min_gap_s is not None and not 0 <= self.min_gap_s < math.inf:
            raise ValueError(f"--min-gap-s must be 0 seconds or more. Got {self.min_gap_s}. Give such as 1.")
        unknown = [name for name in as_tuple(self.classes or ()) if name not in classes]
        if unknown:
            raise ValueError(
                f"--classes must be classes of the run. Got {unknown[0]!r}. Choose from {', '.join(classes)}."
            )
        without = [name for name in as_tuple(self.classes or ()) if name in NOT_EVENTS]
        if without:
            raise ValueError(
                f"--classes must be classes that have events. Got {without[0]!r}, which is trained on and never an "
                "event. Leave it out."
            )
        if self.min_probability is not None and not 0 < self.min_probability <= 1:
            raise ValueError(
                f"--min-probability must be above 0 and at most 1. Got {self.min_probability}. Leave it out for the "
                "thresholds of the run."
            )

    def thresholds(self, classes: Sequence[str], calibration: SavedCalibration) -> dict[str, float]:
        """The threshold of each class that has events, of the classes of a run."""
        names = classes if self.classes is None else as_tuple(self.classes)
        given = None if self.min_probability is None else min(self.min_probability, HIGHEST)  # 1: events of exactly 1
        return {name: calibration.threshold(name) if given is None else given for name in names}

    def min_gap_of(self, seconds: float) -> float:
        """The shortest gap between events, where windows have so many seconds."""
        return seconds / 2 if self.min_gap_s is None else self.min_gap_s


def events_by_file(predictions: Predictions, options: EventOptions) -> dict[str, list[DetectedEvent]]:
    """The events of each recording, in the order of the predictions.

    Parameters
    ----------
    predictions : Predictions
    options : EventOptions
    """
    classes = predictions.run.classes
    seconds = front_end(predictions.run).settings.seconds
    events = {}
    for file, group in groupby(predictions.windows, key=lambda window: window.file):
        windows = list(group)
        silent = np.full(len(classes), np.nan)
        events[file] = find_events(
            np.array([window.start_s for window in windows]),
            np.array([window.end_s for window in windows]),
            np.stack([silent if window.counted is None else window.counted for window in windows]),
            classes,
            thresholds=options.thresholds(predictions.run.classes, predictions.calibration),
            hop_s=predictions.hop_s or seconds,
            min_gap_s=options.min_gap_of(seconds),
            file=file,
        )
    return events


def event_table_of(
    run: Run, paths: str | os.PathLike[str] | Sequence, options: EventOptions, **how: Any
) -> pd.DataFrame:
    """Find the events of recordings, as a table.

    Parameters
    ----------
    run : Run
    paths : str, path, or sequence of them
        Audio files, or folders of them.
    options : EventOptions
    **how
        Of `train.predict.predict_recordings.predict_recordings`.

    Returns
    -------
    pandas.DataFrame
        See `train.predict.event_files.event_table`; what could not be read is in `.attrs["rejected"]`.

    Raises
    ------
    ValueError
        If nothing could be read, or there is no such class.
    """
    options.check(run.classes)
    predictions = predict_recordings(run, paths, half_overlapping=True, **how)
    events = events_by_file(predictions, options)
    table = event_table([event for own in events.values() for event in own], begin_times(list(events)))
    table.attrs["rejected"] = [tuple(entry) for entry in predictions.rejected]
    return table


def begin_times(files: Sequence[str]) -> dict[str, datetime]:
    """When recordings begin, of those that say so."""
    known = {file: recorded_at(Path(path_on_disk(file, Path()))) for file in files}
    return {file: at for file, at in known.items() if at is not None}


def write_event_files(
    folder: Path,
    predictions: Predictions,
    events: Mapping[str, Sequence[DetectedEvent]],
    options: EventOptions,
    *,
    names: Mapping[str, str],
    formats: Sequence[str],
) -> list[Path]:
    """Write the events of a run; see `train.predict.event_files.write_events`."""
    return write_events(
        folder,
        events,
        names=names,
        formats=formats,
        times=begin_times(list(events)),
        high_hz=front_end(predictions.run).settings.highest_hz,
        made_by={
            "run": predictions.run.folder.name,
            "folds": list(predictions.folds),
            "hop_s": predictions.hop_s,
            "temperature": predictions.calibration.temperature,
            "thresholds": options.thresholds(predictions.run.classes, predictions.calibration),
        },
    )


def write_pages(
    folder: Path,
    predictions: Predictions,
    events: Mapping[str, Sequence[DetectedEvent]],
    options: EventOptions,
    *,
    names: Mapping[str, str],
) -> tuple[list[Path], dict[str, str]]:
    """Write a page for each recording into the folder that `write_event_files` wrote, and show the progress.

    Parameters
    ----------
    folder : Path
    predictions : Predictions
    events : Mapping of str to sequence of DetectedEvent
        By recording.
    options : EventOptions
    names : Mapping of str to str
        As `train.predict.event_files.check_events_folder` gives them.

    Returns
    -------
    pages : list of Path
    lacking : dict of str to str
        Recordings without a page, or with a page of their beginning, and why.
    """
    run, settings = predictions.run, front_end(predictions.run).settings
    made_by = (
        f"Events of the run {run.folder.resolve().name} (models of folds {', '.join(predictions.folds)}), a window "
        f"every {predictions.hop_s or settings.seconds:g} s."
    )
    thresholds = options.thresholds(run.classes, predictions.calibration)
    thresholds = {name: p for name, p in thresholds.items() if name not in NOT_EVENTS}
    times = begin_times(list(events))
    recordings = {file: Path(path_on_disk(file, Path())) for file in events}
    for file in events:
        (folder / (names[file] + PAGE)).unlink(missing_ok=True)  # of earlier events
    workers = min(MAX_READERS, usable_cores())
    lengths = dict(zip(events, durations(list(recordings.values()), workers=workers), strict=True))
    wanted = {
        file: RecordingPage(
            recordings[file],
            length,
            events[file],
            thresholds,
            folder / (names[file] + PAGE),
            folder / (names[file] + STRIPS),
            times.get(file),
            made_by,
        )
        for file, length in lengths.items()
        if not isinstance(length, str)
    }
    with Progress(sum(n_blocks(page.length_s) for page in wanted.values()), noun="block") as progress:
        reasons = recording_page.write_pages(
            list(wanted.values()), settings, workers=workers, on_block=lambda: progress.step(n_rejected=0)
        )
    lacking = {file: length for file, length in lengths.items() if isinstance(length, str)}
    lacking |= {file: why for file, why in zip(wanted, reasons, strict=True) if why}
    return [page.page for page in wanted.values() if page.page.is_file()], lacking
