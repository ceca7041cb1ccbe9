"""The main function of listening: read a source, render and predict its windows, find events."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from generate.audio import BadAudio, Decoded, checked
from train.calibration.saved import SavedCalibration, read_calibration
from train.data.decode import colour
from train.listen.incoming_windows import IncomingWindows
from train.listen.online_events import OnlineEvents
from train.listen.sources import Block, Source
from train.predict.classifier import Classifier, load_classifier
from train.predict.events import DetectedEvent
from train.predict.fold_models import folds_to_average
from train.predict.predict_events import EventOptions
from train.predict.predict_recordings import predict_batch, quiet_level
from train.predict.predictions import Predictions, WindowPrediction
from train.predict.windows import front_end, render_window
from train.runs.run_folder import Run


@dataclass(frozen=True)
class ListenOptions:
    """How to listen.

    Parameters
    ----------
    hop_s : float, optional
        From one window's start to the next; default: half a window, as for events of recordings.
    folds : sequence of str, optional
        Whose models are averaged; default: see `train.predict.fold_models.folds_to_average`.
    min_dbfs : float, optional
        See `train.predict.predict_recordings.predict_recordings`.
    events : EventOptions
    seconds : float, optional
        When to end; default: when the source does.
    any_sound : bool
        As `min_dbfs`.
    """

    hop_s: float | None = None
    folds: Sequence[str] | None = None
    min_dbfs: float | None = None
    events: EventOptions = field(default_factory=EventOptions)
    seconds: float | None = None
    any_sound: bool = False

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("hop_s", "seconds"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} must be a time in seconds, above 0. Got {value!r}.")


@dataclass
class Heard:
    """What has been heard so far.

    Parameters
    ----------
    seconds : float
        Of audio.
    n_windows, n_quiet, n_skipped : int
        Windows that were looked at; those of them that are silent or quiet; and others, for which there was no time.
    lost_s : float
        Audio that the source lost.
    busy_s : float
        Time that the windows took, without waiting.
    n_events : collections.Counter
        By class.
    was_interrupted : bool
        By Ctrl-C.
    """

    seconds: float = 0.0
    n_windows: int = 0
    n_quiet: int = 0
    n_skipped: int = 0
    lost_s: float = 0.0
    busy_s: float = 0.0
    n_events: Counter[str] = field(default_factory=Counter)
    was_interrupted: bool = False


class Listener:
    """Predicts the windows of a source as they come, as `train.predict` does those of a recording.

    Parameters
    ----------
    run : Run
    source : Source
    options : ListenOptions

    Raises
    ------
    FileNotFoundError, ValueError
        If a model is missing, or an option does not fit the run.
    """

    def __init__(self, run: Run, source: Source, options: ListenOptions = ListenOptions()) -> None:
        options.events.check(run.classes)
        self.run, self.source, self.options = run, source, options
        self.folds = folds_to_average(run, options.folds)
        self.front = front_end(run)
        self.calibration: SavedCalibration = read_calibration(run.folder, run.classes)
        seconds = self.front.settings.seconds
        self.hop_s = seconds / 2 if options.hop_s is None else options.hop_s
        self.heard = Heard()
        self._min_dbfs = quiet_level(run) if options.min_dbfs is None else options.min_dbfs
        self._windows = IncomingWindows(source.sr, seconds=seconds, hop_s=self.hop_s, is_live=source.is_live)
        self._events = OnlineEvents(
            run.classes,
            thresholds=options.events.thresholds(run.classes, self.calibration),
            hop_s=self.hop_s,
            min_gap_s=options.events.min_gap_of(seconds),
            file=source.name,
        )
        self._classifier = Classifier(())

    def load(self) -> float:
        """Load the models, and return the seconds that one window takes to predict."""
        self._classifier = load_classifier(self.run, self.folds, self.calibration, any_sound=self.options.any_sound)
        image = colour(self.front.silent_pixels()[None], self.front.palette)
        for _ in range(2):  # the first compiles them
            began_s = time.monotonic()
            self._classifier.predict(image)
        return time.monotonic() - began_s

    def stop(self) -> None:
        """End after the window that is being predicted, as for Ctrl-C; may be called in a signal handler."""
        self.heard.was_interrupted = True

    def add(self, block: Block) -> Iterable[WindowPrediction | DetectedEvent]:
        """Add samples: yields the predictions of the windows that they complete, and the events that are then over.

        Parameters
        ----------
        block : Block
        """
        self._windows.add(block)
        self.heard.seconds = self._windows.end / self.source.sr
        yield from self._predicted(self._windows.complete())

    def finish(self) -> Iterable[WindowPrediction | DetectedEvent]:
        """End: yields the predictions of shorter windows at the end, unless interrupted, and all open events."""
        if not self.heard.was_interrupted:
            yield from self._predicted(self._windows.rest())
        yield from self._counted(self._events.finish())

    def described(self, window: WindowPrediction) -> Predictions:
        """One prediction with its run and thresholds, for tables and the terminal."""
        return Predictions(self.run, self.folds, self.hop_s, (window,), (), self.calibration, self._min_dbfs)

    def _predicted(self, windows: Iterable[tuple[float, np.ndarray]]) -> Iterable[WindowPrediction | DetectedEvent]:
        for start_s, channels in windows:
            began_s = time.monotonic()
            window = self._predict(start_s, channels)
            self.heard.busy_s += time.monotonic() - began_s
            self.heard.n_windows += 1
            self.heard.n_quiet += window.probabilities is None
            yield window
            yield from self._counted(self._events.add(window.start_s, window.end_s, window.counted))
        self.heard.n_skipped = self._windows.n_skipped
        self.heard.lost_s = self._windows.n_lost / self.source.sr

    def _predict(self, start_s: float, channels: np.ndarray) -> WindowPrediction:
        settings = self.front.settings
        try:
            loaded = checked(
                Decoded(channels, self.source.sr, self.source.bits),
                settings.sr,
                shown_s=settings.seconds,
                # A microphone of one channel is the left and the right one.
                channels=settings.channels if channels.shape[1] > 1 or settings.channels == "stereo" else "auto",
                keep_level=settings.shows_level,
            )
        except BadAudio as error:
            raise ValueError(f"{self.source.name}, from {start_s:g} s on: {error}") from None
        (window,) = predict_batch(
            [(self.source.name, render_window(loaded, start_s, self.front))],
            self.front,
            self._classifier,
            min_dbfs=self._min_dbfs,
        )
        return window

    def _counted(self, events: Iterable[DetectedEvent]) -> Iterable[DetectedEvent]:
        for event in events:
            self.heard.n_events[event.label] += 1
            yield event


def listen(
    listener: Listener,
    *,
    on_block: Callable[[Block], None] = lambda block: None,
    on_window: Callable[[WindowPrediction], None] = lambda window: None,
    on_event: Callable[[DetectedEvent], None] = lambda event: None,
) -> Heard:
    """Listen until the source or the time ends, or Ctrl-C: `python -m train.listen`.

    Parameters
    ----------
    listener : Listener
        Whose models are loaded.
    on_block, on_window, on_event : callable
        Called with what came: samples, the prediction of a window, an event that is over.

    Returns
    -------
    Heard

    Raises
    ------
    OSError, ValueError
        If the source is gone, or holds what is no audio. Events that were open are given to `on_event` first.
    """

    def tell(found: Iterable[WindowPrediction | DetectedEvent]) -> None:
        for item in found:
            if isinstance(item, DetectedEvent):
                on_event(item)
            else:
                on_window(item)

    longest_s = listener.options.seconds
    n_longest = None if longest_s is None else round(longest_s * listener.source.sr)
    try:
        with listener.source as source:
            while not listener.heard.was_interrupted and (block := source.read()) is not None:
                left = None if n_longest is None else max(0, n_longest - block.start)
                block = Block(block.start, block.channels[:left])
                on_block(block)
                tell(listener.add(block))
                if left is not None and len(block.channels) == left:
                    break
    except KeyboardInterrupt:
        listener.stop()
    except (OSError, ValueError):
        listener.stop()
        tell(listener.finish())
        raise
    tell(listener.finish())
    return listener.heard
