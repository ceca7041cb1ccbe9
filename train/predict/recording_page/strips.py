"""The spectrogram of a whole recording as strips of PNG at a few time scales; read and drawn block by block."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from generate.audio import load
from generate.dataset import png
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.axes import row_hz
from generate.workers.processes import map_ordered

PIXELS_A_SECOND = 50
"""Of the finest strips: a screen is half a minute, and two syllables of a bird are told apart."""
FACTOR, N_LEVELS = 8, 3
"""Each level is so many times as coarse as the one before: 50, 6.25 and 0.78 pixels a second."""
BLOCK_PX = 1024
"""Columns that are read at once, 20 s; a multiple of the coarsest level's."""
STRIP_PX = 2 * BLOCK_PX
HIGHEST_PX = 256
"""More rows than that, as of `log`, are averaged."""
RANGE_DB = 150.0
"""Below full scale, in which levels are computed: 24 bits have 144."""
SAMPLED, SAMPLED_PX = 60, 64
"""Pieces of a recording, evenly over its length, that its dark and its bright end are chosen by."""
FLOOR_SHARE, TOP_SHARE, HEADROOM_DB = 0.1, 0.999, 6.0
"""The darkest colour is the level that a tenth of the values is below; the brightest is a little above nearly all."""
LEAST_RANGE_DB = 30.0
STEPS = 64
"""Colours of a strip: the eye tells no more apart here, and a file has half the bytes of one with 256."""


@dataclass(frozen=True)
class Level:
    """Strips of one time scale, `STRIP_PX` wide but for the last.

    Parameters
    ----------
    pixel_s : float
        Seconds of a column.
    n_px : int
        Columns of all strips together.
    """

    pixel_s: float
    n_px: int


@dataclass(frozen=True)
class Block:
    """A part of a recording.

    Parameters
    ----------
    values : np.ndarray, shape=(rows, n), float32
        Decibels of full scale, low frequencies first; for `mfcc`, from 0 to 1.
    y : np.ndarray, shape=(n_samples,), float32, or None
        Its samples, where they were asked for.
    """

    values: np.ndarray
    y: np.ndarray | None


class LevelWriter:
    """Collects the columns of one level and writes a strip whenever it is full.

    Parameters
    ----------
    folder : Path
    number : int
        Of the level, from 0, the finest.
    palette : bytes
    """

    def __init__(self, folder: Path, number: int, palette: bytes) -> None:
        self._folder, self._number, self._palette = folder, number, palette
        self._parts: list[np.ndarray] = []
        self._n_waiting = 0
        self.n_px = 0

    def add(self, pixels: np.ndarray) -> None:
        """Add columns, shape=(height, n), uint8; at most as many as a strip has."""
        self._parts.append(pixels)
        self._n_waiting += pixels.shape[1]
        while self._n_waiting >= STRIP_PX:
            self._write(STRIP_PX)

    def finish(self) -> None:
        """Write what is left."""
        if self._n_waiting:
            self._write(self._n_waiting)

    def _write(self, n: int) -> None:
        pixels = np.concatenate(self._parts, axis=1)
        path = self._folder / strip_name(self._number, self.n_px // STRIP_PX)
        png.write(path, pixels[:, :n], palette=self._palette, text={})
        self._parts, self._n_waiting = [pixels[:, n:]], self._n_waiting - n
        self.n_px += n


def strip_name(level: int, number: int) -> str:
    """File name of a strip."""
    return f"{level}-{number:04d}.png"


def drawing_settings(settings: Settings) -> Settings:
    """A run's front end at the time scale of the finest strips, and on a scale that all blocks share."""
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


def n_blocks(length_s: float) -> int:
    """About how many blocks a recording of a length has; for the progress."""
    return max(1, math.ceil(length_s * PIXELS_A_SECOND / BLOCK_PX))


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
    margin = math.ceil(settings.n_fft / 2 / hop_length)  # windows at the edges reach into the neighbours
    begin = max(0, first - margin)
    seconds = hop_length / settings.sr
    loaded = load(
        path,
        settings.sr,
        start_s=begin * seconds,
        longest_s=(last + margin - begin) * seconds,
        channels=settings.channels,
    )
    feature = FEATURES[settings.feature](loaded.y, settings)[:, first - begin : last - begin]
    values = feature if row_hz(settings) is None else (feature - np.float32(1)) * np.float32(RANGE_DB)
    if len(values) > HIGHEST_PX:
        values = np.asarray(Image.fromarray(values).resize((values.shape[1], HIGHEST_PX), Image.Resampling.BOX))
    values = pooled(values, n_frames, is_db=row_hz(settings) is not None)
    y = loaded.y[(first - begin) * hop_length : (last - begin) * hop_length] if with_audio else None
    return Block(values, y)


def pooled(values: np.ndarray, factor: int, *, is_db: bool) -> np.ndarray:
    """The mean of so many columns after each other, of decibels that of their power; the last may have fewer.

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


def colour_range(path: Path, n_px: int, settings: Settings, *, workers: int) -> tuple[float, float]:
    """The level of the darkest and of the brightest colour: those of the recording, by a sample of it.

    Parameters
    ----------
    path : Path
    n_px : int
        Columns of the recording.
    settings : Settings
    workers : int

    Returns
    -------
    low, high : float
        In the unit of `Block.values`.
    """
    if row_hz(settings) is None:
        return 0.0, 1.0
    firsts = np.unique((np.linspace(0, 1, SAMPLED) * max(0, n_px - SAMPLED_PX)).astype(int))
    found = [block.values for block in _blocks(path, firsts, SAMPLED_PX, settings, workers) if isinstance(block, Block)]
    if not found:
        return -RANGE_DB, 0.0
    low, high = np.quantile(np.concatenate(found, axis=1), [FLOOR_SHARE, TOP_SHARE])
    high = min(0.0, float(high) + HEADROOM_DB)
    return min(float(low), high - LEAST_RANGE_DB), high


def draw_strips(
    path: Path,
    length_s: float,
    settings: Settings,
    folder: Path,
    *,
    workers: int,
    palette: bytes,
    on_block: Callable[[Block], None],
    with_audio: bool = False,
) -> tuple[list[Level], str]:
    """Draw the strips of a recording, with no more than a few blocks of it in memory.

    Parameters
    ----------
    path : Path
    length_s : float
        Of the recording.
    settings : Settings
        As `drawing_settings` gives them.
    folder : Path
        Must be there.
    workers : int
        Processes that read.
    palette : bytes
        768 of them.
    on_block : callable
        Called with each block, in order.
    with_audio : bool
        Whether the blocks have their samples.

    Returns
    -------
    levels : list of Level
        The finest first.
    why_not : str
        Why the rest of the recording could not be read; empty: it was.
    """
    pixel_s = frames_a_pixel(settings) * settings.hop_length / settings.sr
    n_px = max(1, math.ceil(length_s / pixel_s))
    low, high = colour_range(path, n_px, settings, workers=workers)
    is_db = row_hz(settings) is not None
    writers = [LevelWriter(folder, number, palette) for number in range(N_LEVELS)]
    why_not = ""
    for block in _blocks(path, range(0, n_px, BLOCK_PX), BLOCK_PX, settings, workers, with_audio=with_audio):
        if isinstance(block, str):
            why_not = block
            break
        values = block.values
        for number, writer in enumerate(writers):
            values = pooled(values, FACTOR, is_db=is_db) if number else values
            writer.add(coloured(values, low, high))
        on_block(block)
    for writer in writers:
        writer.finish()
    return [Level(pixel_s * FACTOR**number, writer.n_px) for number, writer in enumerate(writers)], why_not


def coloured(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as pixels, shape=(rows, n), uint8, low frequencies at the bottom."""
    steps = np.rint(np.clip((values[::-1] - low) / (high - low), 0, 1) * np.float32(STEPS - 1))
    return (steps * np.float32(255 / (STEPS - 1))).astype(np.uint8)


def _blocks(
    path: Path, firsts: Iterable[int], n_px: int, settings: Settings, workers: int, *, with_audio: bool = False
) -> Iterator[Block | str]:
    """Blocks of a recording in order, read in worker processes; last, where one cannot be read, the reason."""
    read = partial(read_block, n_px=n_px, settings=settings, with_audio=with_audio)
    with (
        tempfile.TemporaryDirectory(prefix="train-", ignore_cleanup_errors=True) as temporary,
        closing(
            map_ordered(
                read, ((path, int(first)) for first in firsts), workers=workers, temporary_folder=Path(temporary)
            )
        ) as outcomes,
    ):
        for _, outcome in outcomes:
            yield outcome
