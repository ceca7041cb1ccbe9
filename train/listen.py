"""Recordings to what the nets say of them: found, read window by window, and predicted a batch at a time."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.audio import duration_s
from generate.progress import Progress
from generate.readers.collection import printable
from generate.readers.walk import find_sounds
from generate.workers import in_order, usable_cores
from train.answers import Heard, Rejected
from train.ensemble import mean_probabilities
from train.images import colour
from train.windows import FrontEnd, Window, read_window, window_starts

if TYPE_CHECKING:
    import keras

MOST_READERS = 2
"""Processes that decode and draw: the nets want cores too."""


def find_recordings(given: Sequence[Path]) -> tuple[list[Path], list[Rejected], Counter]:
    """Find sounds: files as they are given, and those in folders at any depth.

    Returns
    -------
    recordings : list of Path
        Each once, in the order given.
    rejected : list of Rejected
        What is not there, and folders without sounds.
    passed_over : collections.Counter
        Files in folders that are no sounds, by their ending, and hidden ones.
    """
    recordings: list[Path] = []
    rejected: list[Rejected] = []
    passed_over: Counter = Counter()
    for path in given:
        if os.path.isdir(path):
            try:
                found, others = find_sounds(path)
            except OSError as error:
                rejected.append(_rejected(path, f"not readable: {error.strerror or error}"))
                continue
            recordings += [path / name for name in found]
            passed_over += others
            if not found:
                rejected.append(_rejected(path, "no sound is in this folder (.wav, .flac, .ogg, .mp3 and others)"))
        elif os.path.isfile(path):
            recordings.append(path)
        else:
            what = "neither a file nor a folder" if os.path.exists(path) else "there is no such file or folder"
            rejected.append(_rejected(path, what))
    return list(dict.fromkeys(recordings)), rejected, passed_over


def listen(
    recordings: Sequence[Path], front: FrontEnd, nets: Sequence[keras.Model], *, hop_s: float | None, batch_size: int
) -> tuple[list[Heard], list[Rejected]]:
    """Predict every window of every recording, with no more than a batch of pictures in memory.

    Recordings are decoded and drawn in processes of their own: one with which a decoder crashes or hangs costs itself.

    Parameters
    ----------
    recordings : sequence of Path
    front : FrontEnd
    nets : sequence of keras.Model
        Their mean is taken.
    hop_s : float or None
        From one window to the next; None: its length.
    batch_size : int
        Pictures that go through a net at once.

    Returns
    -------
    heard : list of Heard
        One a window, in order.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read.
    """
    rejected: list[Rejected] = []
    heard: list[Heard] = []
    with tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary:
        readers = {"workers": min(MOST_READERS, usable_cores()), "temporary_folder": Path(temporary)}
        starts: dict[Path, np.ndarray] = {}
        for (path,), length in in_order(duration_s, ((path,) for path in recordings), **readers):
            if isinstance(length, str):
                rejected.append(_rejected(path, length))
            else:
                starts[path] = window_starts(length, seconds=front.settings.seconds, hop_s=hop_s)
        parts = ((path, start_s) for path, starts_s in starts.items() for start_s in map(float, starts_s))
        with (
            Progress(sum(map(len, starts.values()))) as progress,
            closing(in_order(partial(read_window, front=front), parts, **readers)) as outcomes,
        ):
            windows = _good(outcomes, starts, rejected, progress)
            while batch := list(itertools.islice(windows, batch_size)):
                sounding = [window.levels for _, window in batch if not window.is_silent]
                says = iter(mean_probabilities(nets, colour(np.stack(sounding), front.palette)) if sounding else ())
                heard += [
                    Heard(file, window.start_s, window.end_s, None if window.is_silent else next(says), window.sha256)
                    for file, window in batch
                ]
    order = {printable(str(path)): number for number, path in enumerate(recordings)}
    return heard, sorted(rejected, key=lambda entry: order[entry.file])


def _good(
    outcomes: Iterator[tuple[tuple[Path, float], Window | str]],
    starts: dict[Path, np.ndarray],
    rejected: list[Rejected],
    progress: Progress,
) -> Iterator[tuple[str, Window]]:
    """Windows with the names of their recordings; what cannot be read is noted in `rejected`."""
    for (path, start_s), outcome in outcomes:
        n_windows = 1
        if isinstance(outcome, str):
            rejected.append(_rejected(path, outcome, from_s=start_s))
            n_windows = int((starts[path] >= start_s).sum())  # the others of this recording do not come
        else:
            yield printable(str(path)), outcome
        for _ in range(n_windows):
            progress.step(n_rejected=len(rejected))


def _rejected(path: Path, reason: str, *, from_s: float = 0.0) -> Rejected:
    return Rejected(printable(str(path)), from_s, printable(reason))
