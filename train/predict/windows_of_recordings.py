"""Recordings to what the models say of them: found, read window by window, and predicted a batch at a time."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generate.readers.audio_folder.walk import find_audio_files
from generate.runtime.os_compat import expand_wildcards
from generate.runtime.safe_names import printable
from train.data.decode import colour
from train.predict.fold_models import mean_probabilities
from train.predict.predictions import Rejected, WindowPrediction
from train.predict.reading import reading
from train.predict.windows import FrontEnd, read_window

if TYPE_CHECKING:
    import keras


def find_recordings(given: Sequence[Path]) -> tuple[list[Path], list[Rejected], Counter]:
    """Find sounds: files as they are given, and those in folders at any depth.

    Returns
    -------
    recordings : list of Path
        Each once, in the order given.
    rejected : list of Rejected
        What is not there, and folders without sounds.
    skipped : collections.Counter
        Files in folders that are no sounds, by their ending, and hidden ones.
    """
    recordings: list[Path] = []
    rejected: list[Rejected] = []
    skipped: Counter = Counter()
    for path in expand_wildcards(given):
        if os.path.isdir(path):
            try:
                found, others = find_audio_files(path)
            except OSError as error:
                rejected.append(_rejected(path, f"not readable: {error.strerror or error}"))
                continue
            recordings += [path / name for name in found]
            skipped += others
            if not found:
                rejected.append(_rejected(path, "no sound is in this folder (.wav, .flac, .ogg, .mp3 and others)"))
        elif os.path.isfile(path):
            recordings.append(path)
        else:
            what = "neither a file nor a folder" if os.path.exists(path) else "there is no such file or folder"
            rejected.append(_rejected(path, what))
    return list(dict.fromkeys(recordings)), rejected, skipped


def listen(
    recordings: Sequence[Path],
    front: FrontEnd,
    models: Sequence[keras.Model],
    *,
    hop_s: float | None,
    batch_size: int,
) -> tuple[list[WindowPrediction], list[Rejected]]:
    """Predict every window of every recording, with no more than a batch of images in memory.

    Parameters
    ----------
    recordings : sequence of Path
    front : FrontEnd
    models : sequence of keras.Model
        Their mean is taken.
    hop_s : float or None
        From one window to the next; None: its length.
    batch_size : int
        Images that go through a model at once.

    Returns
    -------
    heard : list of Heard
        One a window, in order.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read.
    """
    heard: list[WindowPrediction] = []
    with reading(recordings, read_window, front, hop_s=hop_s) as found:
        while batch := list(itertools.islice(found.windows, batch_size)):
            audible = [window.pixels for _, _, window in batch if not window.is_silent]
            says = iter(mean_probabilities(models, colour(np.stack(audible), front.palette)) if audible else ())
            for path, start_s, window in batch:
                probabilities = None if window.is_silent else next(says)
                heard.append(
                    WindowPrediction(printable(str(path)), start_s, window.end_s, probabilities, window.sha256)
                )
    return heard, found.rejected


def _rejected(path: Path, reason: str) -> Rejected:
    return Rejected(printable(str(path)), 0.0, printable(reason))
