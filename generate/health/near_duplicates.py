"""The same sound under two names: clips whose pictures agree but for codec, gain, faint noise or a small shift."""

from __future__ import annotations

import numpy as np
import pandas as pd
from PIL import Image

from generate.settings import Settings

ROWS = 32
COLUMNS_A_SECOND = 25.6
"""A column is 39 ms, less than the 46 ms that a window of 2048 samples smears at 44.1 kHz."""
FEWEST_COLUMNS, MOST_COLUMNS = 16, 256
HEARD_DB = 40.0
"""Below the clip's peak; what is fainter is left out, since codecs drop it and faint noise covers it."""
LARGEST_SHIFT_S = 0.1
SHIFT_STEP = 0.5
"""In columns."""
LEAST_RMS_DB = 0.5
"""A picture that sways by less around its own rows and columns is of a steady sound: nothing tells it from another."""
THRESHOLD = 0.175
"""Distance below which two clips are the same sound. Measured on ESC-10 (400 clips of 304 recordings, mel pictures of
5 s): of 3,600 copies (Ogg and MP3 at low quality, -6 dB, noise at 40 dB SNR, shifts by 50 and 100 ms either way, and
all of these together) 99.4 % lie below it, their median is 0.015 and their 95 % quantile 0.14. Of 79,651 pairs of
different recordings one lies below it, at 0.03, and it is a true copy (2-28314-A and 2-30322-A: their samples correlate
by 0.97, 3 dB apart); the next is at 0.18, two sneezes; the median distance to the nearest other recording is 0.66. Of
`gammatone`, `mfcc`, 2 s and 64-band pictures at 22,050 Hz that pair alone lies below it too, and 94 to 100 % of the
copies; of `log`, whose rows are mostly treble, 11 pairs more, and 90 to 95 % of the copies."""
PROJECTED = 256
"""Numbers that stand for a picture where all are compared with all (Johnson and Lindenstrauss 1984): they tell the
correlation of two pictures with a standard error of 1 / 16 at most."""
MARGIN = 0.25
"""Four of those errors: pairs that may be as much nearer than they seem are looked at in full."""
MOST_A_CLIP = 5
"""Of the nearest, so that a collection full of copies ends too."""
BLOCK = 1024


def small_picture(levels: np.ndarray, settings: Settings) -> np.ndarray:
    """Shrink a picture to what two copies of one sound have in common.

    Parameters
    ----------
    levels : np.ndarray, shape=(height, width), uint8
        As `generate.spectrogram.levels` gives them.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(32, columns), uint8
        From `HEARD_DB` below the picture's own peak (0) to the peak (255), so that gain changes nothing; 25.6 columns
        a second. For `mfcc`, whose levels are no decibels: the levels.
    """
    if settings.feature != "mfcc":
        below_peak_db = (int(levels.max()) - levels.astype(np.float32)) * (settings.range_db / 255)
        # A picture without sound has no peak: it stays dark.
        heard = np.clip(1 - below_peak_db / HEARD_DB, 0, 1) * (levels > 0)
        levels = np.rint(heard * 255).astype(np.uint8)
    n_columns = int(np.clip(round(settings.seconds * COLUMNS_A_SECOND), FEWEST_COLUMNS, MOST_COLUMNS))
    return np.asarray(Image.fromarray(levels).resize((n_columns, ROWS), Image.Resampling.BOX))


def near_duplicates(
    small: np.ndarray, sources: np.ndarray, *, seconds: float, threshold: float = THRESHOLD
) -> pd.DataFrame:
    """Find clips of different recordings that are the same sound.

    The distance of two clips is 1 minus the correlation of their small pictures, each less the means of its rows and
    of its columns: so neither the colour of a steady noise nor its swelling makes two sounds one, only where in time
    and pitch each has its strokes. The least of all shifts by up to `LARGEST_SHIFT_S` counts, and only what both
    pictures show then.

    Parameters
    ----------
    small : np.ndarray, shape=(n, rows, columns), uint8
        As `small_picture` gives them.
    sources : np.ndarray, shape=(n,)
        The recording of each; pairs of one recording are passed over.
    seconds : float
        Length of the pictures' time axis.
    threshold : float
        Distance below which a pair is given, 0 to 1.

    Returns
    -------
    pandas.DataFrame
        Columns `a`, `b` (positions, a < b) and `distance`, nearest first; of each clip the `MOST_A_CLIP` nearest.

    References
    ----------
    Random projection: Johnson, W. B. and Lindenstrauss, J. "Extensions of Lipschitz mappings into a Hilbert space",
    Contemporary Mathematics 26, 1984.
    """
    shifts, margin = _shifts(small.shape[2], seconds)
    sources = pd.factorize(np.asarray(sources))[0]
    candidates = _candidates(small, sources, shifts, margin, threshold)
    distance = _distances(small, candidates, shifts, margin)
    pairs = pd.DataFrame({"a": candidates[:, 0], "b": candidates[:, 1], "distance": distance})
    return pairs[pairs["distance"] < threshold].sort_values(["distance", "a", "b"], ignore_index=True)


def _shifts(n_columns: int, seconds: float) -> tuple[np.ndarray, int]:
    """Shifts to try, in columns, and how many columns at either end are left out for them."""
    largest = min(LARGEST_SHIFT_S / seconds * n_columns, n_columns / 4)
    steps = int(np.ceil(largest / SHIFT_STEP))
    return np.arange(-steps, steps + 1) * SHIFT_STEP, int(np.ceil(largest)) + 1


def _unit(small: np.ndarray, shift: float, margin: int) -> np.ndarray:
    """Vectors of length 1 of the shifted pictures, shape=(n, numbers), float32; 0 where there is nothing to compare."""
    whole, part = int(np.floor(shift)), shift - np.floor(shift)
    width = small.shape[2] - 2 * margin
    x = small[:, :, margin + whole : margin + whole + width].astype(np.float32)
    if part:
        x += np.float32(part) * (small[:, :, margin + whole + 1 : margin + whole + 1 + width] - x)
    x -= x.mean(axis=2, keepdims=True)
    x -= x.mean(axis=1, keepdims=True)
    x = x.reshape(len(x), -1)
    norm = np.linalg.norm(x, axis=1, keepdims=True)
    least = LEAST_RMS_DB / HEARD_DB * 255 * np.sqrt(x.shape[1])
    return np.where(norm >= least, x / np.maximum(norm, 1e-9), 0)


def _candidates(
    small: np.ndarray, sources: np.ndarray, shifts: np.ndarray, margin: int, threshold: float
) -> np.ndarray:
    """Pairs that may be near, by their projections, shape=(pairs, 2), the lower position first."""
    n = len(small)
    n_numbers = small.shape[1] * (small.shape[2] - 2 * margin)
    projection = np.random.default_rng(0).standard_normal((n_numbers, PROJECTED), dtype=np.float32)
    blocks = range(0, n, BLOCK)
    projected = np.empty((len(shifts), n, PROJECTED), dtype=np.float32)
    for number, shift in enumerate(shifts):
        for first in blocks:
            x = _unit(small[first : first + BLOCK], shift, margin) @ projection
            x /= np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-9)
            projected[number, first : first + BLOCK] = x
    unshifted = projected[len(shifts) // 2]
    found = [np.empty((0, 2), dtype=np.int64)]
    for first in blocks:
        rows = np.arange(first, min(first + BLOCK, n))
        best = np.full((len(rows), n), -1, dtype=np.float32)
        for shifted in projected:
            np.maximum(best, unshifted[rows] @ shifted.T, out=best)
        best[sources[rows, np.newaxis] == sources] = -1
        top = np.argpartition(-best, min(MOST_A_CLIP, n - 1), axis=1)[:, :MOST_A_CLIP]
        near = np.take_along_axis(best, top, axis=1) > 1 - threshold - MARGIN
        found.append(np.stack([np.broadcast_to(rows[:, np.newaxis], top.shape)[near], top[near]], axis=1))
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def _distances(small: np.ndarray, pairs: np.ndarray, shifts: np.ndarray, margin: int) -> np.ndarray:
    """Distance of each pair, shape=(pairs,), float32: either of the two may be the one that is shifted."""
    nearest = np.full(len(pairs), -1, dtype=np.float32)
    for first in range(0, len(pairs), BLOCK):
        part = slice(first, first + BLOCK)
        a, b = (small[pairs[part, side]] for side in (0, 1))
        still_a, still_b = _unit(a, 0, margin), _unit(b, 0, margin)
        for shift in shifts:
            for still, moved in ((still_a, b), (still_b, a)):
                likeness = np.einsum("ij,ij->i", still, _unit(moved, shift, margin))
                np.maximum(nearest[part], likeness, out=nearest[part])
    return 1 - nearest
