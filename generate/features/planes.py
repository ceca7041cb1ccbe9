"""Planes of a spectrogram image: channels, analysis windows, parts and derivatives of one clip."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from generate.dataset.planes import CHANNELS, DELTAS, PARTS, Plane, parse_planes
from generate.dataset.planes import FEATURES as IN_DECIBELS
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.features.decibels import QUIETEST_DBFS
from generate.features.harmonic_percussive import harmonic_percussive

RANGE_DBFS = 200.0
"""In which the planes are computed, before the reference that they share is known."""
DELTA_FRAMES = 9
"""Over which a derivative is taken: the default of `librosa.feature.delta`."""
DELTA_SHARE = {1: 1 / 10, 2: 1 / 20}
"""A change of this share of the range in a frame (or, for the second derivative, in a frame, a frame) is white, and its
negative is black. Of ESC-10, 99.9 % of the derivatives are smaller: 8.2 and 4.3 dB at a range of 80 dB."""


def plane_values(y: np.ndarray, settings: Settings) -> list[np.ndarray]:
    """Compute the planes of an image.

    All share one reference, so that they can be compared: the highest value of any of them, or full scale.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32, or (2, n) for planes of channels
        Samples at `settings.sr`.
    settings : Settings
        With `planes`.

    Returns
    -------
    list of np.ndarray, shape=(rows, frames), float32, 0 to 1
        Low frequencies first. A shorter window has more frames: the overlap is that of `settings`. 0.5 of a derivative
        is no change.

    References
    ----------
    Several windows: Palanisamy, K., Singhania, D. and Yao, A. Rethinking CNN Models for Audio Classification, 2020
    (https://arxiv.org/abs/2007.11154). Derivatives: Piczak, K. J. Environmental sound classification with convolutional
    neural networks, MLSP 2015.
    """
    planes = parse_planes(settings.planes)
    reference, is_peak = 0.0, settings.reference == "peak"
    # No more than half of full scale, since a band may be 6 dB louder than a sine, and above 0 dB all would be equal.
    halvings = max(0, math.frexp(float(np.abs(y).max()))[1] + 1) if is_peak else 0
    sounds = _sounds(y * np.float32(2.0**-halvings), planes, settings)
    dbfs = {plane: _dbfs(sounds[plane], settings.of_plane(plane)) for plane in planes if plane.name not in DELTAS}
    if is_peak:
        quietest = QUIETEST_DBFS - 20 * math.log10(2) * halvings
        reference = max(quietest, *(float(values.max()) for values in dbfs.values()))
    shown = {
        plane: np.clip((values - np.float32(reference)) / np.float32(settings.range_db) + 1, 0, 1, dtype=np.float32)
        for plane, values in dbfs.items()
    }
    return [shown[plane] if plane in shown else _delta(shown[planes[0]], DELTAS[plane.name]) for plane in planes]


def _sounds(y: np.ndarray, planes: tuple[Plane, ...], settings: Settings) -> dict[Plane, np.ndarray]:
    """The waveform of each plane; of a derivative, none."""
    sounds = {plane: y for plane in planes if plane.name in IN_DECIBELS}
    if any(plane.name in CHANNELS for plane in planes):
        left, right = y
        of_name = {"left": left, "right": right, "mid": (left + right) / 2, "side": (left - right) / 2}
        sounds |= {plane: of_name[plane.name] for plane in planes}
    if any(plane.name in PARTS for plane in planes):
        parts = harmonic_percussive(y, n_fft=settings.n_fft, hop_length=settings.hop_length)
        of_name = dict(zip(PARTS, parts, strict=True))
        sounds |= {plane: of_name[plane.name] for plane in planes if plane.name in PARTS}
    return sounds


def _dbfs(y: np.ndarray, settings: Settings) -> np.ndarray:
    """A feature in decibels of full scale."""
    wide = replace(settings, reference="full-scale", range_db=RANGE_DBFS)
    return (FEATURES[settings.feature](np.ascontiguousarray(y), wide) - np.float32(1)) * np.float32(RANGE_DBFS)


def _delta(values: np.ndarray, order: int) -> np.ndarray:
    """The derivative in time, as `librosa.feature.delta`, from 0 to 1."""
    from scipy.signal import savgol_filter

    width = min(DELTA_FRAMES, values.shape[1] - 1 + values.shape[1] % 2)
    if width <= order:  # too few frames for a derivative
        return np.full_like(values, 0.5)
    change = savgol_filter(values, width, polyorder=order, deriv=order, axis=-1, mode="interp")
    return np.clip(np.float32(0.5) + change / np.float32(2 * DELTA_SHARE[order]), 0, 1, dtype=np.float32)
