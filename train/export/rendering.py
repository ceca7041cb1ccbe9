"""How a waveform becomes an image, as the arrays that a graph of any format consists of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from augment_audio.dsp.fourier import hann
from augment_audio.dsp.offset import SHORTEST_OFFSET_S
from generate.audio.noise_floor import SILENCE
from generate.dataset.settings import Settings
from generate.features.decibels import QUIETEST_DBFS, sine_power
from generate.features.gammatone import gammatone_filters
from generate.features.mel import mel_filters
from generate.features.mfcc import LARGEST_MAGNIFICATION
from train.predict.windows import FrontEnd

FEATURES = ("mel", "log", "mfcc", "gammatone")
"""Of `generate.features`, those that can be in a graph."""


@dataclass(frozen=True)
class Resize:
    """Pillow's bilinear filter as two matrix products; it rounds to whole numbers after each.

    Parameters
    ----------
    columns : np.ndarray, shape=(width before, width after), float32, optional
        Applied first; None: the width stays.
    rows : np.ndarray, shape=(height after, height before), float32, optional
        None: the height stays.
    """

    columns: np.ndarray | None
    rows: np.ndarray | None


@dataclass(frozen=True)
class Rendering:
    """What `generate.features.spectrogram.spectrogram_image` does, step by step.

    Parameters
    ----------
    n_samples : int
        Of a window.
    hop_length : int
    window : np.ndarray, shape=(n_fft,), float32
    padding : tuple of (int, int)
        Zeros before and after the samples, for 1 + n_samples // hop_length frames whether n_fft is even or odd.
    bins : tuple of (int, int) or None
        First bin of the Fourier transform, and the one after the last, whose powers are the rows; the highest is
        the first row.
    filters : np.ndarray, shape=(n_fft / 2 + 1, bands), float32, optional
        Instead of `bins`; the highest band is the first, except for `mfcc`.
    cosines : np.ndarray, shape=(bands, rows), float32, optional
        Of `mfcc`: from decibels to coefficients, the last coefficient first.
    scale, offset : np.ndarray, shape=(rows,), float32
        From decibels or coefficients to 0 to 1.
    range_db : float
    reference : float
        Power of the reference, or with `is_peak` the lowest that it has.
    is_peak : bool
        Whether the reference is the highest power of the window.
    shortest_offset : int
        Samples from which on a mean is an offset; see `generate.audio.load`.
    silence : float
        See `generate.audio.noise_floor`.
    resizes : tuple of Resize
    palette : np.ndarray, shape=(256, 3), float32
    """

    n_samples: int
    hop_length: int
    window: np.ndarray
    padding: tuple[int, int]
    bins: tuple[int, int] | None
    filters: np.ndarray | None
    cosines: np.ndarray | None
    scale: np.ndarray
    offset: np.ndarray
    range_db: float
    reference: float
    is_peak: bool
    shortest_offset: int
    silence: float
    resizes: tuple[Resize, ...]
    palette: np.ndarray


def check_rendering(front: FrontEnd) -> None:
    """Check that a front end can be in a graph.

    Raises
    ------
    ValueError
        If it has a feature or a step that cannot; the message names it.
    """
    instead = "Give --input image, which all formats but html take, and render the images with this program."
    if front.settings.planes:
        raise ValueError(
            f"The images must have one plane for their rendering to be part of an export. Got the planes "
            f"{' '.join(front.settings.planes)}. {instead}"
        )
    if front.settings.channels not in ("auto", "mean"):
        raise ValueError(
            "The channels must be averaged for the rendering to be part of an export, whose input is mono. Got "
            f"--channels {front.settings.channels}. {instead}"
        )
    if front.settings.feature not in FEATURES:
        raise ValueError(
            f"The feature must be one of {', '.join(FEATURES)} to be part of an export. Got "
            f"{front.settings.feature!r}. {instead}"
        )
    if front.settings.denoise_db:
        raise ValueError(
            "The images must not be denoised, so that their rendering can be part of an export. Got --denoise "
            f"{front.settings.denoise_db:g}. {instead}"
        )


def rendering(front: FrontEnd) -> Rendering:
    """Take a front end apart.

    Parameters
    ----------
    front : FrontEnd
        One that `check_rendering` accepts.
    """
    settings = front.settings
    assert front.palette is not None, "check_rendering"
    bins, filters, cosines, full_scale = _rows(settings)
    n_rows = bins[1] - bins[0] if bins else (filters if cosines is None else cosines).shape[1]  # type: ignore[union-attr]
    scale, offset = np.full(n_rows, 1 / settings.range_db), np.ones(n_rows)
    if cosines is not None:
        k = np.arange(n_rows)
        magnification = np.minimum(1 + k / 2, LARGEST_MAGNIFICATION)
        scale = (magnification / (np.sqrt(settings.n_bands) * settings.range_db))[::-1]
        offset = (0.5 + 0.5 * (k == 0))[::-1]
    is_peak = settings.reference != "full-scale"
    return Rendering(
        n_samples=settings.n_samples,
        hop_length=settings.hop_length,
        window=hann(settings.n_fft),
        padding=(settings.n_fft // 2, settings.n_fft - settings.n_fft // 2),
        bins=bins,
        filters=filters,
        cosines=cosines,
        scale=scale.astype(np.float32),
        offset=offset.astype(np.float32),
        range_db=settings.range_db,
        reference=full_scale * 10 ** (QUIETEST_DBFS / 10) if is_peak else full_scale,
        is_peak=is_peak,
        shortest_offset=int(np.ceil(min(settings.n_samples, SHORTEST_OFFSET_S * settings.sr))),
        silence=SILENCE,
        resizes=_resizes((n_rows, 1 + settings.n_samples // settings.hop_length), front),
        palette=front.palette.astype(np.float32),
    )


def _rows(
    settings: Settings,
) -> tuple[tuple[int, int] | None, np.ndarray | None, np.ndarray | None, float]:
    """`bins`, `filters` and `cosines` of a `Rendering`, and the highest power of a sine at full scale."""
    if settings.feature == "log":
        hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
        inside = np.flatnonzero((hz >= settings.fmin_hz) & (hz <= settings.highest_hz))
        return (int(inside[0]), int(inside[-1]) + 1), None, None, sine_power(settings.n_fft)
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    if settings.feature == "gammatone":
        filters = gammatone_filters(*options)
        return None, np.ascontiguousarray(filters[::-1].T), None, sine_power(settings.n_fft, filters)
    sparse, full_scale = mel_filters(*options)
    filters = sparse.toarray()
    if settings.feature == "mel":
        return None, np.ascontiguousarray(filters[::-1].T), None, full_scale
    from scipy.fft import dct

    cosines = dct(np.eye(settings.n_bands), axis=0, type=2, norm="ortho")[: settings.n_mfcc]
    return (
        None,
        np.ascontiguousarray(filters.T),
        np.ascontiguousarray(cosines[::-1].T.astype(np.float32)),
        full_scale,
    )


def _resizes(shape: tuple[int, int], front: FrontEnd) -> tuple[Resize, ...]:
    """To the size of the images, and from there to the size of the model's input."""
    sizes = [front.settings.image_size[::-1]] if front.settings.image_size else []
    resizes = []
    for size in [*sizes, front.size]:
        if tuple(size) != shape:
            rows = bilinear(shape[0], size[0])
            resizes.append(Resize(bilinear(shape[1], size[1]), None if rows is None else np.ascontiguousarray(rows.T)))
        shape = (size[0], size[1])
    return tuple(resizes)


def bilinear(n_before: int, n_after: int) -> np.ndarray | None:
    """The weights of Pillow's bilinear filter, from Pillow itself.

    Returns
    -------
    np.ndarray or None, shape=(n_before, n_after), float32
        None: there is nothing to resize.
    """
    if n_before == n_after:
        return None
    each = Image.fromarray(np.eye(n_before, dtype=np.float32))
    return np.asarray(each.resize((n_after, n_before), Image.Resampling.BILINEAR))
