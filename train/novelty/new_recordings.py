"""How far the windows of new recordings are from the healthy clips."""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from generate.runtime.safe_names import printable
from train.data.decode import colour
from train.novelty.scores import distances_to
from train.predict.recordings import Rejected, stream_windows
from train.predict.windows import FrontEnd

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 32


def window_distances(
    files: Sequence[Path], front: FrontEnd, extractor: keras.Model, known: np.ndarray, own_clips: Set[str]
) -> tuple[pd.DataFrame, list[Rejected], dict[str, float]]:
    """Embed every window of new recordings that is not silent, and measure how far it is from the healthy clips.

    Parameters
    ----------
    files : sequence of Path
    front : FrontEnd
        As the images were rendered.
    extractor : keras.Model
        From images to features.
    known : np.ndarray, shape=(n, features), dtype=float32
        Of the healthy clips.
    own_clips : set of str
        SHA-256 of their audio.

    Returns
    -------
    windows : pandas.DataFrame
        One row a window: `recording`, `start_s`, `distance`, and whether it `is_own`, one of the healthy clips.
    rejected : list of Rejected
        Recordings, or the rest of one, that could not be read, and those that are silent throughout.
    rests_s : dict of str to float
        By recording: seconds at its end that are in no window.
    """
    parts = []
    with stream_windows(files, front) as stream:
        heard = (entry for entry in stream.windows if not entry[1].is_silent)
        while batch := list(itertools.islice(heard, BATCH_SIZE)):
            pixels = colour(np.stack([window.pixels for _, window in batch]), front.palette)
            distances = distances_to(np.asarray(extractor.predict_on_batch(pixels), np.float32), known)
            parts += [
                (printable(str(path)), window.start_s, distance, window.sha256 in own_clips)
                for (path, window), distance in zip(batch, distances, strict=True)
            ]
    windows = pd.DataFrame(parts, columns=["recording", "start_s", "distance", "is_own"])
    judged = {*windows["recording"], *(entry.file for entry in stream.rejected)}
    silent = [name for name in (printable(str(path)) for path in files) if name not in judged]
    return windows, [*stream.rejected, *(Rejected(name, 0.0, "silent") for name in silent)], stream.rests_s
