"""Where the images of a clip lie in the image folder, and what they are called."""

from __future__ import annotations

import hashlib
import re
from typing import TypeVar

import pandas as pd

SUFFIX = ".png"
FANNED = re.compile("[0-9a-f]{2}")
"""What the folders below the class are called under `--fan-out`."""

# No hidden class, none that Windows takes for a drive, and no way out of the folder.
_IMAGE = re.compile(rf"(?!\.|.:)[^/\\]+/(?:{FANNED.pattern}/)?[^/\\]*{re.escape(SUFFIX)}", re.DOTALL)

Text = TypeVar("Text", str, pd.Series)


def image_name(clip_folder: Text, clip_id: Text, variant: Text) -> Text:
    """Name of an image, relative to the image folder: `<clip folder>/<clip_id>__<variant>.png`.

    Parameters
    ----------
    clip_folder, clip_id, variant : str or pandas.Series
        Of one image, or of each row of a table.
    """
    return clip_folder + "/" + clip_id + "__" + variant + SUFFIX


def clip_folder(class_folder: str, clip_id: str, *, fan_out: bool) -> str:
    """The folder of a clip's images, relative to the image folder.

    Parameters
    ----------
    class_folder : str
        The class, as the name of a folder.
    clip_id : str
    fan_out : bool
        Whether the images of a class lie in up to 256 folders below its own: two digits of the SHA-1 of `clip_id`,
        so that all images of a clip lie together.
    """
    return f"{class_folder}/{hashlib.sha1(clip_id.encode()).hexdigest()[:2]}" if fan_out else class_folder


def is_image_name(name: str) -> bool:
    """Whether a text is, on every system, of the form `class/image.png` or `class/3f/image.png`."""
    return _IMAGE.fullmatch(name) is not None
