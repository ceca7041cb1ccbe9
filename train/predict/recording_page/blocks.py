"""Recordings as blocks of spectrogram columns, read in worker processes with a few blocks in memory."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from generate.audio import load
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.workers.processes import map_ordered

PIXELS_A_SECOND = 50
"""Columns of the finest strips: a screen is half a minute, and two syllables of a bird are told apart."""
BLOCK_PX = 1024
"""Columns that are read at once, 20 s."""
HIGHEST_PX = 256
"""More rows than that, as of `log`, are averaged."""
RANGE_DB = 150.0
"""Below full scale, in which levels are computed: 24 bits have 144."""
SAMPLED, SAMPLED_PX, SAMPLED_SHARE = 60, 64, 0.25
"""Pieces of a recording, evenly over its length, that its colours are chosen by, and at most this share of it."""


class Part(NamedTuple):
    """What a worker reads: some columns of a recording. `key` is the recording's number, and whether it is a sample."""

    key: tuple[int, bool]
    path: Path
    first_px: int
    n_px: int
    with_audio: bool


@dataclass(frozen=True)
class Block:
    """A part of a recording.

    Parameters
    ----------
    values : np.ndarray, shape=(rows, n), float32
        Decibels of full scale, low frequencies first; of features that are none, from 0 to 1.
    y : np.ndarray, shape=(n_samples,), float32, or None
        Its samples, where they were asked for.
    """

    values: np.ndarray
    y: np.ndarray | None


@dataclass(frozen=True)
class BlocksOf:
    """The blocks of one recording; each iterator gives the reason, as str, where one cannot be read, and ends.

    Parameters
    ----------
    sample : iterator of Block or str
        To be read first.
    blocks : iterator of Block or str
        The whole recording, in order.
    """

    sample: Iterator[Block | str]
    blocks: Iterator[Block | str]


def drawing_settings(settings: Settings) -> Settings:
    """A run's front end at the time scale of the finest strips, and on a scale that all blocks share."""
    settings = settings.of_first_plane
    hop_length = min(settings.n_fft, max(1, round(settings.sr / PIXELS_A_SECOND)))
    return replace(
        settings,
        seconds=min(settings.seconds, BLOCK_PX / PIXELS_A_SECOND),
        hop_length=hop_length,
        reference="full-scale",
        range_db=RANGE_DB,
    )


def frames_a_pixel(settings: Settings) -> int:
    """Frames that are averaged for a column: more than one where windows are shorter than a column."""
    return max(1, round(settings.sr / settings.hop_length / PIXELS_A_SECOND))


def pixel_s(settings: Settings) -> float:
    """Seconds of a column of the finest strips."""
    return frames_a_pixel(settings) * settings.hop_length / settings.sr


def n_blocks(length_s: float) -> int:
    """About how many blocks a recording of a length has; for the progress."""
    return max(1, math.ceil(length_s * PIXELS_A_SECOND / BLOCK_PX))


def parts_of(number: int, path: Path, length_s: float, settings: Settings, *, with_audio: bool) -> Iterator[Part]:
    """The parts of a recording: a sample, then all of it."""
    n_px = max(1, math.ceil(length_s / pixel_s(settings)))
    n_sampled = min(SAMPLED, math.ceil(SAMPLED_SHARE * n_px / SAMPLED_PX))
    for k in range(n_sampled):
        yield Part((number, True), path, (2 * k + 1) * max(0, n_px - SAMPLED_PX) // (2 * n_sampled), SAMPLED_PX, False)
    for first_px in range(0, n_px, BLOCK_PX):
        yield Part((number, False), path, first_px, min(BLOCK_PX, n_px - first_px), with_audio)


@contextmanager
def read_blocks(
    recordings: Iterable[tuple[Path, float, bool]], settings: Settings, *, workers: int
) -> Iterator[Iterator[BlocksOf]]:
    """Read recordings one after the other, with one pool of workers for all.

    Parameters
    ----------
    recordings : iterable of (Path, float, bool)
        Each with its length in seconds, and whether its samples are wanted.
    settings : Settings
        As `drawing_settings` gives them.
    workers : int

    Yields
    ------
    iterator of BlocksOf
        One a recording, each to be used up before the next.
    """
    parts = (
        part
        for number, (path, length_s, with_audio) in enumerate(recordings)
        for part in parts_of(number, path, length_s, settings, with_audio=with_audio)
    )
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        closing(
            map_ordered(partial(read_part, settings=settings), parts, workers=workers, temporary_folder=Path(temporary))
        ) as outcomes,
    ):
        yield _by_recording(outcomes)


def _by_recording(outcomes: Iterator[tuple[tuple, Block | str]]) -> Iterator[BlocksOf]:
    groups = groupby(outcomes, key=lambda outcome: outcome[0][0])

    def of(key: tuple[int, bool]) -> Iterator[Block | str]:
        for found, group in groups:
            if found == key:
                yield from (outcome for _, outcome in group)
                return

    for number in count():
        yield BlocksOf(of((number, True)), of((number, False)))


def read_part(
    key: tuple[int, bool], path: Path, first_px: int, n_px: int, with_audio: bool, *, settings: Settings
) -> Block:
    """`read_block` for a `Part`: what a worker does."""
    return read_block(path, first_px, n_px, settings, with_audio=with_audio)


def read_block(path: Path, first_px: int, n_px: int, settings: Settings, *, with_audio: bool = False) -> Block:
    """Read some columns of a recording.

    Parameters
    ----------
    path : Path
    first_px, n_px : int
        The end of the recording may give fewer.
    settings : Settings
        As `drawing_settings` gives them.
    with_audio : bool

    Raises
    ------
    BadAudio
        If it cannot be read.
    """
    n_frames, hop_length = frames_a_pixel(settings), settings.hop_length
    first, last = first_px * n_frames, (first_px + n_px) * n_frames
    # Frames at the edges reach into the neighbours.
    margin = math.ceil(FEATURES[settings.feature].reach_s(settings) * settings.sr / hop_length)
    begin = max(0, first - margin)
    seconds = hop_length / settings.sr
    loaded = load(
        path,
        settings.sr,
        start_s=begin * seconds,
        longest_s=(last + margin - begin) * seconds,
        channels=settings.channels,
    )
    feature = FEATURES[settings.feature]
    values = feature(loaded.y, settings)[:, first - begin : last - begin]
    if feature.is_db:
        values = (values - np.float32(1)) * np.float32(RANGE_DB)
    if len(values) > HIGHEST_PX:
        values = np.asarray(Image.fromarray(values).resize((values.shape[1], HIGHEST_PX), Image.Resampling.BOX))
    values = pooled(values, n_frames, is_db=feature.is_db)
    y = loaded.y[(first - begin) * hop_length : (last - begin) * hop_length] if with_audio else None
    return Block(values, y)


def pooled(values: np.ndarray, factor: int, *, is_db: bool) -> np.ndarray:
    """The mean of so many columns after each other, of decibels that of their power; the last may have fewer.

    Parameters
    ----------
    values : np.ndarray, shape=(rows, n)
    factor : int
    is_db : bool
        Whether they are decibels.

    Returns
    -------
    np.ndarray, shape=(rows, ceil(n / factor))

    Examples
    --------
    >>> pooled(np.array([[0.0, -100.0, -100.0]]), 2, is_db=True).round(1)
    array([[  -3., -100.]])
    """
    if factor == 1:
        return values
    edges = np.arange(0, values.shape[1], factor)
    counts = np.diff(np.append(edges, values.shape[1]))
    power = 10 ** (values / 10) if is_db else values
    means = np.add.reduceat(power, edges, axis=1) / counts
    return (10 * np.log10(means) if is_db else means).astype(values.dtype)
