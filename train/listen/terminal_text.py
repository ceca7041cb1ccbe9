"""What listening shows on the terminal: a line in place, a line an event, and a summary."""

from __future__ import annotations

import math
import shutil
import sys
from collections import Counter
from datetime import timedelta

import numpy as np

from generate.runtime.one_or_several import option_text
from generate.runtime.wording import count
from train.listen.incoming_windows import MAX_WAITING
from train.listen.listen import Heard, Listener
from train.listen.sources import Block
from train.predict.events import DetectedEvent
from train.predict.predictions import WindowPrediction
from train.predict.terminal_text import classes_text, clock, heading
from train.wording import folds_in_words, percent, shortened

SILENT_WINDOWS = 3
"""Digital silence for so long at the beginning is not a quiet room."""
ONLY_SILENCE = (
    "  note      nothing but digital silence so far: is the microphone muted, or may this terminal not use it (privacy "
    "settings of the system)?"
)


def start_text(listener: Listener, window_s: float) -> str:
    """The models, the source, the windows, and what to know about them.

    Parameters
    ----------
    listener : Listener
    window_s : float
        Time that a window takes here, in seconds.
    """
    source, settings, hop_s = listener.source, listener.front.settings, listener.hop_s
    lines = [
        heading(listener.run, listener.folds, Counter()),
        f"  source    {shortened(source.name, longest=60)}, {source.sr:,} Hz",
        f"  windows   {settings.seconds:g} s, one every {hop_s:g} s; to predict one takes {window_s:.2f} s",
    ]
    if source.is_live and window_s > hop_s:
        one_fold = option_text("--folds", [folds_in_words(listener.folds[:1])])
        fewer = f" with one model ({one_fold}), or" if len(listener.folds) > 1 else ""
        lines.append(
            "  note      too slow: windows will be skipped. "
            f"Listen{fewer} less often (--hop-seconds {math.ceil(2 * window_s)})"
        )
    if hop_s > settings.seconds:
        lines.append("  note      what is between windows is not predicted")
    if source.sr / 2 < 0.99 * settings.highest_hz:
        lines.append(
            f"  note      this source has nothing above {source.sr / 2:,.0f} Hz; the images of the run "
            f"show up to {settings.highest_hz:,.0f} Hz"
        )
    return "\n".join(lines)


def event_text(event: DetectedEvent, listener: Listener) -> str:
    """Such as `0:12.5 - 0:20.0  Dog bark  7.5 s, peak 93.1 %`; with the time of day where that is known."""
    began_at = listener.source.began_at
    at = "" if began_at is None else f"{began_at + timedelta(seconds=event.start_s):%H:%M:%S}  "
    place = f"{clock(event.start_s)} - {clock(event.end_s)}"
    length = f"{event.end_s - event.start_s:.1f} s"
    return f"{at}{place}  {shortened(event.label)}  {length}, peak {percent(event.peak_probability)}"


def heard_text(heard: Heard, listener: Listener) -> str:
    """How long, how many windows and events, and what was missed."""
    events = ", ".join(f"{shortened(label)} {n:,}" for label, n in heard.n_events.most_common()) or "none"
    lines = [f"{clock(heard.seconds)} heard, {count(heard.n_windows, 'window')}; events: {events}"]
    if heard.n_quiet:
        lines.append(f"{count(heard.n_quiet, 'window')} of these silent or quiet, and not predicted (--min-dbfs)")
    if heard.n_skipped:
        each = f"{heard.busy_s / heard.n_windows:.2f} s" if heard.n_windows else "too long"
        lines.append(
            f"{count(heard.n_skipped, 'window')} skipped: one took {each}, and one begins every {listener.hop_s:g} s. "
            f"At most {MAX_WAITING} wait. Use fewer models (--folds) or a longer --hop-seconds"
        )
    if heard.lost_s:
        lines.append(f"{heard.lost_s:.1f} s of audio lost while a window was predicted")
    if n_overflows := listener.source.n_overflows:
        lines.append(f"{count(n_overflows, 'time')} the system lost audio before it came here")
    return "\n".join(lines)


class StatusLine:
    """The level and the last prediction, in one line that is updated in place; nothing where it is no terminal.

    Parameters
    ----------
    listener : Listener
    """

    def __init__(self, listener: Listener) -> None:
        self._listener, self._is_shown = listener, sys.stdout.isatty()
        self._prediction = "..."
        self._n_silent = 0

    def on_block(self, block: Block) -> None:
        """Show the peak of a block."""
        if self._is_shown and len(block.channels):
            peak = float(np.abs(block.channels).max())
            level = f"{20 * math.log10(peak):6.1f} dBFS" if peak > 0 else "  -inf dBFS"
            end_s = (block.start + len(block.channels)) / self._listener.source.sr
            self._write(f"{clock(end_s)}  {level}  {self._prediction}")

    def on_window(self, window: WindowPrediction) -> None:
        """Show a prediction from the next block on."""
        run = self._listener.run
        table = self._listener.described(window).by_window(top=len(run.classes) if run.multilabel else 1)
        self._prediction = classes_text(table.to_dict("records")[0])[0]
        if self._listener.source.is_live and self._n_silent < SILENT_WINDOWS:
            self._n_silent = self._n_silent + 1 if window.peak_dbfs == -math.inf else SILENT_WINDOWS + 1
            if self._n_silent == SILENT_WINDOWS:
                self.print(ONLY_SILENCE)

    def print(self, text: str) -> None:
        """Print a line above."""
        if self._is_shown:
            self._write("")
        print(text, flush=True)

    def end(self) -> None:
        """Remove the line."""
        if self._is_shown:
            self._write("")

    def _write(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        sys.stdout.write("\r" + text[:width].ljust(width) + "\r")
        sys.stdout.flush()
