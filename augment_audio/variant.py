"""What a variant is: an entry of `VARIANTS`."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

ORIGINAL = "original"
"""The variant that is the clip itself; it is always rendered."""


@dataclass(frozen=True)
class Variant:
    """An audio augmentation: an entry of `VARIANTS`.

    Parameters
    ----------
    make : callable
        `make(sound, *, <parameter>) -> y`. It gets a `Sound`, may read `sound.y` (mono float32, read-only) and
        `sound.sr`, and returns new samples of any length, shape=(n,). Where it has an argument `rng`, it
        gets a `numpy.random.Generator` of its own for each clip and must use no other random numbers.
    parameter : str
        Keyword argument that gets the value after `=`, with its unit (`n_semitones`); empty: there is no value.
    low, high : float
        Range of the value, both ends included.
    default : float or None
        The value if none is given; None: one must be given.
    signed : bool
        Whether the name always has a sign (`pitch=+2`).
    is_gain : bool
        Whether the variant only multiplies the samples by its value in decibels.
    by_engine : bool
        Whether the value is an argument of `Sound.stretch_and_shift` and nothing else is done, so that two such
        augmentations one after the other are made in one pass.
    choices : tuple of float
        The values that there are, of those in the range; empty: all of them.
    highest : callable, optional
        `highest(sr) -> value`: the highest value that differs from others at a sample rate, where not all do.
    package : str
        What it needs beside what this package always needs; checked before work starts.
    takes_folder : bool
        Whether a folder of recordings stands before the value (`background=FOLDER@10`). The function then has an
        argument `background`, which gives a random part of one of them: `background(n_samples, n_shown, sr, rng) -> y`.
    stereo : bool
        Whether `make` takes two channels too, of shape (2, n). Otherwise it gets each by itself, with equal random
        numbers.
    """

    make: Callable[..., np.ndarray]
    parameter: str = ""
    low: float = -math.inf
    high: float = math.inf
    default: float | None = None
    signed: bool = False
    is_gain: bool = False
    by_engine: bool = False
    choices: tuple[float, ...] = ()
    highest: Callable[[int], float] | None = None
    package: str = ""
    takes_folder: bool = False
    stereo: bool = False

    @property
    def summary(self) -> str:
        """What it does: the first line of the function's docstring."""
        return (inspect.getdoc(self.make) or "").partition("\n")[0]

    @cached_property
    def is_random(self) -> bool:
        """Whether it uses random numbers."""
        return "rng" in inspect.signature(self.make).parameters
