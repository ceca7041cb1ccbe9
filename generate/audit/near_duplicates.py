"""Near duplicates: clips whose images agree but for codec, gain, faint noise or a small shift.

How similar two images must be depends on how much structure they have. Two short clips share their padding, two hums
their lines, one word spoken twice by one person its formants, and none of these are copies. So the fine structure is
compared that is left when all that is smooth is removed, relative to its number of independent cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image
from scipy.fft import irfft2, rfft2
from scipy.ndimage import uniform_filter

from generate.dataset.settings import Settings
from generate.features import FEATURES

ROWS = 32
COLUMNS_A_SECOND = 51.2
"""A column is 20 ms, so that a shift of half a column blurs little of what a window of 46 ms (2048 samples) shows."""
FEWEST_COLUMNS, MOST_COLUMNS = 16, 256
AUDIBLE_DB = 40.0
"""Below the clip's peak; what is fainter is left out, since codecs drop it and faint noise covers it."""
LARGEST_SHIFT_S = 0.1
NEIGHBOURHOOD = (3, 5)
"""Rows and columns whose mean is subtracted from each cell."""
MOST_RMS = 2.5
"""Cells are clipped to this many times the root mean square, so that a few loud ones do not decide."""
LEAST_RMS_DB = 0.3
"""An image with less fine structure is of a steady tone or noise, and the rest is rounding."""
LEAST_OVERLAP = 0.6
"""Share of the audible cells of the fuller image that must be audible in the other too."""
ALIKE = 0.5
"""Similarity that two clips of one kind may have (one word spoken twice by one person): it is no evidence."""
MOST_SIMILAR = 0.98
"""A higher similarity is set to this: the difference is rounding."""
LEAST_Z = 7.0
"""Similarity times the root of the number of cells: fewer than 51 cells are too few. Random tones, beeps and clicks
have fewer, and alone among them there are unrelated pairs with a similarity above 0.95."""
LEAST_EXCESS = {"mel": 9.0, "log": 9.0, "gammatone": 9.0, "mfcc": 11.0}
"""By feature; of another, the most of these. The nearest unrelated pairs of 1,500 spoken digits of 8 kHz (one word
spoken twice by one of three held-out speakers) are at 8.0, 7.1, 9.0 and 10.0; none is accepted of 400 pieces of
0.3 to 0.8 s of different recordings of ESC-10 and of 250 clips of each of 14 synthetic kinds. Found are, on held-out
clips of ESC-10, 94 to 100 % of the copies that the clip holds enough for (94 % of the clips do), by kind of copy; of
its pieces of 0.3 to 0.8 s 69 to 100 % (82 % do; Opus at its lowest quality 13 %). A speech synthesizer that speaks a
word twice with one voice makes pairs: its consonants are the same samples. `benchmarks/near_duplicates.py` measures
this again.
"""
PROJECTED = 256
"""Numbers that stand for an image where all are compared with all (Johnson and Lindenstrauss 1984): they
estimate the similarity of two images with a standard error of 1 / 16 at most."""
LEAST_PROJECTED = 0.45
"""Estimated similarity from which on two images are compared in full. The least similarity that is accepted is 0.5
to 0.98, by the number of cells; unrelated noises stay below 0.4."""
MOST_A_CLIP = 5
"""Nearest clips that are compared with each, so that a collection full of copies ends too."""
BLOCK = 256
_INAUDIBLE = -128


class Copies(NamedTuple):
    """Pairs of near duplicates.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns `a`, `b` (positions, a < b) and `similarity` (0 to 1), surest first; of each clip the few nearest.
    comparable : np.ndarray, shape=(n,), bool
        Whether each clip has enough fine structure to be compared; one that has not is in no pair.
    """

    pairs: pd.DataFrame
    comparable: np.ndarray


def small_image(pixels: np.ndarray, settings: Settings) -> np.ndarray:
    """Shrink an image to what two copies of one recording have in common.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width), uint8
        As `generate.features.spectrogram.spectrogram_image` gives them.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(32, columns), uint8
        From `AUDIBLE_DB` below the image's own peak (0) to the peak (255), so that gain changes nothing; 51.2 columns
        a second. Of a feature that is no decibels: the pixels.
    """
    if FEATURES[settings.feature].is_db:
        below_peak_db = (int(pixels.max()) - pixels.astype(np.float32)) * (settings.range_db / 255)
        # The image of silence has no peak: it stays dark.
        relative = np.clip(1 - below_peak_db / AUDIBLE_DB, 0, 1) * (pixels > 0)
        pixels = np.rint(relative * 255).astype(np.uint8)
    n_columns = int(np.clip(round(settings.seconds * COLUMNS_A_SECOND), FEWEST_COLUMNS, MOST_COLUMNS))
    shrunk = np.asarray(Image.fromarray(pixels).resize((n_columns, ROWS), Image.Resampling.BILINEAR))
    # Smoothed in time: a shift by a fraction of a column must not change the result.
    padded = np.pad(shrunk.astype(np.float32), ((0, 0), (1, 1)), mode="edge")
    smooth = np.rint((padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4)
    return np.where(shrunk > 0, np.maximum(smooth, 1), 0).astype(np.uint8)


def near_duplicates(small: np.ndarray, sources: np.ndarray, *, seconds: float, feature: str = "mel") -> Copies:
    """Find clips that are the same audio but are named as different recordings.

    The similarity r of two clips is the correlation of the fine structure of their small images, over the cells
    audible in both; the most of all shifts by up to `LARGEST_SHIFT_S` counts. The number n of independent cells comes
    from each image's own autocorrelation in time and pitch: a hum, a chirp and a row of clicks have few, however large
    their images. A pair is given where r is beyond chance, r sqrt(n) >= `LEAST_Z`, and beyond what clips of one kind
    have in common, (artanh r - artanh `ALIKE`) sqrt(n - 3) >= `LEAST_EXCESS`.

    Parameters
    ----------
    small : np.ndarray, shape=(n, rows, columns), uint8
        As `small_image` gives them.
    sources : np.ndarray, shape=(n,)
        The recording of each; pairs of one recording are skipped.
    seconds : float
        Length of the images' time axis.
    feature : str
        A key of `generate.features.FEATURES`.

    Returns
    -------
    Copies

    References
    ----------
    Effective number of cells: Bartlett, M. S. "Some aspects of the time-correlation problem in regard to tests of
    significance", Journal of the Royal Statistical Society 98, 1935. The transform artanh: Fisher, R. A. "On the
    probable error of a coefficient of correlation", Metron 1, 1921. Random projection: Johnson, W. B. and
    Lindenstrauss, J. "Extensions of Lipschitz mappings into a Hilbert space", Contemporary Mathematics 26, 1984.
    """
    detail, n_cells = _details(small)
    least_excess = LEAST_EXCESS.get(feature, max(LEAST_EXCESS.values()))
    comparable = (MOST_SIMILAR * np.sqrt(n_cells) >= LEAST_Z) & (_excess(1.0, n_cells) >= least_excess)
    rows = np.flatnonzero(comparable)
    detail, n_cells, sources = detail[rows], n_cells[rows], pd.factorize(np.asarray(sources))[0][rows]
    columns = small.shape[2] if len(rows) else 1
    largest = int(np.ceil(min(LARGEST_SHIFT_S / seconds * columns, columns / 4)))
    a, b, lag = _candidates(detail, sources, largest)
    similarity = _similarity(detail, a, b, lag)
    least_cells = np.minimum(n_cells[a], n_cells[b])
    excess = _excess(similarity, least_cells)
    pairs = pd.DataFrame(
        {"a": rows[np.minimum(a, b)], "b": rows[np.maximum(a, b)], "similarity": similarity, "excess": excess}
    )
    pairs = pairs[(similarity * np.sqrt(least_cells) >= LEAST_Z) & (excess >= least_excess)]
    pairs = pairs.sort_values(["excess", "a", "b"], ascending=[False, True, True]).drop_duplicates(["a", "b"])
    return Copies(pairs[["a", "b", "similarity"]].reset_index(drop=True), comparable)


def _excess(similarity: np.ndarray | float, n_cells: np.ndarray) -> np.ndarray:
    """By how many standard errors a similarity is above `ALIKE`."""
    above = np.arctanh(np.clip(similarity, 0, MOST_SIMILAR)) - np.arctanh(ALIKE)
    return above * np.sqrt(np.maximum(n_cells - 3, 0))


def _details(small: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fine structure of each image, shape=(n, rows, columns), int8, `_INAUDIBLE` where it is dark; and the number of
    independent cells of each, shape=(n,), 0 for a steady tone or noise.
    """
    detail = np.full(small.shape, _INAUDIBLE, dtype=np.int8)
    n_cells = np.zeros(len(small))
    for first in range(0, len(small), BLOCK):
        block = slice(first, first + BLOCK)
        x = small[block].astype(np.float32)
        is_audible = x > 0
        mask = is_audible.astype(np.float32)
        # Without the means of rows and columns: neither the spectrum nor the envelope counts.
        for axis in (2, 1) * 3:
            x -= x.sum(axis=axis, keepdims=True) / np.maximum(mask.sum(axis=axis, keepdims=True), 1)
            x *= mask
        x = _limited(x, mask)
        size = (0, *NEIGHBOURHOOD)
        around = uniform_filter(x, size, mode="constant") / np.maximum(
            uniform_filter(mask, size, mode="constant"), 1e-3
        )
        x = _limited((x - around) * mask, mask)
        rms = _rms(x, mask)
        n_cells[block] = np.where(rms.ravel() < LEAST_RMS_DB / AUDIBLE_DB * 255, 0, _independent(x, mask))
        detail[block][is_audible] = np.rint(x * (40 / np.maximum(rms, 1e-6)))[is_audible]
    return detail, n_cells


def _rms(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.sqrt((x**2).sum(axis=(1, 2), keepdims=True) / np.maximum(mask.sum(axis=(1, 2), keepdims=True), 1))


def _limited(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    limit = MOST_RMS * _rms(x, mask)
    return np.clip(x, -limit, limit)


def _independent(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Cells divided by the sum of the squared autocorrelation over all lags (Bartlett 1935), shape=(n,)."""
    shape = 2 * x.shape[1], 2 * x.shape[2]
    correlation = irfft2(np.abs(rfft2(x, shape)) ** 2, shape)
    power = correlation[:, 0, 0]
    return mask.sum(axis=(1, 2)) * power**2 / np.maximum((correlation**2).sum(axis=(1, 2)), 1e-6)


def _candidates(detail: np.ndarray, sources: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs that may be similar, by their projections: a, b, and by how many columns b is later, each shape=(pairs,).

    Both orders of each pair are compared, so lags of one sign are enough.
    """
    n, n_numbers = len(detail), detail[0].size if len(detail) else 0
    projection = np.random.default_rng(0).standard_normal((n_numbers, PROJECTED), dtype=np.float32)
    projected = np.empty((largest + 1, n, PROJECTED), dtype=np.float32)
    for first in range(0, n, BLOCK):
        block = detail[first : first + BLOCK]
        x = np.zeros(block.shape, dtype=np.float32)
        width = block.shape[-1]
        for lag in range(largest + 1):
            x[..., : width - lag] = np.where(block == _INAUDIBLE, 0, block)[..., lag:]
            x[..., width - lag :] = 0
            y = x.reshape(len(x), -1) @ projection
            projected[lag, first : first + BLOCK] = y / np.maximum(np.linalg.norm(y, axis=1, keepdims=True), 1e-9)
    found = [np.empty((0, 2), dtype=np.int64)]
    for first in range(0, n, BLOCK):
        rows = np.arange(first, min(first + BLOCK, n))
        best = projected[0, rows] @ projected[0].T
        for later in projected[1:]:
            np.maximum(best, projected[0, rows] @ later.T, out=best)
        best[sources[rows, np.newaxis] == sources] = -1
        top = np.argpartition(-best, min(MOST_A_CLIP, n - 1), axis=1)[:, :MOST_A_CLIP]
        near = np.take_along_axis(best, top, axis=1) > LEAST_PROJECTED
        found.append(np.stack([np.broadcast_to(rows[:, np.newaxis], top.shape)[near], top[near]], axis=1))
    a, b = np.concatenate(found).T
    lags = np.zeros(len(a), dtype=np.int64)
    for first in range(0, len(a), 4096):
        pairs = slice(first, first + 4096)
        lags[pairs] = np.einsum("ik,lik->il", projected[0, a[pairs]], projected[:, b[pairs]]).argmax(axis=1)
    return a, b, lags


def _similarity(detail: np.ndarray, a: np.ndarray, b: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Correlation of each pair where both are audible, the most of all lags about the given one, shape=(pairs,)."""
    best = np.zeros(len(a), dtype=np.float32)
    for value in np.unique(lags):
        of_lag = np.flatnonzero(lags == value)
        for first in range(0, len(of_lag), BLOCK):
            rows = of_lag[first : first + BLOCK]
            x, y = detail[a[rows]], detail[b[rows]]
            fuller = np.maximum((x != _INAUDIBLE).sum(axis=(1, 2)), (y != _INAUDIBLE).sum(axis=(1, 2)))
            for near in np.arange(value - 1, value + 1.5, 0.5):
                best[rows] = np.maximum(best[rows], _correlation(x, y, near, LEAST_OVERLAP * fuller))
    return best


def _correlation(x: np.ndarray, y: np.ndarray, lag: float, least: np.ndarray) -> np.ndarray:
    """Of x and of y, which is `lag` columns later, shape=(pairs,); 0 where fewer than `least` cells are in both."""
    if lag < 0:
        x, y, lag = y, x, -lag
    whole, width = int(lag), x.shape[2] - int(np.ceil(lag))
    x, y, next_y = x[:, :, :width], y[:, :, whole : whole + width], y[:, :, x.shape[2] - width :]
    both = ((x != _INAUDIBLE) & (y != _INAUDIBLE) & (next_y != _INAUDIBLE)).astype(np.float32)
    x, y = x * both, (y.astype(np.float32) + next_y) * both
    xy, xx, yy = (np.einsum("irc,irc->i", left, right) for left, right in ((x, y), (x, x), (y, y)))
    return np.where(both.sum(axis=(1, 2)) >= least, xy / np.maximum(np.sqrt(xx * yy), 1e-6), 0)
