"""Length and sample rate of many audio files, by a few bytes of their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from generate.audio.containers import flac
from generate.audio.containers.header_durations import samples_and_rate
from generate.audio.decode import Length
from generate.audio.formats import HIGHEST_SR, LOWEST_SR
from generate.workers.durations import lengths

MOST_FILES = 2000
"""Of a larger collection so many files are read, evenly spaced: quantiles of the lengths are off by about 0.01."""
HEADER_READERS = 8
"""Threads: reading headers is bound by the disk, not by the processor."""
MOST_OTHERS = 50
"""Files of formats whose length takes a decoder, in a process of its own."""


@dataclass(frozen=True)
class AudioHeaders:
    """Lengths and sample rates of some files of a collection.

    Parameters
    ----------
    seconds : np.ndarray, shape=(n,), float64
        Length of each file that was read; NaN where the header does not give it.
    sample_rate_hz : np.ndarray, shape=(n,), float64
        NaN where only a decoder could find it.
    n_files : int
        Of the collection; n where all of them were read.
    unusable : dict of Path to str
        Those of the n that cannot be decoded, and why.
    """

    seconds: np.ndarray
    sample_rate_hz: np.ndarray
    n_files: int
    unusable: dict[Path, str] = field(default_factory=dict)

    @property
    def known_s(self) -> np.ndarray:
        """The lengths that are known, shape=(at most n,), float64."""
        return self.seconds[np.isfinite(self.seconds)]


def read_headers(
    paths: Sequence[Path], *, workers: int, known: Mapping[Path, Length] = MappingProxyType({})
) -> AudioHeaders:
    """Read the headers of a collection, of at most `MOST_FILES` files.

    Of WAV, FLAC and Ogg a few bytes are read. Of other formats, such as MP3, `MOST_OTHERS` files are opened in worker
    processes.

    Parameters
    ----------
    paths : sequence of Path
        Each once, ordered by class: every nth is read.
    workers : int
        Processes, at most.
    known : Mapping of Path to Length
        Lengths that were measured before; these files are not read again.
    """
    some = paths[_evenly(len(paths), MOST_FILES)]
    with ThreadPoolExecutor(HEADER_READERS) as threads:
        found = list(threads.map(_seconds_and_rate, some))
    headers = np.array(found, dtype=float).reshape(-1, 2)
    for k, path in enumerate(some):
        headers[k] = known[path][:2] if path in known else headers[k]
    is_known = np.isfinite(headers[:, 0])
    unknown = np.flatnonzero(~is_known)
    others = unknown[_evenly(len(unknown), MOST_OTHERS)]
    decoded = lengths([some[k] for k in others], workers=workers)
    unusable = {}
    for k, length in zip(others, decoded, strict=True):
        if isinstance(length, str):
            unusable[some[k]] = length
        else:
            headers[k] = length[:2]
    is_read = is_known
    is_read[others] = True
    return AudioHeaders(headers[is_read, 0], headers[is_read, 1], len(paths), unusable)


def _evenly(n: int, most: int) -> slice:
    """Every kth of n, so that there are at most so many."""
    return slice(None, None, max(1, -(-n // most)))


def _seconds_and_rate(path: Path) -> tuple[float, float]:
    """By the first and the last bytes; NaN where these do not give them."""
    n_samples, sr = samples_and_rate(path)
    if not sr:
        n_samples, sr = flac.samples_and_rate(path)
    if n_samples <= 0 or not LOWEST_SR <= sr <= HIGHEST_SR:
        return np.nan, np.nan
    return n_samples / sr, float(sr)
