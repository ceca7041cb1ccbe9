"""From places in a model's image back to the sound: what is heard there, and nothing else."""

from __future__ import annotations

import warnings

import numpy as np
from PIL import Image

from generate.dataset.settings import Settings
from generate.features.gammatone import gammatone_filters
from generate.features.mel import mel_filters
from generate.features.spectrogram import fit_length, spectrogram_image
from train.data.decode import audible_columns
from train.explain.overlay import strength

FRAMES_A_WINDOW = 4
"""At least so many frames overlap, so that they can be added up again, and a gain that changes makes no clicks."""


def masked_sound(y: np.ndarray, attribution: np.ndarray, settings: Settings, *, silent_ends: str) -> np.ndarray:
    """Let through of a sound what speaks for a class.

    How strongly a place in the image speaks for it (`train.explain.overlay.strength`) is how much of the sound is
    let through there. These gains are brought back onto the short-time Fourier transform of the sound: to the size that
    the image was drawn in, the columns to where they were before the silent ends were cut, the rows to the
    frequencies that they are made of. They are multiplied onto the transform, which keeps its phases, and the sound is
    put together again. An image of `mfcc` has no frequencies: moments alone are let through.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        The sound that the image was drawn of, at `settings.sr`; what is longer than an image is cut.
    attribution : np.ndarray, shape=(height, width)
        Of the size of the model's image, its highest band first, as `train.explain.attribution` gives it.
    settings : Settings
        Of the image.
    silent_ends : {"loop", "keep"}
        Of the model; see `train.data.decode.prepare_pixels`.

    Returns
    -------
    np.ndarray, shape=(min(n, settings.n_samples),), float32
        Where all of the image matters the same, the sound itself, as far as the image shows it: from `fmin_hz` to
        `highest_hz`. Where nothing does, silence.

    Raises
    ------
    ValueError
        If the attribution is not finite numbers in rows and columns.
    """
    import librosa

    attribution = np.asarray(attribution, np.float32)
    if attribution.ndim != 2 or not np.isfinite(attribution).all():
        raise ValueError(
            f"The attribution has the shape {attribution.shape}, or numbers that are not finite; expected finite ones "
            "of shape (height, width): one image's, as train.explain.attribution.integrated_gradients gives it."
        )
    y = y[: settings.n_samples]
    shown = fit_length(y, settings.n_samples, pad=settings.pad)
    gain = gain_of_bins(_to_feature(strength(attribution), y, settings, silent_ends), settings)
    hop_length = max(1, min(settings.hop_length, settings.n_fft // FRAMES_A_WINDOW))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_fft=.* is too large")  # of an image shorter than a window
        spectrum = librosa.stft(shown, n_fft=settings.n_fft, hop_length=hop_length)
    spectrum *= _at_frames(gain, spectrum.shape[1], step=hop_length / settings.hop_length)
    masked = librosa.istft(spectrum, n_fft=settings.n_fft, hop_length=hop_length, length=len(shown))
    return _mean_of_repeats(masked, len(y)) if settings.pad == "repeat" else masked[: len(y)]


def gain_of_bins(mask: np.ndarray, settings: Settings) -> np.ndarray:
    """From the rows of a feature to the bins of the Fourier transform.

    Parameters
    ----------
    mask : np.ndarray, shape=(rows, frames), float32
        Low frequencies first.
    settings : Settings

    Returns
    -------
    np.ndarray, shape=(n_fft // 2 + 1, frames), float32
        A bin takes the mean of the bands that hear it, each as much as it hears it. One that none hears takes the
        nearest one's, and below `fmin_hz` and above `highest_hz`, which no image shows, all is 0.
    """
    hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
    is_shown = (hz >= settings.fmin_hz) & (hz <= settings.highest_hz)
    gain = np.zeros((len(hz), mask.shape[1]), np.float32)
    if settings.feature == "log":
        gain[is_shown] = mask
        return gain
    if settings.feature == "mfcc":
        gain[is_shown] = _moments(mask)
        return gain
    options = (settings.sr, settings.n_fft, settings.n_bands, settings.fmin_hz, settings.highest_hz)
    filters = mel_filters(*options)[0] if settings.feature == "mel" else gammatone_filters(*options)
    heard = np.asarray(filters.sum(axis=0)).ravel()
    bins = np.flatnonzero(is_shown & (heard > 0))
    of_bins = (filters.T @ mask)[bins] / heard[bins, np.newaxis]
    wanted = np.flatnonzero(is_shown)
    nearest = np.abs(bins[:, np.newaxis] - wanted).argmin(axis=0)
    gain[wanted] = of_bins[nearest]
    return gain


def _to_feature(mask: np.ndarray, y: np.ndarray, settings: Settings, silent_ends: str) -> np.ndarray:
    """From the model's image to the rows and frames that the feature gave, low frequencies first."""
    drawn = spectrogram_image(y, settings)
    mask = _resized(mask, drawn.shape)
    if silent_ends == "loop":
        mask = _without_loop(mask, drawn)
    return _resized(mask, _feature_shape(settings))[::-1]


def _feature_shape(settings: Settings) -> tuple[int, int]:
    """Rows and frames of a feature, before its image is brought to a size."""
    hz = np.arange(settings.n_fft // 2 + 1) * (settings.sr / settings.n_fft)
    n_bins = int(((hz >= settings.fmin_hz) & (hz <= settings.highest_hz)).sum())
    rows = {"log": n_bins, "mfcc": settings.n_mfcc}.get(settings.feature, settings.n_bands)
    return rows, 1 + settings.n_samples // settings.hop_length


def _without_loop(mask: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Each column of the image as drawn takes the mean of its repeats; the silent ends that of their neighbour."""
    first, length = audible_columns(drawn)
    width = mask.shape[1]
    place = np.arange(width) % length
    total = np.zeros((length, len(mask)))
    np.add.at(total, place, mask.T)
    mean = total / np.bincount(place, minlength=length)[:, np.newaxis]
    return mean.T[:, np.clip(np.arange(width) - first, 0, length - 1)].astype(np.float32)


def _moments(mask: np.ndarray) -> np.ndarray:
    """The mean of all rows, as loud at its loudest as the mask at its own."""
    mean = mask.mean(axis=0)
    return mean * (mask.max() / mean.max()) if mean.max() > 0 else mean


def _at_frames(gain: np.ndarray, n_frames: int, *, step: float) -> np.ndarray:
    """Frames that may stand closer than those of the image, on straight lines between these."""
    place = np.minimum(np.arange(n_frames) * step, gain.shape[1] - 1)
    before = place.astype(int)
    after = np.minimum(before + 1, gain.shape[1] - 1)
    share = (place - before).astype(np.float32)
    return gain[:, before] * (1 - share) + gain[:, after] * share


def _mean_of_repeats(y: np.ndarray, n: int) -> np.ndarray:
    """A sound of n samples out of one that repeats it."""
    place = np.arange(len(y)) % n
    return (np.bincount(place, weights=y, minlength=n) / np.bincount(place, minlength=n)).astype(np.float32)


def _resized(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """To another number of rows and columns, as images are resized."""
    if mask.shape == shape:
        return mask
    resized = Image.fromarray(np.ascontiguousarray(mask)).resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.clip(np.asarray(resized), 0, 1)
