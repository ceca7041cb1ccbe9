"""Long recordings with known events, made of the real clips of ESC-10: for `benchmarks.field`.

Background (rain, sea waves, fire) rises and falls between -70 and -30 dBFS; events of three classes, and of a fourth
that nobody trains on, lie in it at known times. The two halves take clips of other folds, and in ESC-10 no recording is
in two folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile

from benchmarks.measure import esc10_clips
from generate.dataset.background_classes import OTHER
from generate.readers.annotations import audacity, raven
from generate.readers.annotations.events import Event

SR = 44100
CLASSES = ("Dog bark", "Rooster", "Person sneeze")
FOREIGN = "Baby cry"
OTHERS = ("Chainsaw", "Clock tick", "Helicopter")
"""What else is heard in the annotated half, annotated as `_other`: not the foreign class."""
BACKGROUNDS = ("Rain", "Sea waves", "Fire crackling")
FADE_S = 0.5
QUIETEST_DBFS, LOUDEST_DBFS = -70.0, -30.0
"""Level of the background (root mean square of ten seconds)."""


def clips_of(label: str, folds: Sequence[int]) -> list[Path]:
    """The clips of a class in some folds."""
    clips = [path for path in esc10_clips() if path.parent.name.endswith(f"- {label}")]
    return [path for path in clips if int(path.name[0]) in folds]


def read(path: Path) -> np.ndarray:
    """A clip, shape=(n,), float32."""
    y, sr = soundfile.read(path, dtype="float32")
    assert sr == SR
    return y if y.ndim == 1 else y.mean(axis=1)


def background(duration_s: float, folds: Sequence[int], rng: np.random.Generator) -> np.ndarray:
    """Clips of the background one after the other, faded into each other, at a level that rises and falls."""
    n, fade = int(duration_s * SR), int(FADE_S * SR)
    y = np.zeros(n + 10 * SR, np.float32)
    paths = [path for label in BACKGROUNDS for path in clips_of(label, folds)]
    place = 0
    ramp = np.sin(np.linspace(0, np.pi / 2, fade)).astype(np.float32)
    while place < n:
        clip = read(paths[rng.integers(len(paths))])
        clip = clip / max(1e-9, float(np.sqrt(np.mean(clip**2))))
        clip[:fade] *= ramp
        clip[-fade:] *= ramp[::-1]
        y[place : place + len(clip)] += clip[: len(y) - place]
        place += len(clip) - fade
    knots = np.arange(0, duration_s + 10, 10)
    levels = np.interp(np.arange(n) / SR, knots, rng.uniform(QUIETEST_DBFS, LOUDEST_DBFS, len(knots)))
    return (y[:n] * 10 ** (levels / 20)).astype(np.float32)


def recording(
    duration_s: float, folds: Sequence[int], labels: Sequence[str], *, gap_s: tuple[float, float], seed: int
) -> tuple[np.ndarray, list[Event]]:
    """Background with events in it.

    Parameters
    ----------
    duration_s : float
    folds : sequence of int
        Of ESC-10, from which everything is taken.
    labels : sequence of str
        Classes of the events; none: background alone.
    gap_s : tuple of (float, float)
        From the end of an event to the next, at least and at most.
    seed : int

    Returns
    -------
    y : np.ndarray, shape=(n,), float32
    events : list of Event
    """
    rng = np.random.default_rng(seed)
    y = background(duration_s, folds, rng)
    events: list[Event] = []
    start_s = rng.uniform(*gap_s)
    paths = {label: clips_of(label, folds) for label in labels}
    while labels:
        label = labels[rng.integers(len(labels))]
        clip, _ = librosa.effects.trim(read(paths[label][rng.integers(len(paths[label]))]), top_db=30)
        clip = clip[: int(2.5 * SR)]
        if start_s + len(clip) / SR > duration_s:
            break
        place = int(start_s * SR)
        here = y[place : place + len(clip)]
        behind_dbfs = 20 * np.log10(max(1e-9, float(np.sqrt(np.mean(here**2)))))
        peak_dbfs = max(rng.uniform(-40, -10), behind_dbfs + 20)
        here += clip * 10 ** (min(peak_dbfs, -3) / 20) / max(1e-9, float(np.abs(clip).max()))
        events.append(Event("", start_s, start_s + len(clip) / SR, label))
        start_s += len(clip) / SR + rng.uniform(*gap_s)
    return np.clip(y, -1, 1), events


def write(folder: Path, name: str, y: np.ndarray, events: Sequence[Event], *, kind: str) -> None:
    """Write a recording, and its annotations as Raven or Audacity save them."""
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.wav", y, SR, subtype="PCM_16")
    if kind == "raven":
        text = raven.write([(event, 1.0) for event in events], high_hz=SR / 2)
        (folder / f"{name}.Table.1.selections.txt").write_text(text, encoding="utf-8")
    else:
        (folder / f"{name}.txt").write_text(audacity.write(events), encoding="utf-8")


def make(folder: Path) -> pd.DataFrame:
    """Write both halves, 15 minutes each, and ten minutes of background alone.

    Returns
    -------
    pandas.DataFrame
        `file`, `start_s`, `end_s`, `label` of the events of the second half, in `heard/`; the first is in `annotated/`,
        and with seven and a half minutes of other sounds in `annotated with others/`.
    """
    for number in range(6):
        y, events = recording(150, (1, 2, 3), CLASSES, gap_s=(2, 10), seed=number)
        for half in ("annotated", "annotated with others"):
            write(folder / half, f"morning-{number + 1}", y, events, kind=("raven", "audacity")[number % 2])
    for number in range(3):
        y, events = recording(150, (1, 2, 3), OTHERS, gap_s=(2, 10), seed=50 + number)
        events = [event._replace(label=OTHER) for event in events]
        write(folder / "annotated with others", f"noon-{number + 1}", y, events, kind="raven")
    y, events = recording(900, (4, 5), (*CLASSES, FOREIGN), gap_s=(4, 16), seed=100)
    soundfile_folder = folder / "heard"
    soundfile_folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(soundfile_folder / "evening.wav", y, SR, subtype="PCM_16")
    quiet, _ = recording(600, (4, 5), (), gap_s=(4, 16), seed=200)
    soundfile.write(soundfile_folder / "background.wav", quiet, SR, subtype="PCM_16")
    return pd.DataFrame(
        [("evening.wav", *event[1:4]) for event in events], columns=["file", "start_s", "end_s", "label"]
    )
