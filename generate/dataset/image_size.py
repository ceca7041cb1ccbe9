"""The size of the images, as it is written on the command line and in settings files."""

from __future__ import annotations


def parse_image_size(text: str | int) -> tuple[int, int] | None:
    """Read `224` (square), `320x240` (width x height) or `native`.

    Returns
    -------
    tuple of (int, int) or None
        Width and height in pixels; None for `native`.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if text == "native":
        return None
    width, x, height = str(text).lower().partition("x")
    try:
        return (int(width), int(height) if x else int(width))
    except ValueError:
        raise ValueError(f"The image size must be 224, 320x240 (width x height) or native. Got {text!r}.") from None
