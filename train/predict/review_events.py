"""The page on which events are reviewed: of each the window in which it is the most probable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from generate.dataset.folder import REVIEW
from generate.gallery.review.items import ReviewItem
from generate.runtime.wording import count, shown
from train.predict.events import DetectedEvent
from train.predict.predict_events import EventOptions
from train.predict.predictions import Predictions, WindowPrediction
from train.predict.review_page import absolute, write_windows_page
from train.predict.terminal_text import clock
from train.predict.windows import front_end
from train.wording import percent

MOST_EVENTS = 500
"""On a page: an hour or two of work."""


def write_events_review(
    folder: Path, predictions: Predictions, events: Mapping[str, Sequence[DetectedEvent]], options: EventOptions
) -> str:
    """Write `review.html` into the folder of the events: of at most `MOST_EVENTS`, the most doubtful first.

    An event is the more doubtful the nearer its peak is to the threshold of its class. Of a run with several labels a
    clip, and without an event, there is no page.

    Parameters
    ----------
    folder : Path
        That `train.predict.predict_events.write_event_files` wrote.
    predictions : Predictions
    events : Mapping of str to sequence of DetectedEvent
        By recording.
    options : EventOptions
        With which they were found.

    Returns
    -------
    str
        Where the page is, and what is not on it: a line with its end, or empty.
    """
    run, page = predictions.run, folder / REVIEW
    thresholds = options.thresholds(run.classes, predictions.calibration)
    found = [event for own in events.values() for event in own]
    if run.multilabel or not found:
        page.unlink(missing_ok=True)  # of earlier events
        return ""
    found.sort(key=lambda event: abs(event.peak_probability - thresholds[event.label]))
    n_left = len(found) - MOST_EVENTS
    verb = "is" if n_left == 1 else "are"
    note = (
        f"{count(n_left, 'event')} {verb} not on the page: those whose peaks are the farthest from their thresholds."
        if n_left > 0
        else ""
    )
    by_file: dict[str, list[WindowPrediction]] = defaultdict(list)
    for window in predictions.windows:
        by_file[window.file].append(window)
    front = front_end(run)
    items = [
        _item(event, by_file[event.file], run.classes, thresholds[event.label], front.settings.seconds)
        for event in found[:MOST_EVENTS]
    ]
    lacking = write_windows_page(page, items, run, front, title="Review of the events", found_by="events", note=note)
    return f"To review them by keyboard: open {shown(page)}" + (f". {lacking}" if lacking else "") + "\n"


def peak_window(event: DetectedEvent, windows: Sequence[WindowPrediction], number: int) -> WindowPrediction:
    """The window of an event in which its class is the most probable.

    Parameters
    ----------
    event : DetectedEvent
    windows : sequence of WindowPrediction
        Of its recording.
    number : int
        Of its class.
    """
    counted = [window for window in windows if window.counted is not None]
    inside = [window for window in counted if window.start_s < event.end_s and window.end_s > event.start_s]
    inside = inside or counted  # of less than a millisecond, to which times are rounded
    # Not the highest: a neighbouring event may reach into these windows.
    return min(inside, key=lambda window: abs(float(window.probabilities[number]) - event.peak_probability))  # type: ignore[index]


def event_box(event: DetectedEvent, window: WindowPrediction, seconds: float) -> tuple[float, float, float, float, str]:
    """The part of an event that is in a window, for its image; arrows say that it continues beyond.

    Parameters
    ----------
    event : DetectedEvent
    window : WindowPrediction
        That the event is in.
    seconds : float
        That the image shows: after the end of a recording, padding.

    Returns
    -------
    left, right, bottom, top : float
        As fractions of the image.
    text : str
    """
    begin_s, end_s = round(window.start_s, 3), round(window.end_s, 3)  # as times of events are rounded
    text = ("← " if event.start_s < begin_s else "") + "event" + (" →" if event.end_s > end_s else "")
    left, right = max(event.start_s, begin_s) - begin_s, min(event.end_s, end_s) - begin_s
    return round(left / seconds, 4), round(min(1.0, right / seconds), 4), 0.0, 1.0, text


def _item(
    event: DetectedEvent, windows: Sequence[WindowPrediction], classes: Sequence[str], threshold: float, seconds: float
) -> ReviewItem:
    number = list(classes).index(event.label)
    window = peak_window(event, windows, number)
    probabilities = np.asarray(window.probabilities)
    other = next(int(k) for k in np.argsort(-probabilities, kind="stable") if k != number) if len(classes) > 1 else None
    also = "" if other is None else f", {classes[other]} {percent(float(probabilities[other]))}"
    return ReviewItem(
        clip_id="",
        file=absolute(event.file),
        start_s=float(window.start_s),
        end_s=float(window.end_s),
        label=event.label,
        image="",
        why=f"{event.label} {percent(event.peak_probability)} (an event from {percent(threshold)} on){also}. "
        f"The event lasts from {clock(event.start_s)} to {clock(event.end_s)}",
        suggested="" if other is None else classes[other],
        boxes=(event_box(event, window, seconds),),
    )
