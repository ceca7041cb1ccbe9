"""Suffixes of audio files, and bounds that are checked before decoding."""

from __future__ import annotations

from generate.audio.bad_audio import BadFile

BY_LIBSNDFILE = frozenset(
    (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf")
    + (".w64", ".rf64", ".voc", ".nist", ".sph")
)
BY_FFMPEG = frozenset(
    (".mp3", ".mp2", ".m4a", ".m4b", ".aac", ".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".mka", ".webm")
    + (".wma", ".wmv", ".asf", ".amr", ".ape", ".wv", ".mpc", ".tta", ".ac3", ".eac3", ".avi", ".flv", ".ts", ".mts")
)
AUDIO_SUFFIXES = BY_LIBSNDFILE | BY_FFMPEG
"""Files that are collected; the content decides which library decodes a file."""

LOWEST_SR, HIGHEST_SR = 1000, 1_000_000
"""In hertz. Bat detectors record at up to 500,000; with 7 Hz, as in a damaged header, a second would become an hour."""
MOST_CHANNELS = 64
MOST_VALUES = 1 << 28
"""Samples times channels of one clip, 1 GiB as float32: ten minutes at 48 kHz in nine channels."""


def check_bounds(sr: int, n_channels: int, n_samples: int = 0) -> None:
    """Reject impossible headers, and audio that is too large for memory, before decoding.

    Parameters
    ----------
    sr : int
        In hertz.
    n_channels : int
    n_samples : int
        Samples per channel to be read at once.

    Raises
    ------
    BadFile
    """
    if not LOWEST_SR <= sr <= HIGHEST_SR:
        raise BadFile(f"its sample rate is {sr} Hz; it must be from {LOWEST_SR:,} to {HIGHEST_SR:,} Hz")
    if not 1 <= n_channels <= MOST_CHANNELS:
        raise BadFile(f"it has {n_channels} channels by its header; there must be 1 to {MOST_CHANNELS}")
    if n_samples * n_channels > MOST_VALUES:
        raise BadFile(
            f"too long to be read at once: {n_samples:,} samples in {n_channels} channels; samples times channels "
            f"must be at most {MOST_VALUES:,}. Lower --seconds, or convert it to fewer channels"
        )
