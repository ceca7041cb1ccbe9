"""Write pixels to a self-describing PNG, and read them back."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError
from zlib_ng import zlib_ng

from generate.runtime.atomic_write import atomic_write

SOFTWARE = "spectrogram images, python -m generate"
"""The text chunk `Software` of every image, by which this program knows its own."""
SIGNATURE = b"\x89PNG\r\n\x1a\n"
COMPRESSION = {"level": 1, "strategy": zlib_ng.Z_RLE}
"""Run-length encoding: the same bytes on every processor, in a tenth of the default's time."""
PALETTE_COLOURS, TRUE_COLOURS = 3, 2
"""Colour types of PNG."""
MOST_PIXELS = 4096 * 4096
"""A larger image is not opened: a few kilobytes can unpack to gigabytes."""
FILTER_UP = 2
"""Each pixel as its difference to the one above: a third fewer bytes (PNG filter type 2)."""


def palette(colormap: str) -> bytes:
    """The 256 colours of a matplotlib colour map, for pixel values 0 to 255.

    Returns
    -------
    bytes, 768 of them
        Red, green, blue of pixel value 0, 1, ... 255.

    Raises
    ------
    ValueError
        If there is no such colour map.
    """
    import matplotlib

    if colormap not in matplotlib.colormaps:
        some = "magma, viridis, inferno, plasma, cividis, gray, gray_r, jet, turbo"
        raise ValueError(f"colormap must be a colour map of matplotlib. Got {colormap!r}. Give one such as {some}.")
    return matplotlib.colormaps[colormap](np.arange(256), bytes=True)[:, :3].tobytes()


def write(path: Path, pixels: np.ndarray, *, palette: bytes, text: Mapping[str, str]) -> None:
    """Write a PNG with a palette, or of three planes, atomically.

    Parameters
    ----------
    path : Path
        Its folder must be there.
    pixels : np.ndarray, shape=(height, width), uint8, or (height, width, 3): red, green and blue
    palette : bytes
        768 of them, as `palette` gives; not used for three planes.
    text : Mapping of str to str
        Stored as text chunks.

    References
    ----------
    PNG specification, third edition, https://www.w3.org/TR/png-3/. Pillow's writer takes twice the time.
    """
    height, width = pixels.shape[:2]
    colour_type = PALETTE_COLOURS if pixels.ndim == 2 else TRUE_COLOURS
    pixels = pixels.reshape(height, -1)
    rows = np.empty((height, 1 + pixels.shape[1]), dtype=np.uint8)
    rows[:, 0] = FILTER_UP
    rows[0, 1:] = pixels[0]
    np.subtract(pixels[1:], pixels[:-1], out=rows[1:, 1:])
    compressor = zlib_ng.compressobj(**COMPRESSION)
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)),
        *([(b"PLTE", palette)] if colour_type == PALETTE_COLOURS else []),
        *_text_chunks({"Software": SOFTWARE, **text}),
        (b"IDAT", compressor.compress(rows) + compressor.flush()),
        (b"IEND", b""),
    ]
    with atomic_write(path, to_disk=False) as temporary:
        temporary.write_bytes(SIGNATURE + b"".join(_framed(kind, data) for kind, data in chunks))


def _text_chunks(text: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """International text, neither compressed nor translated."""
    for key, value in text.items():
        yield b"iTXt", key.encode("latin-1") + bytes(5) + value.encode("utf-8", "replace")


def _framed(kind: bytes, data: bytes) -> bytes:
    """A chunk between its length and its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib_ng.crc32(data, zlib_ng.crc32(kind)))


def read(path: Path) -> tuple[np.ndarray, dict[str, str]]:
    """Read the pixels and text chunks of an image.

    Returns
    -------
    pixels : np.ndarray, shape=(height, width), uint8, or (height, width, 3) of an image with three planes
    text : dict of str to str

    Raises
    ------
    OSError, SyntaxError
        If it cannot be read, is damaged, or has more pixels than stage one renders.
    ValueError
        If it is not of the kind that stage one writes.
    """
    content = _checked_bytes(path)
    with _opened(content) as image:
        kind = "an animation" if getattr(image, "is_animated", False) else f"of mode {image.mode}"
        # A foreign image in colours has no planes.
        if kind in ("of mode P", "of mode L") or (kind == "of mode RGB" and image.info.get("Software") == SOFTWARE):
            image.load()
            return np.array(image, dtype=np.uint8), dict(getattr(image, "text", {}))
    without = ", without its mark" if kind == "of mode RGB" else ""
    raise ValueError(f"it must be an image that `python -m generate` rendered. Got a PNG {kind}{without}")


def _checked_bytes(path: Path) -> bytes:
    """The bytes of a PNG after checking the length and checksum of every chunk, some of which Pillow ignores."""
    if path.stat().st_size > 2 * MOST_PIXELS:
        raise UnidentifiedImageError(f"it has {path.stat().st_size:,} bytes, more than any image of stage one")
    content = path.read_bytes()
    if not content.startswith(SIGNATURE):
        raise UnidentifiedImageError("it is empty" if not content else "it is not a PNG")
    place, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, place) if place + 12 <= len(content) else (len(content), b"")
        end = place + 12 + length
        if end > len(content):
            raise UnidentifiedImageError("it is truncated")
        if zlib_ng.crc32(content[place + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise UnidentifiedImageError(f"damaged: the checksum of its chunk {kind.decode('latin-1')!r} is wrong")
        place = end
    return content


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """Open a PNG; any exception that a damaged one raises in Pillow becomes an `OSError`."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnidentifiedImageError(
                    f"it has {image.width} x {image.height} pixels, more than stage one renders ({MOST_PIXELS:,})"
                )
            yield image
    except UnidentifiedImageError as error:
        if "BytesIO" in str(error):
            raise UnidentifiedImageError("damaged: it cannot be decoded") from None
        raise
    except (OSError, SyntaxError):
        raise
    except Image.DecompressionBombError as error:
        raise UnidentifiedImageError(f"it has more pixels than stage one renders ({MOST_PIXELS:,}): {error}") from None
    except Exception as error:
        raise UnidentifiedImageError(f"damaged ({type(error).__name__}: {error})") from None


def is_named(path: Path) -> bool:
    """Whether this program wrote the file under its present name."""
    text = _text_of(path)
    return text.get("Software") == SOFTWARE and path.name == f"{text.get('clip')}__{text.get('variant')}.png"


def _text_of(path: Path) -> dict[str | tuple[int, int], object]:
    """Text chunks of a PNG; none where it cannot be read."""
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return dict(image.info)
    except Exception:  # a damaged one may raise anything
        return {}
