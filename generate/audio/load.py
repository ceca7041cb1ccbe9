"""Load audio as checked samples at one sample rate, mono or stereo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from augment_audio.dsp.offset import without_offset
from generate.audio.bad_audio import BadAudio
from generate.audio.channels import one_channel, two_channels
from generate.audio.decode import Decoded, decode
from generate.audio.noise_floor import are_sixteen_bit_numbers, is_silent, noise_floor

HIGHEST_SAMPLE = 1e5
"""Float files that hold 16-bit numbers reach 32,768. Higher values mean a damaged file."""
LONGEST_BEGINNING = 4.0
"""How many times the duration of an image is read of a long recording of which only the beginning is used. The fastest
stretch is by 4, so a variant of one change needs no more; a chain
that is faster ends in padding."""
FAINT = 2.0**-6
"""-36 dBFS. Sixteen bits are too few to distinguish fainter signals: at -90 dBFS two steps are left."""


@dataclass(frozen=True)
class Loaded:
    """Samples, and what was measured while loading.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32, or (2, n) with the channels `stereo`
        Samples at the requested rate, n > 0, finite, from -1 to 1 (beyond with `keep_level`), without DC offset; zeros
        if the part that an image shows is silent.
    sha256 : str
        Of the file's sample rate and these samples at that rate as 16-bit numbers: equal for equal audio in
        different files. Samples below `FAINT` are hashed as 31-bit numbers without their DC offset.
    peak_dbfs : float
        Peak of all channels as in the file, in decibels of full scale; -inf for digital silence.
    sample_rate_hz : int
        The file's own.
    channel : str
        `mono`, `stereo`, `mean`, or the number of the channel that was used, from 1; see `generate.audio.channels`.
    dc_offset : float
        DC offset that was removed, of two channels the larger one; 1 is full scale.
    noise : float
        How far the noise of the file's format can move a sample of `y` from the mean; see `generate.audio.noise_floor`.
    silent : bool
        Whether no sample of the part that an image shows exceeds that.
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
    keep_level: bool = False,
) -> Loaded:
    """Decode an audio file or a part of it, downmix and check it, remove the DC offset, and resample it.

    The result depends only on the part that is read.

    Parameters
    ----------
    path : Path
    sr : int
        Sample rate of the result, in hertz.
    start_s, longest_s : float
        Where to begin, and how much to read at most, in seconds.
    shown_s : float, optional
        How much of that an image shows, from its beginning; default: all. Only this part counts for `silent`.
    channels : str
        One of `generate.dataset.settings.CHANNELS`.
    keep_level : bool
        Whether samples beyond full scale stay, as in images that show the level; otherwise all samples are scaled down.

    Raises
    ------
    BadAudio
        If it cannot be decoded, is empty or truncated, lacks the channel, or has impossible samples.
    """
    decoded = decode(path, start_s=start_s, longest_s=longest_s)
    return checked(decoded, sr, shown_s=shown_s, channels=channels, keep_level=keep_level)


def checked(
    decoded: Decoded, sr: int, *, shown_s: float | None = None, channels: str = "auto", keep_level: bool = False
) -> Loaded:
    """Downmix samples and check them, remove the DC offset, and resample them.

    Parameters
    ----------
    decoded : Decoded
        Of a file or of a microphone.
    sr, shown_s, channels, keep_level
        See `load`.

    Raises
    ------
    BadAudio
        If the channel is missing, or samples are impossible.
    """
    own_sr, all_channels = decoded.sr, decoded.channels
    peak = _checked_peak(decoded)
    if are_sixteen_bit_numbers(all_channels, peak):
        all_channels, peak = all_channels * np.float32(2**-15), peak * 2**-15
    noise = noise_floor(all_channels, decoded.bits)
    if channels == "stereo":
        samples, channel = two_channels(all_channels)
        each, offsets = zip(*(without_offset(one, own_sr) for one in samples), strict=True)
        y, offset = np.stack(each), max(offsets, key=abs)
    else:
        samples, channel = one_channel(all_channels, channels, noise=noise)
        y, offset = without_offset(samples, own_sr)
    n_shown = len(all_channels) if shown_s is None else max(1, round(shown_s * own_sr))
    silent = is_silent(y[..., :n_shown], noise)
    sha256 = _digest(samples, y, own_sr)
    if own_sr != sr:
        y = np.ascontiguousarray(soxr.resample(y.T, own_sr, sr).T)
        if y.size == 0:
            raise BadAudio(f"too short: it holds {len(all_channels)} samples at {own_sr} Hz")
    if silent:  # decided before resampling, which raises the peaks of noise; no variant may show the noise either
        n_silent = y.shape[-1] if shown_s is None else max(1, round(shown_s * sr))
        y = np.concatenate([np.zeros_like(y[..., :n_silent]), y[..., n_silent:]], axis=-1)
    # After resampling, which can raise peaks above 1.
    highest = float(np.maximum(y.max(), -y.min()))
    if highest > 1 and not keep_level:
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
    """The largest sample of all channels; impossible values are rejected."""
    peak = float(np.maximum(decoded.channels.max(), -decoded.channels.min()))  # NaN passes through
    if not np.isfinite(peak):
        raise BadAudio("not finite: it holds NaN or infinity")
    if peak > HIGHEST_SAMPLE:
        raise BadAudio(f"damaged: samples reach {peak:.3g}, and full scale is 1")
    return peak


def _digest(samples: np.ndarray, centred: np.ndarray, sr: int) -> str:
    """A hash of the samples that does not depend on the bit depth of the file."""
    if max(centred.max(), -centred.min()) < FAINT:
        whole = np.rint(centred * np.float64(2**30)).astype("<i4")
    else:
        sixteen_bits = np.clip(samples, -1, 1)
        sixteen_bits *= np.float32(32767)
        whole = np.rint(sixteen_bits, out=sixteen_bits).astype("<i2")
    digest = hashlib.sha256(sr.to_bytes(8, "little"))
    digest.update(whole.data)
    return digest.hexdigest()
