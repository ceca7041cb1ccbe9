"""Spectrogram images: from a waveform to pixel values."""

from __future__ import annotations

import numpy as np
from PIL import Image

from augment_audio import check_package, random_generator
from augment_audio.transforms.denoise import VARIANT, reduce_noise
from generate.audio.noise_floor import SILENCE, is_silent
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.planes import plane_values


def spectrogram_image(y: np.ndarray, settings: Settings, *, noise: float = SILENCE, clip_id: str = "") -> np.ndarray:
    """Render a waveform as an image, which depends on no other clip.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32, or (2, n) for planes of channels
        Samples at `settings.sr`, n > 0; padded or cut to `settings.seconds` first, so that the time axis is the same
        for all images and a stretched clip looks stretched.
    settings : Settings
    noise : float
        Noise floor of the file's format, see `generate.audio.noise_floor`; default: of 16 bits. A waveform that does
        not exceed it is rendered as silence, and the brightest pixel is never below it.
    clip_id : str
        The clip in a collection, for its place where `settings.pad` is `random`; see `padded_before`.

    Returns
    -------
    np.ndarray, shape=(height, width), uint8, or (height, width, 3) with `settings.planes`
        0 is the floor (for `mfcc`: the lowest coefficient); low frequencies are at the bottom.

    Examples
    --------
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050).astype(np.float32)
    >>> image = spectrogram_image(y, Settings(sr=22050, seconds=1, image_size=None))
    >>> image.shape, image.dtype, int(image.max())
    ((128, 87), dtype('uint8'), 255)
    """
    y = y[..., : settings.n_samples]
    y = np.zeros_like(y) if is_silent(y, noise) else shown_audio(y, settings)
    if noise < SILENCE and settings.reference == "peak":
        # The lowest reference of the features (`QUIETEST_DBFS`) is that of 16 bits. An image that is scaled to its own
        # peak does not depend on the level, and the factor is a power of two, which is exact.
        y = y * np.float32(SILENCE / noise)
    y = fit_length(y, settings.n_samples, pad=settings.pad, before=padded_before(settings, clip_id))
    if settings.planes:
        return np.stack([_as_pixels(values, settings) for values in plane_values(y, settings)], axis=-1)
    return _as_pixels(FEATURES[settings.feature](y, settings), settings)


def _as_pixels(unit_range: np.ndarray, settings: Settings) -> np.ndarray:
    """One plane, low frequencies at the bottom, in the size of the image."""
    image = np.rint(unit_range[::-1] * np.float32(255)).astype(np.uint8)
    if settings.image_size is None:
        return image
    # Pillow widens the bilinear filter when it shrinks an image, so that no frame is skipped.
    return np.asarray(Image.fromarray(image).resize(settings.image_size, Image.Resampling.BILINEAR))


def check_denoising(settings: Settings) -> None:
    """Check that the package is installed that denoises, where images are denoised.

    Raises
    ------
    FileNotFoundError
        If it is not.
    """
    if settings.denoise_db:
        check_package(VARIANT.package, needed_by="--denoise, with which the images are rendered,")


def shown_audio(y: np.ndarray, settings: Settings) -> np.ndarray:
    """The part of a waveform that an image shows, denoised if the image is.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32
        Samples at `settings.sr`, n > 0.
    settings : Settings

    Returns
    -------
    np.ndarray, float32
        Its beginning, of at most `settings.n_samples`.
    """
    y = y[..., : settings.n_samples]
    return reduce_noise(y, settings.sr, reduction_db=settings.denoise_db) if settings.denoise_db else y


def padded_before(settings: Settings, clip_id: str) -> float:
    """The share of a short clip's padding that comes before it.

    Parameters
    ----------
    settings : Settings
    clip_id : str
        Empty for a recording of no collection.

    Returns
    -------
    float
        Uniform from 0 to 1 by `settings.seed` and the clip, the same for all its variants, where `settings.pad` is
        `random`; otherwise, and without a clip, 0.
    """
    return (
        float(random_generator(settings.seed, clip_id, "pad").random()) if settings.pad == "random" and clip_id else 0.0
    )


def fit_length(y: np.ndarray, n_samples: int, *, pad: str, before: float = 0.0) -> np.ndarray:
    """Cut to a length, or pad with silence or by repetition.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), n > 0
    n_samples : int
    pad : {"silence", "repeat", "random"}
    before : float
        Share of the silence that comes before, from 0 to below 1.

    Returns
    -------
    np.ndarray, shape=(n_samples,) or (2, n_samples)

    Examples
    --------
    >>> fit_length(np.array([1, 2, 3]), 5, pad="silence"), fit_length(np.array([1, 2, 3]), 5, pad="repeat")
    (array([1, 2, 3, 0, 0]), array([1, 2, 3, 1, 2]))
    """
    n_missing = n_samples - y.shape[-1]
    if n_missing <= 0:
        return y[..., :n_samples]
    if pad == "repeat":
        return y[..., np.arange(n_samples) % y.shape[-1]]
    n_before = int(before * (n_missing + 1))  # each place is equally likely
    return np.pad(y, [(0, 0)] * (y.ndim - 1) + [(n_before, n_missing - n_before)])
