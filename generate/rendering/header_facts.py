"""Length and rate of many audio files at a glance, by a few bytes of their headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from generate.audio.containers import flac
from generate.audio.containers.header_durations import samples_and_rate
from generate.audio.decode import Length
from generate.audio.formats import HIGHEST_SR, LOWEST_SR
from generate.workers.durations import lengths

MOST_FILES = 2000
"""The distribution of lengths of more files is that of so many, taken evenly: a hundredth of a rank off, about."""
HEADER_READERS = 8
"""Threads: the disk is waited for, not the processor."""
MOST_OTHERS = 50
"""Of formats that need a decoder in a process of its own to tell their length."""


@dataclass(frozen=True)
class HeaderFacts:
    """What headers tell of some files of a collection.

    Parameters
    ----------
    seconds : np.ndarray, shape=(n,), float64
        Length of each that was looked at; NaN where the header does not tell.
    sample_rate_hz : np.ndarray, shape=(n,), float64
        NaN where it is not known without a decoder.
    n_files : int
        Of the collection; n where all of them were looked at.
    """

    seconds: np.ndarray
    sample_rate_hz: np.ndarray
    n_files: int

    @property
    def known_s(self) -> np.ndarray:
        """The lengths that are known, shape=(at most n,), float64."""
        return self.seconds[np.isfinite(self.seconds)]


def header_facts(
    paths: Sequence[Path], *, workers: int, known: Mapping[Path, Length] = MappingProxyType({})
) -> HeaderFacts:
    """Look at the headers of a collection, of at most `MOST_FILES` files.

    WAV, FLAC and Ogg are read here, a few bytes of each. Of others, such as MP3, `MOST_OTHERS` are looked at in worker
    processes.

    Parameters
    ----------
    paths : sequence of Path
        Each once, in an order that takes one class after the other: every nth is looked at.
    workers : int
        Processes, at most.
    known : Mapping of Path to Length
        What was found out before; these files are not looked at again.
    """
    some = _evenly(paths, MOST_FILES)
    with ThreadPoolExecutor(HEADER_READERS) as threads:
        told = list(threads.map(_seconds_and_rate, some))
    facts = np.array(told, dtype=float).reshape(-1, 2)
    for k, path in enumerate(some):
        facts[k] = known.get(path, facts[k])
    is_told = np.isfinite(facts[:, 0])
    others = _evenly(np.flatnonzero(~is_told), MOST_OTHERS)
    found = lengths([some[k] for k in others], workers=workers)
    for k, length in zip(others, found, strict=True):
        if not isinstance(length, str):
            facts[k] = length
    is_told[others] = True  # as much as it can be
    facts = facts[is_told]
    return HeaderFacts(facts[:, 0], facts[:, 1], len(paths))


def _evenly(items: Sequence, most: int) -> Sequence:
    """Every nth, so that there are at most so many."""
    return items[:: max(1, -(-len(items) // most))]


def _seconds_and_rate(path: Path) -> tuple[float, float]:
    """By the first and the last bytes; NaN where they do not tell."""
    n_samples, sr = samples_and_rate(path)
    if not sr:
        n_samples, sr = flac.samples_and_rate(path)
    if n_samples <= 0 or not LOWEST_SR <= sr <= HIGHEST_SR:
        return np.nan, np.nan
    return n_samples / sr, float(sr)
