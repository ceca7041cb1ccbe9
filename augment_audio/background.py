"""Background recordings, and random parts of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

TRIES = 10
"""Parts that are drawn of a recording until one is not silent."""


@dataclass(frozen=True)
class Background:
    """The recordings in a folder, and how they are read.

    Parameters
    ----------
    folder : Path
    files : tuple of str
        One or more, relative to the folder.
    seconds : tuple of float
        Their durations.
    read : callable
        `read(path, sr, *, start_s, longest_s) -> y`, mono float32; of silence, zeros.
    """

    folder: Path
    files: tuple[str, ...]
    seconds: tuple[float, ...]
    read: Callable[..., np.ndarray]

    @cached_property
    def _ends_s(self) -> np.ndarray:
        """Where each recording would end if they followed one another."""
        return np.cumsum(self.seconds)

    def choose(self, rng: np.random.Generator) -> int:
        """Choose a recording; each second of all of them is as probable.

        Parameters
        ----------
        rng : numpy.random.Generator

        Returns
        -------
        int
            Of `files`.
        """
        k = int(np.searchsorted(self._ends_s, rng.random() * self._ends_s[-1], side="right"))
        return min(k, len(self.files) - 1)

    def part(self, k: int, n_samples: int, n_shown: int, sr: int, rng: np.random.Generator) -> np.ndarray:
        """A random part of a recording; where that ends, it is repeated, every second time backwards, without clicks.

        Parameters
        ----------
        k : int
            Of `files`.
        n_samples : int
        n_shown : int
            How many of them, from the first, an image shows; the recording ends within these only where it is shorter.
        sr : int
            Sample rate of the part, in hertz.
        rng : numpy.random.Generator

        Returns
        -------
        np.ndarray, shape=(n_samples,), float32
            What is shown is not all zeros.

        Raises
        ------
        ValueError
            If the recording cannot be read, or all parts that were drawn are silent.
        """
        for _ in range(TRIES):
            start_s = rng.uniform(0, max(0.0, self.seconds[k] - n_shown / sr))
            y = self.read(self.folder / self.files[k], sr, start_s=start_s, longest_s=n_samples / sr)[:n_samples]
            if y[:n_shown].any():
                return np.resize(np.concatenate([y, y[::-1]]), n_samples)
        raise ValueError(f"{TRIES} random parts of the background {self.files[k]!r} are silent; take it out")
