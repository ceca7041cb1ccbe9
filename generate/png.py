"""Levels to a PNG file that says what it is, and back."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from zlib_ng import zlib_ng

from generate.whole_file import whole_file

SOFTWARE = "spectrogram pictures, python -m generate"
"""Stands in every picture's `Software` chunk, by which the program knows its own."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSION = {"level": 1, "strategy": zlib_ng.Z_RLE}
"""Looking for repeated bytes alone: the same bytes on every processor, and a tenth of the default's time."""
PALETTE_COLOURS = 3
FILTER_UP = 2
"""Each pixel as its difference to the one above: a third fewer bytes."""


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

    References
    ----------
    PNG specification, third edition, https://www.w3.org/TR/png-3/. Pillow's writer takes twice the time.
    """
    height, width = levels.shape
    rows = np.empty((height, 1 + width), dtype=np.uint8)
    rows[:, 0] = FILTER_UP
    rows[0, 1:] = levels[0]
    np.subtract(levels[1:], levels[:-1], out=rows[1:, 1:])
    compressor = zlib_ng.compressobj(**COMPRESSION)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, PALETTE_COLOURS, 0, 0, 0)),
        (b"PLTE", palette),
        *_text_chunks({"Software": SOFTWARE, **text}),
        (b"IDAT", compressor.compress(rows) + compressor.flush()),
        (b"IEND", b""),
    ]
    with whole_file(path, to_disk=False) as temporary:
        temporary.write_bytes(SIGNATURE + b"".join(_framed(kind, data) for kind, data in chunks))


def _text_chunks(text: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """International text, neither compressed nor translated."""
    for key, value in text.items():
        yield b"iTXt", key.encode("latin-1") + bytes(5) + value.encode("utf-8", "replace")


def _framed(kind: bytes, data: bytes) -> bytes:
    """A chunk between its length and its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib_ng.crc32(data, zlib_ng.crc32(kind)))


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
