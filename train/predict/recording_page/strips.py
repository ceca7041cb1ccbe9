"""The spectrogram of a whole recording as strips of PNG at a few time scales, drawn block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generate.dataset import png
from generate.dataset.settings import Settings
from generate.features import FEATURES
from train.predict.recording_page.blocks import BLOCK_PX, RANGE_DB, Block, BlocksOf, pixel_s, pooled

FACTOR, N_LEVELS = 8, 3
"""Each level is so many times as coarse as the one before: 50, 6.25 and 0.78 pixels a second."""
STRIP_PX = 2 * BLOCK_PX
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


def colour_range(sample: Iterable[Block | str], *, is_db: bool) -> tuple[float, float]:
    """The level of the darkest and of the brightest colour: those of the recording, by a sample of it.

    Parameters
    ----------
    sample : iterable of Block or str
    is_db : bool
        Whether their values are decibels.

    Returns
    -------
    low, high : float
        In the unit of `Block.values`.
    """
    found = [block.values for block in sample if isinstance(block, Block)]
    if not is_db:
        return 0.0, 1.0
    if not found:
        return -RANGE_DB, 0.0
    low, high = np.quantile(np.concatenate(found, axis=1), [FLOOR_SHARE, TOP_SHARE])
    high = min(0.0, float(high) + HEADROOM_DB)
    return min(float(low), high - LEAST_RANGE_DB), high


def draw_strips(
    blocks: BlocksOf, settings: Settings, folder: Path, *, palette: bytes, on_block: Callable[[Block], None]
) -> tuple[list[Level], str]:
    """Draw the strips of a recording, with no more than a strip of each level in memory.

    Parameters
    ----------
    blocks : BlocksOf
        Of the recording.
    settings : Settings
        As `train.predict.recording_page.blocks.drawing_settings` gives them.
    folder : Path
        Must be there.
    palette : bytes
        768 of them.
    on_block : callable
        Called with each block, in order.

    Returns
    -------
    levels : list of Level
        The finest first.
    why_not : str
        Why the rest of the recording could not be read; empty: it was.
    """
    is_db = FEATURES[settings.feature].is_db
    low, high = colour_range(blocks.sample, is_db=is_db)
    writers = [LevelWriter(folder, number, palette) for number in range(N_LEVELS)]
    why_not = ""
    for block in blocks.blocks:
        if isinstance(block, str):
            why_not = block
            continue  # it is the last
        values = block.values
        for number, writer in enumerate(writers):
            values = pooled(values, FACTOR, is_db=is_db) if number else values
            writer.add(coloured(values, low, high))
        on_block(block)
    for writer in writers:
        writer.finish()
    return [Level(pixel_s(settings) * FACTOR**number, writer.n_px) for number, writer in enumerate(writers)], why_not


def coloured(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values as pixels, shape=(rows, n), uint8, low frequencies at the bottom."""
    steps = np.rint(np.clip((values[::-1] - low) / (high - low), 0, 1) * np.float32(STEPS - 1))
    return (steps * np.float32(255 / (STEPS - 1))).astype(np.uint8)
