"""One augmentation of a waveform in one call."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from augment_audio.background_files import find_backgrounds
from augment_audio.engines import choose_engine, open_audio
from augment_audio.make import make_variant
from augment_audio.packages import check_packages
from augment_audio.request import check_sample_rate, parse_request
from augment_audio.transforms import VARIANTS
from augment_audio.variant import Variant


def augment(
    y: np.ndarray,
    sr: int,
    variant: str,
    *,
    engine: str = "auto",
    seed: int = 0,
    clip_id: str = "",
    variants: Mapping[str, Variant] = VARIANTS,
) -> np.ndarray:
    """Make one variant of a waveform.

    For several variants of one waveform, `open_audio` and `make_variant` are faster: the analysis is shared.

    Parameters
    ----------
    y : np.ndarray, shape=(n,)
        Mono samples, n > 0; full scale is 1. Not modified.
    sr : int
        Sample rate in hertz.
    variant : str
        As on the command line: `pitch=+2`, `stretch=0.7`, `trim`, `noise=20`, `background=FOLDER@10`.
    engine : str
        What changes pitch and tempo: `auto`, or a key of `ENGINES`.
    seed : int
        Seed of the random variants.
    clip_id : str
        Mixed into the seed, so that each clip gets other random numbers.
    variants : Mapping of str to Variant
        The known variants; add your own with `VARIANTS | {"reverse": Variant(reverse)}`.

    Returns
    -------
    np.ndarray, shape=(n,) or another length, float32

    Raises
    ------
    FileNotFoundError, ValueError
        If the variant or the engine is not known, a value is out of range, or a package or a folder is not there.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> y_up = augment(y, 22050, "pitch=+2", engine="librosa")
    >>> y_up.shape, y_up.dtype
    ((22050,), dtype('float32'))
    >>> reverse = Variant(lambda sound: sound.y[::-1])
    >>> augment(np.arange(3), 22050, "reverse", variants=VARIANTS | {"reverse": reverse})
    array([2., 1., 0.], dtype=float32)
    """
    sound = open_audio(y, sr, engine=choose_engine(engine))
    request = parse_request(variant, variants)
    check_packages([request], variants)
    check_sample_rate([request], variants, sr)
    backgrounds = find_backgrounds([request])
    return make_variant(sound, request, variants, seed=seed, clip_id=clip_id, backgrounds=backgrounds)
