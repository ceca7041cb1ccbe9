"""Annotations in, events out: `python -m benchmarks.field [--quality standard]`.

Makes half an hour of recordings with known events (see `benchmarks.field_recordings`), trains on the annotations of one
half, without and with the class `_background`, and with a class `_other` of sounds that are none of the classes either,
and finds the events of the other half. Prints how many of them are right, how many true ones are found, false alarms
per hour of background, and what becomes of a class that is unknown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import generate
import train
from benchmarks.field_recordings import CLASSES, FOREIGN, make
from benchmarks.measure import show
from generate.dataset.background_classes import NOT_EVENTS
from train.calibration.saved import FILE as CALIBRATION
from train.quality import QUALITIES

SECONDS = 3.0
CONDITIONS = (
    ("without", 0.0, "annotated"),
    ("with _background", 2.0, "annotated"),
    ("with _background and _other", 2.0, "annotated with others"),
)
"""Name, windows of background per event, and what is trained on."""


def matched(events: pd.DataFrame, truth: pd.DataFrame) -> tuple[int, int]:
    """How many events overlap a true one of their class, and how many true ones such an event."""

    def overlapping(one: pd.DataFrame, other: pd.DataFrame) -> int:
        return sum(
            bool(((other["label"] == label) & (other["start_s"] < end) & (start < other["end_s"])).any())
            for start, end, label in one[["start_s", "end_s", "label"]].itertuples(index=False, name=None)
        )

    return overlapping(events, truth), overlapping(truth, events)


def named_windows(windows: pd.DataFrame, foreign: pd.DataFrame, thresholds: dict[str, float]) -> tuple[int, int]:
    """How many of the windows that hold half of a foreign event are named as a class, and how many there are."""
    classes = [name for name in thresholds if name not in NOT_EVENTS]
    reached = windows[[f"p:{name}" for name in classes]].to_numpy() >= [thresholds[name] for name in classes]
    is_named = reached.any(axis=1) & ~windows["unlike"].to_numpy()
    start, end = (foreign[name].to_numpy() for name in ("start_s", "end_s"))
    shared = np.minimum(end, windows[["end_s"]].to_numpy()) - np.maximum(start, windows[["start_s"]].to_numpy())
    holds_half = (shared >= 0.5 * (end - start)).any(axis=1)
    return int((is_named & holds_half).sum()), int(holds_half.sum())


def score(events: pd.DataFrame, truth: pd.DataFrame, name: str) -> dict[str, object]:
    """A row of the table."""
    evening = events[events["file"].str.endswith("evening.wav")]
    own, foreign = truth[truth["label"] != FOREIGN], truth[truth["label"] == FOREIGN]
    n_right, n_found = matched(evening, own)
    as_class = sum(
        bool(((evening["start_s"] < end) & (start < evening["end_s"])).any())
        for start, end in foreign[["start_s", "end_s"]].itertuples(index=False, name=None)
    )
    n_false = int(events["file"].str.endswith("background.wav").sum())
    return {
        "trained": name,
        "events": len(evening),
        "right": f"{n_right} ({n_right / max(1, len(evening)):.0%})",
        "found": f"{n_found} of {len(own)} ({n_found / len(own):.0%})",
        "false alarms per hour of background": f"{6 * n_false}",
        f"{FOREIGN} named as a class": f"{as_class} of {len(foreign)}",
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field", description=__doc__)
    parser.add_argument("--quality", choices=list(QUALITIES), default="fast", help="as of `train` (default: fast)")
    quality = parser.parse_args().quality
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        truth = make(folder)
        for kind, background, half in CONDITIONS:
            annotated, images = folder / half, folder / f"images {kind}"
            generate.render(annotated, images, annotations=annotated, seconds=SECONDS, background=background, listen=0)
            run = train.fit(images, quality=quality, runs=folder / "runs", name=kind.replace(" ", "-"))
            events = run.events([folder / "heard"])
            windows = run.predict([folder / "heard" / "evening.wav"], hop_s=SECONDS / 2)
            thresholds = json.loads((run.folder / CALIBRATION).read_text(encoding="utf-8"))["thresholds"]
            n_named, n = named_windows(windows, truth[truth["label"] == FOREIGN], thresholds)
            rows.append(score(events, truth, kind) | {"windows with half of it, named": f"{n_named} of {n}"})
            print(rows[-1], flush=True)
    show(f"Events of {', '.join(CLASSES)} in 15 minutes, {quality}", rows, file_name="field.csv")


if __name__ == "__main__":
    main()
