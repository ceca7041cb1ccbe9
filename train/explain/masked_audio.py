"""From an attribution back to audio: only what the attribution marks is let through."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from generate.dataset.settings import Settings
from generate.features.axes import row_hz
from generate.features.cqt import share_of_bins
from generate.features.gammatone import gammatone_filters
from generate.features.mel import mel_filters
from generate.features.spectrogram import fit_length, shown_audio
from train.explain.overlay import strength

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MIN_OVERLAP = 4
"""Least number of overlapping frames, so that the transform can be inverted and a changing gain makes no clicks."""


def mask_audio(y: np.ndarray, attribution: np.ndarray, settings: Settings) -> np.ndarray:
    """Keep only what is evidence for a class.

    The strength of the attribution (`train.explain.overlay.strength`) is the gain. It is mapped from the image back
    to the short-time Fourier transform: resized to the rows and frames of the feature, rows spread over their
    frequency bins. The transform is multiplied by the gain, keeps its phases, and is inverted. An image of `mfcc` has
    no frequency axis: its gain varies over time only.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32
        The audio that the image shows, at `settings.sr`; cut to the length of an image. Of two channels, the mean.
    attribution : np.ndarray, shape=(height, width)
        Of the size of the model's input, its highest band first, as `train.explain.attribution` gives it.
    settings : Settings
        Of the image.

    Returns
    -------
    np.ndarray, shape=(min(n, settings.n_samples),), float32
        For a constant attribution, the audio itself, limited to the image's range from `fmin_hz` to `highest_hz`; for
        one without positive values, silence.

    Raises
    ------
    ValueError
        If the attribution is not two-dimensional, or not finite.
    """
    import librosa

    attribution = np.asarray(attribution, np.float32)
    if attribution.ndim != 2 or not np.isfinite(attribution).all():
        raise ValueError(
            "attribution must be finite and of shape (height, width): one image's, as train.explain.attribution gives "
            f"it. Got the shape {attribution.shape}."
        )
    y = y[..., : settings.n_samples]
    y = y if y.ndim == 1 else y.mean(axis=0)
    settings = settings.of_first_plane  # all planes have the same frequencies
    mask = _resized(strength(attribution), _feature_shape(settings))[::-1]
    gain = gain_of_bins(mask, settings)
    y = shown_audio(y, settings)
    shown = fit_length(y, settings.n_samples, pad=settings.pad)
    hop_length = max(1, min(settings.hop_length, settings.n_fft // MIN_OVERLAP))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large")  # for images shorter than a window
        spectrum = librosa.stft(shown, n_fft=settings.n_fft, hop_length=hop_length)
    spectrum *= _at_frames(gain, spectrum.shape[1], step=hop_length / settings.hop_length)
    masked = librosa.istft(spectrum, n_fft=settings.n_fft, hop_length=hop_length, length=len(shown))
    return _mean_of_repeats(masked, len(y)) if settings.pad == "repeat" else masked[: len(y)]


def gain_of_bins(mask: np.ndarray, settings: Settings) -> np.ndarray:
    """Map the rows of a feature to the bins of the Fourier transform.

    Parameters
    ----------
    mask : np.ndarray, shape=(rows, frames), float32
        Low frequencies first.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_fft // 2 + 1, frames), float32
        A bin takes the mean of the bands that contain it, weighted by their filters. A bin in no band takes the value
        of the nearest one that is; below `fmin_hz` and above `highest_hz`, outside the image, the gain is 0.
    """
    hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
    is_shown = (hz >= settings.fmin_hz) & (hz <= settings.highest_hz)
    gain = np.zeros((len(hz), mask.shape[1]), np.float32)
    if settings.feature == "log":
        gain[is_shown] = mask
        return gain
    if settings.feature == "mfcc":
        gain[is_shown] = _over_time(mask)
        return gain
    filters = _filters(settings)
    weights = np.asarray(filters.sum(axis=0)).ravel()
    covered = np.flatnonzero(is_shown & (weights > 0))
    covered_gain = (filters.T @ mask)[covered] / weights[covered, np.newaxis]
    shown = np.flatnonzero(is_shown)
    nearest = np.abs(covered[:, np.newaxis] - shown).argmin(axis=0)
    gain[shown] = covered_gain[nearest]
    return gain


def _filters(settings: Settings) -> np.ndarray | csr_array:
    """How much of each bin is in each row, shape=(rows, n_fft // 2 + 1)."""
    if settings.feature == "cqt":
        return share_of_bins(settings)
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    return gammatone_filters(*options) if settings.feature == "gammatone" else mel_filters(*options)[0]


def _feature_shape(settings: Settings) -> tuple[int, int]:
    """Rows and frames of a feature, before its image is resized."""
    hz = row_hz(settings)
    return settings.n_mfcc if hz is None else len(hz), 1 + settings.n_samples // settings.hop_length


def _over_time(mask: np.ndarray) -> np.ndarray:
    """The mean of all rows, scaled to the maximum of the mask."""
    mean = mask.mean(axis=0)
    return mean * (mask.max() / mean.max()) if mean.max() > 0 else mean


def _at_frames(gain: np.ndarray, n_frames: int, *, step: float) -> np.ndarray:
    """Interpolate to frames that may be closer than those of the image."""
    place = np.minimum(np.arange(n_frames) * step, gain.shape[1] - 1)
    before = place.astype(int)
    after = np.minimum(before + 1, gain.shape[1] - 1)
    fraction = (place - before).astype(np.float32)
    return gain[:, before] * (1 - fraction) + gain[:, after] * fraction


def _mean_of_repeats(y: np.ndarray, n: int) -> np.ndarray:
    """The mean of the repeats of n samples."""
    place = np.arange(len(y)) % n
    return (np.bincount(place, weights=y, minlength=n) / np.bincount(place, minlength=n)).astype(np.float32)


def _resized(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resize as images are resized."""
    if mask.shape == shape:
        return mask
    resized = Image.fromarray(np.ascontiguousarray(mask)).resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized), 0, 1)
