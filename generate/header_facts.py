"""Length and rate of many audio files at a glance, by a few bytes of their headers."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from generate.audio import HIGHEST_SR, LOWEST_SR
from generate.surely_short import _ogg, _wav
from generate.truncated import LAST_OGG_PAGE, for_libsndfile
from generate.workers import in_order

MOST_FILES = 2000
"""The distribution of lengths of more files is that of so many, taken evenly: a hundredth of a rank off, about."""
MOST_OTHERS = 200
"""Of formats that need a decoder in a process of its own to tell their length."""
FILES_A_PART, HEADER_READERS = 50, 8
"""Handed over to a process at once; threads, since the disk is waited for."""
LONGEST_S = 1e6
"""Eleven days; a header that tells more is damaged."""


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


def header_facts(paths: Sequence[Path], *, workers: int) -> HeaderFacts:
    """Look at the headers of a collection, of at most `MOST_FILES` files.

    WAV, FLAC and Ogg are read here, a few bytes of each. Of others, such as MP3, `MOST_OTHERS` are looked at in worker
    processes.

    Parameters
    ----------
    paths : sequence of Path
        Each once, in an order that takes one class after the other: every nth is looked at.
    workers : int
        Processes, at most.
    """
    some = _evenly(paths, MOST_FILES)
    with ThreadPoolExecutor(HEADER_READERS) as threads:
        told = list(threads.map(_seconds_and_rate, some))
    facts = np.array(told, dtype=float).reshape(-1, 2)
    is_told = np.isfinite(facts[:, 0])
    others = _evenly(np.flatnonzero(~is_told), MOST_OTHERS)
    if len(others):
        facts[others] = _by_decoders([some[k] for k in others], workers=workers)
        is_told[others] = True  # as much as it can be
    facts = facts[is_told]
    return HeaderFacts(facts[:, 0], facts[:, 1], len(paths))


def header_durations(paths: Sequence[Path], *, workers: int) -> np.ndarray:
    """Seconds of each file that `header_facts` looks at, NaN where its header does not tell."""
    return header_facts(paths, workers=workers).seconds


def _evenly(items: Sequence, most: int) -> Sequence:
    """Every nth, so that there are at most so many."""
    return items[:: max(1, -(-len(items) // most))]


def _by_decoders(paths: Sequence[Path], *, workers: int) -> np.ndarray:
    """The same by what decodes them, shape=(n, 2), in processes of their own: a header may kill or hang one.

    Their headers alone are read, so that it takes no longer for hours than for seconds; how many frames an MP3 without
    a count in its header has is a guess.
    """
    parts = [(tuple(paths[k : k + FILES_A_PART]),) for k in range(0, len(paths), FILES_A_PART)]
    with tempfile.TemporaryDirectory(prefix="generate-", ignore_cleanup_errors=True) as temporary:
        found = dict(in_order(_told, parts, workers=min(workers, len(parts)), temporary_folder=Path(temporary)))
    nothing = (np.nan, np.nan)
    outcomes = [found.get(part, "") for part in parts]
    return np.array(
        [
            fact
            for (files,), outcome in zip(parts, outcomes, strict=True)
            for fact in ([nothing] * len(files) if isinstance(outcome, str) else outcome)
        ],
        dtype=float,
    )


def _told(paths: Sequence[Path]) -> list[tuple[float, float]]:
    """What a worker does."""
    facts = []
    for path in paths:
        try:
            header = soundfile.info(for_libsndfile(path))
            facts.append((header.frames / header.samplerate, float(header.samplerate)))
        except (soundfile.LibsndfileError, OSError, ZeroDivisionError):
            facts.append((np.nan, np.nan))
    return [
        fact if LOWEST_SR <= fact[1] <= HIGHEST_SR and 0 < fact[0] < LONGEST_S else (np.nan, np.nan) for fact in facts
    ]


def _seconds_and_rate(path: Path) -> tuple[float, float]:
    """By the first and the last bytes; NaN where they do not tell."""
    try:
        with path.open("rb") as file:
            start = file.read(1024)
            n_bytes = file.seek(0, 2)
            if start[:4] == b"OggS":
                file.seek(max(0, n_bytes - LAST_OGG_PAGE))
                n_samples, sr = _ogg(start, file.read())
            elif start[:4] == b"fLaC":  # RFC 9639, section 8.2: 20 bits of rate, 36 of samples
                numbers = int.from_bytes(start[18:26], "big")
                n_samples, sr = numbers & (1 << 36) - 1, numbers >> 44
            else:
                n_samples, sr = _wav(start, n_bytes)
    except (OSError, struct.error, IndexError):
        return np.nan, np.nan
    if n_samples <= 0 or not LOWEST_SR <= sr <= HIGHEST_SR:
        return np.nan, np.nan
    return n_samples / sr, float(sr)
