"""What the settings of a constant-Q transform mean, and which of them can be."""

from __future__ import annotations

import math

C1_HZ = 32.703
"""The note C1, the lowest frequency of `librosa.cqt`, to a thousandth of a hertz."""
LONGEST_FILTER_S = 10.0
"""Filters are applied to blocks of at least three times their length, and take 32 bytes a sample of these."""


def quality_factor(bins_per_octave: int) -> float:
    """Periods of a filter of the constant-Q transform: its frequency over its bandwidth, as in `librosa.cqt`.

    Examples
    --------
    >>> round(quality_factor(12), 2)
    17.33
    """
    ratio = 2.0 ** (2 / bins_per_octave)
    return (ratio + 1) / (ratio - 1)


def check_octaves(*, fmin_hz: float, fmax_hz: float, bins_per_octave: int, seconds: float) -> None:
    """Check that rows can be spaced in octaves, and that their filters fit into an image and into memory.

    Parameters
    ----------
    fmin_hz, fmax_hz : float
    bins_per_octave : int
    seconds : float
        Length of an image.

    Raises
    ------
    ValueError
    """
    if not 0 < 2 * fmin_hz <= fmax_hz:
        raise ValueError(
            f"fmin_hz must be above 0, and fmax_hz twice as high or more, for cqt. Got {fmin_hz:g} and {fmax_hz:g}. "
            f"Give such as {C1_HZ:.1f} (the note C1) for fmin_hz."
        )
    n_periods, most_s = quality_factor(bins_per_octave), min(seconds, LONGEST_FILTER_S)
    if n_periods / fmin_hz > most_s:
        raise ValueError(
            f"The longest filter of cqt must be at most {most_s:g} s. Got {n_periods / fmin_hz:.2f} s, at {fmin_hz:g} "
            f"Hz and {bins_per_octave} bins an octave. Raise fmin_hz to {math.ceil(n_periods / most_s)}, or lower "
            "bins_per_octave."
        )
