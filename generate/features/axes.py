"""The axes of a spectrogram image, in hertz and seconds."""

from __future__ import annotations

import json

import numpy as np

from generate.dataset.settings import Settings
from generate.features.cqt import row_frequencies_hz
from generate.features.gammatone import centre_hz
from generate.features.mel import corner_hz

LEAST_DISTANCE = 0.07
"""Between two tick marks, as a fraction of the axis: labels closer together would overlap."""
MOST_TIME_MARKS = 6


def row_hz(settings: Settings) -> np.ndarray | None:
    """Frequency at the centre of each row of an image in its native size.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    np.ndarray or None, shape=(rows,), float64
        In hertz, the lowest first; None for `mfcc`, whose rows are no frequencies.

    Examples
    --------
    >>> row_hz(Settings(sr=22050, n_bands=8)).round()
    array([ 370.,  739., 1119., 1639., 2399., 3513., 5143., 7530.])
    """
    low, high = settings.fmin_hz, settings.highest_hz
    if settings.feature in ("mel", "pcen"):
        return corner_hz(settings.n_bands, low, high)[1:-1]
    if settings.feature == "gammatone":
        return centre_hz(settings.n_bands, low, high)
    if settings.feature == "cqt":
        return row_frequencies_hz(settings)
    if settings.feature == "log":
        hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
        return hz[(hz >= low) & (hz <= high)]
    return None


def frequency_marks(settings: Settings) -> list[tuple[float, float]]:
    """Round frequencies for the tick marks of the vertical axis.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    list of (float, float)
        Hertz (1, 2 or 5 times a power of ten), and the position from 0 (bottom) to 1 (top), the lowest first; empty
        if the rows are no frequencies.
    """
    hz = row_hz(settings)
    if hz is None:
        return []
    heights = (np.arange(len(hz)) + 0.5) / len(hz)
    marks: list[tuple[float, float]] = []
    for mark in [digit * 10.0**power for power in range(1, 6) for digit in (1, 2, 5)]:
        if not hz[0] <= mark <= hz[-1]:
            continue
        height = float(np.interp(mark, hz, heights))
        if not marks or height - marks[-1][1] >= LEAST_DISTANCE:
            marks.append((mark, round(height, 4)))
    return marks


def time_marks(settings: Settings) -> list[tuple[float, float]]:
    """Round times for the tick marks of the horizontal axis.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    list of (float, float)
        Seconds, and the position from 0 (left) to 1 (right).

    Examples
    --------
    >>> time_marks(Settings(seconds=2))
    [(0.0, 0.0), (0.5, 0.25), (1.0, 0.5), (1.5, 0.75), (2.0, 1.0)]
    """
    steps = [digit * 10.0**power for power in range(-3, 5) for digit in (1, 2, 5)]
    step = next(step for step in steps if settings.seconds / step <= MOST_TIME_MARKS)
    times = np.arange(0, settings.seconds + step / 1000, step)
    return [(round(float(time), 6), round(float(time / settings.seconds), 4)) for time in times]


def event_boxes(
    text: str, settings: Settings, *, before_s: float = 0.0
) -> list[tuple[float, float, float, float, str]]:
    """Where the events of a clip are in its image.

    Parameters
    ----------
    text : str
        As in the column `events` of `metadata.csv`.
    settings : Settings
    before_s : float
        Seconds of padding before the clip.

    Returns
    -------
    list of (float, float, float, float, str)
        Left, right, bottom and top as fractions of the image, and the label. Events without frequencies are as high as
        the image.

    Examples
    --------
    >>> event_boxes('[[0.5, 1.0, "wren", null, null]]', Settings(seconds=2))
    [(0.25, 0.5, 0.0, 1.0, 'wren')]
    >>> event_boxes('[[0.5, 1.0, "wren", null, null]]', Settings(seconds=2), before_s=1)
    [(0.75, 1.0, 0.0, 1.0, 'wren')]
    """
    hz = row_hz(settings)

    def height(value: float | None, default: float) -> float:
        if value is None or hz is None:
            return default
        return round(float(np.interp(value, hz, (np.arange(len(hz)) + 0.5) / len(hz), left=0.0, right=1.0)), 4)

    return [
        (
            round((before_s + start_s) / settings.seconds, 4),
            round(min((before_s + end_s) / settings.seconds, 1.0), 4),
            height(low_hz, 0.0),
            height(high_hz, 1.0),
            str(label),
        )
        for start_s, end_s, label, low_hz, high_hz in json.loads(text or "[]")
    ]
