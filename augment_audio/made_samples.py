"""What the function of a variant returns: for each channel, and checked."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from augment_audio.sound import Sound

HIGHEST_SAMPLE = 1e6
"""A gain of 60 dB, the highest allowed, reaches 1,000; far above, spectra in float32 overflow."""


def each_channel(
    make: Callable[..., np.ndarray], sound: Sound, values: dict[str, Any], rng: np.random.Generator | None
) -> np.ndarray:
    """Call a function of a mono `Sound` for each channel, with the same random numbers.

    Parameters
    ----------
    make : callable
        As of `augment_audio.Variant`.
    sound : Sound
        Of two channels.
    values : dict
        Keyword arguments.
    rng : numpy.random.Generator or None
        The argument `rng`, where `make` has one.

    Returns
    -------
    np.ndarray, shape=(2, n)

    Raises
    ------
    ValueError
        If it does not return as many samples for both.
    """
    draws = [{} if rng is None else {"rng": copy.deepcopy(rng)} for _ in sound.y]
    call = partial(make, **values)
    made = [np.asarray(call(sound.with_samples(y), **drawn)) for y, drawn in zip(sound.y, draws, strict=True)]
    if made[0].shape != made[1].shape:
        raise ValueError(
            f"A variant must return as many samples for the left channel as for the right one. Got {made[0].shape} and "
            f"{made[1].shape}. Let it cut both at the same places: see `stereo` of augment_audio.Variant."
        )
    return np.stack(made)


def check_samples(made: object, name: str, *, ndim: int) -> np.ndarray:
    """The samples that a variant returned, in float32.

    Parameters
    ----------
    made : object
    name : str
        The variant's.
    ndim : int
        1 for mono, 2 for two channels.

    Raises
    ------
    ValueError
        If they are not finite, too high, or of another shape.
    """
    y = np.asarray(made, dtype=np.float32)
    # NaN passes through both and fails the comparison below.
    peak = float(np.maximum(y.max(), -y.min())) if y.size else 0.0
    if y.ndim != ndim or y.shape[:-1] not in ((), (2,)) or y.size == 0 or not peak <= HIGHEST_SAMPLE:
        fault = ""
        if not peak <= HIGHEST_SAMPLE:
            fault = f" with values up to {peak:g}" if math.isfinite(peak) else " with values that are not finite"
        wanted = "mono samples of shape (n,)" if ndim == 1 else "samples of shape (2, n)"
        raise ValueError(
            f"The variant {name!r} must return finite {wanted}, n > 0, with full scale at 1. Got shape "
            f"{y.shape}{fault}."
        )
    return y
