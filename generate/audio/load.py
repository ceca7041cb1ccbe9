"""From a decoded file to checked mono samples at one rate."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from generate.audio.channels import one_channel
from generate.audio.decode import BadAudio, Decoded, decode
from generate.audio.formats import HIGHEST_SR, LOWEST_SR
from generate.audio.own_noise import are_sixteen_bit_numbers, is_silent, own_noise

HIGHEST_SAMPLE = 1e5
"""Float files that hold 16-bit numbers reach 32,768. Beyond this it is damage, not sound."""
LONGEST_BEGINNING = 4.0
"""Of a long recording whose beginning alone is wanted, this many times the image's length is read: the fastest
stretch is by 4, so no variant can need more."""
SHORTEST_OFFSET_S = 0.05
"""The mean of a shorter event between zeros is part of it; a sound that is heard has none over so long (20 Hz)."""
FAINT = 2.0**-6
"""-36 dB of full scale. Sixteen bits are too few to tell fainter sounds apart: of one at -90 dB two steps are left."""


@dataclass(frozen=True)
class Loaded:
    """Samples and what was found out on the way.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples at the rate asked for, n > 0, finite, from -1 to 1, without offset; zeros where what is shown is
        silent.
    sha256 : str
        Of the samples of the channel that was taken (or of the mean) as 16-bit numbers, and their own rate: equal for
        equal sounds under different names. Of samples below `FAINT`, as 31-bit numbers without their offset.
    peak_dbfs : float
        Largest sample of all channels before anything was changed, in decibels of full scale; -inf for digital
        silence.
    sample_rate_hz : int
        The file's own.
    channel : str
        `mono`, `mean`, or the number of the channel that was taken, from 1; see `generate.audio.channels`.
    dc_offset : float
        That was taken away, as the file holds it: 1 is full scale.
    noise : float
        How far the noise of the file's format may take a sample of `y` from the mean; see `generate.audio.own_noise`.
    silent : bool
        Whether nothing of what is shown goes beyond that.
    """

    y: np.ndarray
    sha256: str
    peak_dbfs: float
    sample_rate_hz: int
    channel: str
    dc_offset: float
    noise: float
    silent: bool


def load(
    path: Path,
    sr: int,
    *,
    start_s: float = 0.0,
    longest_s: float | None = None,
    shown_s: float | None = None,
    channels: str = "auto",
) -> Loaded:
    """Decode a sound or a part of it, take one channel, check it, and bring it to one rate without its offset.

    What comes out depends on the part that is read, and on nothing before or behind it.

    Parameters
    ----------
    path : Path
    sr : int
        Sample rate wanted, in hertz.
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.
    shown_s : float, optional
        How much of that an image shows, from its beginning; default: all. It is this that is silent or not.
    channels : str
        One of `generate.dataset.settings.CHANNELS`.

    Raises
    ------
    BadSound
        If it cannot be decoded, is empty, truncated, lacks the channel, or holds values that are no sound.
    """
    decoded = decode(path, start_s=start_s, longest_s=longest_s)
    own_sr, all_channels = decoded.sr, decoded.channels
    peak = _checked_peak(decoded)
    if are_sixteen_bit_numbers(all_channels, peak):
        all_channels, peak = all_channels * np.float32(2**-15), peak * 2**-15
    noise = own_noise(all_channels, decoded.bits)
    samples, channel = one_channel(all_channels, channels, noise=noise)
    y, offset = _without_offset(samples, own_sr)
    n_shown = len(y) if shown_s is None else max(1, round(shown_s * own_sr))
    silent = is_silent(y[:n_shown], noise)
    sha256 = _digest(samples, y, own_sr)
    if own_sr != sr:
        y = soxr.resample(y, own_sr, sr)
        if len(y) == 0:
            raise BadAudio(f"too short: it holds {len(samples)} samples at {own_sr} Hz")
    if silent:  # settled before resampling, which raises the peaks of noise; no variant may show it either
        n_silent = len(y) if shown_s is None else max(1, round(shown_s * sr))
        y = np.concatenate([np.zeros_like(y[:n_silent]), y[n_silent:]])
    # Only now, since resampling raises peaks too.
    highest = float(np.maximum(y.max(), -y.min()))
    if highest > 1:
        y, noise = y / np.float32(highest), noise / highest
    return Loaded(
        y=y,
        sha256=sha256,
        peak_dbfs=20 * float(np.log10(peak)) if peak > 0 else -np.inf,
        sample_rate_hz=own_sr,
        channel=channel,
        dc_offset=offset,
        noise=noise,
        silent=silent,
    )


def _checked_peak(decoded: Decoded) -> float:
    """The largest sample of all channels; what is no sound is refused."""
    peak = float(np.maximum(decoded.channels.max(), -decoded.channels.min()))  # NaN, if there is any, comes through
    if not np.isfinite(peak):
        raise BadAudio("not finite: it holds NaN or infinity")
    if peak > HIGHEST_SAMPLE:
        raise BadAudio(f"damaged: samples reach {peak:.3g}, and full scale is 1")
    if not LOWEST_SR <= decoded.sr <= HIGHEST_SR:
        raise BadAudio(f"its sample rate is {decoded.sr} Hz; sounds have {LOWEST_SR:,} to {HIGHEST_SR:,}")
    return peak


def _without_offset(y: np.ndarray, sr: int) -> tuple[np.ndarray, float]:
    """The samples without their mean, and that mean.

    A high-pass filter would change low sounds as well, and begin with a swing of its own. Zeros at both ends were put
    there after the offset came about; they stay zeros, and are no part of the mean.
    """
    is_audio = y != 0
    first, last = int(is_audio.argmax()), len(y) - int(is_audio[::-1].argmax())
    if last - first < min(len(y), SHORTEST_OFFSET_S * sr) or not is_audio[first]:
        return y, 0.0
    offset = float(y[first:last].mean(dtype=np.float64))
    centred = np.zeros_like(y)
    np.subtract(y[first:last], np.float32(offset), out=centred[first:last])
    return centred, offset


def _digest(samples: np.ndarray, centred: np.ndarray, sr: int) -> str:
    """The same for the same samples, whatever number of bits a file holds them in."""
    if max(centred.max(), -centred.min()) < FAINT:
        whole = np.rint(centred * np.float64(2**30)).astype("<i4")
    else:
        sixteen_bits = np.clip(samples, -1, 1)
        sixteen_bits *= np.float32(32767)
        whole = np.rint(sixteen_bits, out=sixteen_bits).astype("<i2")
    digest = hashlib.sha256(sr.to_bytes(8, "little"))
    digest.update(whole)
    return digest.hexdigest()
