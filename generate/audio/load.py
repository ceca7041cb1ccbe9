"""From a decoded file to checked mono samples at one rate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from generate.audio.decode import BadSound, decode
from generate.audio.formats import HIGHEST_SR, LOWEST_SR

HIGHEST_SAMPLE = 1e5
"""Float files that hold 16-bit numbers reach 32,768. Beyond this it is damage, not sound."""
LONGEST_BEGINNING = 4.0
"""Of a long recording whose beginning alone is wanted, this many times the picture's length is read: the fastest
stretch is by 4, so no variant can need more."""


@dataclass(frozen=True)
class Loaded:
    """Samples and what was found out on the way.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at the rate asked for, n > 0, finite, from -1 to 1.
    sha256 : str
        Of the mono samples as 16-bit numbers and their own rate: equal for equal sounds under different names.
    peak_dbfs : float
        Largest sample before anything was changed, in decibels of full scale; -inf for digital silence.
    """

    y: np.ndarray
    sha256: str
    peak_dbfs: float


def load(path: Path, sr: int, *, start_s: float = 0.0, longest_s: float | None = None) -> Loaded:
    """Decode a sound or a part of it, average its channels, check it and bring it to one rate.

    Parameters
    ----------
    path : Path
    sr : int
        Sample rate wanted, in hertz.
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.

    Raises
    ------
    BadSound
        If it cannot be decoded, is empty, truncated or holds values that are no sound.
    """
    decoded = decode(path, start_s=start_s, longest_s=longest_s)
    return _checked(_mono(decoded.channels), decoded.sr, sr)


def _mono(channels: np.ndarray) -> np.ndarray:
    """The mean of all channels, shape=(n,), float32."""
    return channels[:, 0] if channels.shape[1] == 1 else channels.mean(axis=1, dtype=np.float32)


def _checked(y: np.ndarray, own_sr: int, sr: int) -> Loaded:
    """Refuse what is no sound, keep the rest within full scale, and resample."""
    peak = float(np.maximum(y.max(), -y.min()))  # NaN, if there is any, comes through both
    if not np.isfinite(peak):
        raise BadSound("not finite: it holds NaN or infinity")
    if peak > HIGHEST_SAMPLE:
        raise BadSound(f"damaged: samples reach {peak:.3g}, and full scale is 1")
    if not LOWEST_SR <= own_sr <= HIGHEST_SR:
        raise BadSound(f"its sample rate is {own_sr} Hz; sounds have {LOWEST_SR:,} to {HIGHEST_SR:,}")
    sixteen_bits = np.clip(y, -1, 1)
    sixteen_bits *= np.float32(32767)
    sixteen_bits = np.rint(sixteen_bits, out=sixteen_bits).astype("<i2")
    sha256 = hashlib.sha256(own_sr.to_bytes(8, "little"))
    sha256.update(sixteen_bits)
    if own_sr != sr:
        y = soxr.resample(y, own_sr, sr)
        if len(y) == 0:
            raise BadSound(f"too short: it holds {len(sixteen_bits)} samples at {own_sr} Hz")
    # Only now, since resampling raises peaks too.
    highest = peak if own_sr == sr else float(np.maximum(y.max(), -y.min()))
    if highest > 1:
        y = y / np.float32(highest)
    return Loaded(y, sha256.hexdigest(), 20 * float(np.log10(peak)) if peak > 0 else -np.inf)
