"""Levels to a PNG file that says what it is, and back."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generate.whole_file import whole_file

SOFTWARE = "spectrogram pictures, python -m generate"
"""Stands in every picture's `Software` chunk, by which the program knows its own."""
COMPRESSION = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""zlib's fastest level, looking for repeated pixels alone: a twentieth of the default's time, 5 % larger."""


def palette(colormap: str) -> bytes:
    """The 256 colours of a matplotlib colour map, darkest level first.

    Returns
    -------
    bytes, 768 of them
        Red, green, blue of level 0, 1, ... 255.

    Raises
    ------
    ValueError
        If there is no such colour map.
    """
    import matplotlib

    if colormap not in matplotlib.colormaps:
        some = "magma, viridis, inferno, plasma, cividis, gray, gray_r, jet, turbo"
        raise ValueError(f"There is no colour map {colormap!r}; take one of matplotlib's, such as {some}.")
    return matplotlib.colormaps[colormap](np.arange(256), bytes=True)[:, :3].tobytes()


def write(path: Path, levels: np.ndarray, *, palette: bytes, text: Mapping[str, str]) -> None:
    """Write a palette PNG, whole or not at all.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    levels : np.ndarray, shape=(height, width), uint8
    palette : bytes
        768 of them, as `palette` gives.
    text : Mapping of str to str
        Stored as text chunks.
    """
    height, width = levels.shape
    image = Image.frombytes("P", (width, height), levels.tobytes())
    image.putpalette(palette)
    chunks = PngInfo()
    for key, value in {"Software": SOFTWARE, **text}.items():
        chunks.add_itxt(key, value.encode("utf-8", "replace").decode())
    with whole_file(path, to_disk=False) as temporary:
        image.save(temporary, "PNG", **COMPRESSION, pnginfo=chunks)


def read(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Read a picture's levels and text chunks back.

    Returns
    -------
    levels : np.ndarray, shape=(height, width), uint8
    text : dict of str to str
    """
    with Image.open(path) as image:
        if image.mode not in ("P", "L"):
            raise ValueError(f"{path} is a PNG of mode {image.mode}; expected P, as `python -m generate` writes.")
        image.load()
        return np.array(image, dtype=np.uint8), dict(image.text)


def is_ours(path: Path) -> bool:
    """Whether this program wrote the file."""
    try:
        with Image.open(path) as image:
            return image.info.get("Software") == SOFTWARE
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
