"""From PNG files to what a net sees: opened once, kept as levels, coloured a batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from generate.dataset import png

SILENT_LEVEL = 32
"""A column whose pixels are all darker is silent: with 80 dB from dark to bright, 70 dB below the loudest."""
MOST_NAMED = 5
AT_ONCE = 4096
"""Pictures that are given to the threads together."""


class Levels(Protocol):
    """Levels of pictures that are used like an array of them, such as `train.data.disk_cache.LevelsOnDisk`."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, rows: object) -> np.ndarray:
        """Some of them."""


@dataclass(frozen=True)
class Pictures:
    """All pictures of a folder that a run uses.

    Parameters
    ----------
    levels : np.ndarray or Levels, shape=(n, height, width), uint8
        A third of what colours would take, and what the transforms of a spectrogram work on. Ask for some of them at a
        time: all together may not fit in memory.
    palette : np.ndarray, shape=(256, 3), uint8
        Red, green and blue of each level.
    """

    levels: np.ndarray | Levels
    palette: np.ndarray


def load_pictures(
    images: Path,
    file_names: Sequence[str],
    *,
    palette: np.ndarray,
    size: tuple[int, int],
    silent_ends: str,
    fingerprint: str = "",
) -> Pictures:
    """Open every picture, so that a broken one is named before the first epoch and not in the middle of one.

    Parameters
    ----------
    images : Path
        The picture folder.
    file_names : sequence of str
        Relative to it.
    palette : np.ndarray, shape=(256, 3), uint8
    size : tuple of (int, int)
        Height and width wanted.
    silent_ends : {"loop", "keep"}
        See `prepare_levels`.
    fingerprint : str
        Of the settings that they must have been drawn with, where they tell it; empty: of any.

    Returns
    -------
    Pictures
        In the order of `file_names`.

    Raises
    ------
    ValueError
        If pictures are missing or broken; the message names the first of them.
    """
    levels = np.empty((len(file_names), *size), dtype=np.uint8)
    decode(images, file_names, levels.__setitem__, size=size, silent_ends=silent_ends, fingerprint=fingerprint)
    return Pictures(levels, palette)


def decode(
    images: Path,
    file_names: Sequence[str],
    put: Callable[[int, np.ndarray], None],
    *,
    size: tuple[int, int],
    silent_ends: str,
    fingerprint: str,
) -> None:
    """Open every picture and hand over its levels; the other arguments are those of `load_pictures`.

    Parameters
    ----------
    images : Path
    file_names : sequence of str
    put : callable
        Told the number of the picture, and its levels, shape=size, uint8; by several threads at once.
    size, silent_ends, fingerprint
        See `load_pictures`.

    Raises
    ------
    ValueError
        If pictures are missing or broken; the message names the first of them.
    OSError
        If one could not be put where it belongs.
    """
    broken: dict[str, str] = {}

    def load(k: int) -> None:
        try:
            picture = _read_levels(images / file_names[k], fingerprint)
            levels = prepare_levels(picture, size=size, silent_ends=silent_ends)
        except (OSError, ValueError, SyntaxError) as error:
            broken[file_names[k]] = str(getattr(error, "strerror", None) or error)
        else:
            put(k, levels)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(file_names), AT_ONCE):  # or what waits for its turn takes memory too
            list(pool.map(load, range(start, min(start + AT_ONCE, len(file_names)))))
    if broken:
        named = "\n".join(f"  {name}: {broken[name]}" for name in sorted(broken)[:MOST_NAMED])
        more = f"\n  and {len(broken) - MOST_NAMED:,} more" if len(broken) > MOST_NAMED else ""
        raise ValueError(
            f"{len(broken):,} of {len(file_names):,} pictures in {str(images)!r} cannot be used:\n{named}{more}\n"
            "Delete them and run `python -m generate` again: it draws what is missing."
        )


def prepare_levels(levels: np.ndarray, *, size: tuple[int, int], silent_ends: str) -> np.ndarray:
    """Bring one picture to the size of the net's input.

    Parameters
    ----------
    levels : np.ndarray, shape=(height, width), uint8
    size : tuple of (int, int)
        Height and width wanted.
    silent_ends : {"loop", "keep"}
        `loop` cuts the silent columns at both ends and repeats what is left over the whole width.

    Returns
    -------
    np.ndarray, shape=size, uint8
    """
    if silent_ends == "loop":
        levels = loop_silent_ends(levels)
    if levels.shape == size:
        return levels
    return np.asarray(Image.fromarray(levels).resize(size[::-1], Image.Resampling.BILINEAR))


def loop_silent_ends(levels: np.ndarray) -> np.ndarray:
    """Cut the silent columns at both ends and repeat the rest over the whole width.

    Short sounds are often padded with digital silence, which tells a net how long the file was and little else.

    Parameters
    ----------
    levels : np.ndarray, shape=(height, width), uint8

    Returns
    -------
    np.ndarray, shape=(height, width), uint8
        A picture that is silent throughout is returned as it is.
    """
    first, length = sounding_columns(levels)
    width = levels.shape[1]
    if length == width:
        return levels
    return levels[:, first + np.arange(width) % length]


def sounding_columns(levels: np.ndarray) -> tuple[int, int]:
    """What is between the silent columns at both ends.

    Parameters
    ----------
    levels : np.ndarray, shape=(height, width), uint8

    Returns
    -------
    first, length : int
        The first column that is not silent, and how many there are up to the last one; all columns of a picture that
        is silent throughout.
    """
    sounding = np.flatnonzero(levels.max(axis=0) >= SILENT_LEVEL)
    if len(sounding) == 0:
        return 0, levels.shape[1]
    return int(sounding[0]), int(sounding[-1] + 1 - sounding[0])


def colour(levels: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Levels to colours.

    Parameters
    ----------
    levels : np.ndarray, shape=(..., height, width), uint8
    palette : np.ndarray, shape=(256, 3), uint8

    Returns
    -------
    np.ndarray, shape=(..., height, width, 3), uint8
    """
    return palette[levels]


def palette_of(colormap: str) -> np.ndarray:
    """The colours of a matplotlib colour map, shape=(256, 3), uint8."""
    return np.frombuffer(png.palette(colormap), dtype=np.uint8).reshape(256, 3)


def _read_levels(path: Path, fingerprint: str) -> np.ndarray:
    """Read one picture, and see that it was drawn with the settings of its folder."""
    levels, text = png.read(path)
    drawn_with = text.get("settings", fingerprint)
    if fingerprint and drawn_with != fingerprint:
        raise ValueError(f"it was drawn with other settings ({drawn_with}; those of this folder are {fingerprint})")
    return levels
