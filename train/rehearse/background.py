"""Background recordings of the user's, and random parts of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generate.audio import BadAudio, load
from generate.runtime.wording import listed
from generate.workers.durations import durations
from train.predict.recordings import MAX_READERS, find_recordings

TRIES = 10
"""Parts that are drawn for a clip until one is not silent."""


@dataclass(frozen=True)
class Background:
    """Recordings to draw from.

    Parameters
    ----------
    paths : tuple of Path
        One or more.
    seconds : tuple of float
        Their durations.
    """

    paths: tuple[Path, ...]
    seconds: tuple[float, ...]

    def part(self, n_samples: int, sr: int, *, channels: str, rng: np.random.Generator) -> np.ndarray:
        """A random part; each second of the recordings is as probable. A shorter recording is repeated.

        Parameters
        ----------
        n_samples : int
        sr : int
            Sample rate of the part, in hertz.
        channels : str
            One of `generate.dataset.settings.CHANNELS`.
        rng : numpy.random.Generator

        Returns
        -------
        np.ndarray, shape=(n_samples,), float32

        Raises
        ------
        BadAudio
            If a recording cannot be read, or all parts that were drawn are silent.
        """
        weights = np.array(self.seconds) / sum(self.seconds)
        for _ in range(TRIES):
            k = int(rng.choice(len(self.paths), p=weights))
            start_s = float(rng.uniform(0, max(0.0, self.seconds[k] - n_samples / sr)))
            try:
                loaded = load(self.paths[k], sr, start_s=start_s, longest_s=n_samples / sr, channels=channels)
            except BadAudio as error:
                raise BadAudio(f"the background {str(self.paths[k])!r}: {error}") from None
            if not loaded.silent:
                return np.resize(loaded.y, n_samples)
        raise BadAudio(
            f"{TRIES} random parts of the background recordings are silent, the last of {self.paths[k].name!r}"
        )


def find_background(folder: Path) -> Background:
    """Find the background recordings in a folder, and their durations.

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no audio file, or one cannot be used.
    """
    if not folder.is_dir():
        raise FileNotFoundError(
            f"--background-folder must be a folder of recordings. Got {str(folder)!r}, which is not a folder."
        )
    paths, rejected, _ = find_recordings([folder])
    if rejected:
        raise ValueError(f"--background-folder must hold recordings. Got {str(folder)!r}: {rejected[0].reason}.")
    found = durations(paths, workers=MAX_READERS)
    bad = [f"{path.name}: {reason}" for path, reason in zip(paths, found, strict=True) if isinstance(reason, str)]
    if bad:
        raise ValueError(
            f"--background-folder must hold recordings that can be read. Got {str(folder)!r} with {listed(bad)}. Take "
            "them out of it."
        )
    return Background(tuple(paths), tuple(seconds for seconds in found if not isinstance(seconds, str)))
