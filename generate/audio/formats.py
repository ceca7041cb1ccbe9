"""Which files are audio files, and the bounds that hold before one is decoded."""

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
"""Files that are looked for; which library decodes one is told by its content."""

LOWEST_SR, HIGHEST_SR = 1000, 1_000_000
"""In hertz. Bat detectors record at up to 500,000; a damaged header that tells 7 Hz would make of a second an hour."""
MOST_CHANNELS = 64
MOST_VALUES = 1 << 28
"""Samples times channels of one clip, 1 GiB as float32: ten minutes at 48 kHz in nine channels."""


def check_bounds(sr: int, n_channels: int, n_samples: int = 0) -> None:
    """Refuse what no recording has, or no memory holds, before it is decoded.

    Parameters
    ----------
    sr : int
        In hertz.
    n_channels : int
    n_samples : int
        Of one channel, to be read at once.

    Raises
    ------
    BadFile
    """
    if not LOWEST_SR <= sr <= HIGHEST_SR:
        raise BadFile(f"its sample rate is {sr} Hz; sounds have {LOWEST_SR:,} to {HIGHEST_SR:,}")
    if not 1 <= n_channels <= MOST_CHANNELS:
        raise BadFile(f"its header tells {n_channels} channels; sounds have 1 to {MOST_CHANNELS}")
    if n_samples * n_channels > MOST_VALUES:
        raise BadFile(
            f"too long to be read at once: {n_samples:,} samples in {n_channels} channels, and {MOST_VALUES:,} values "
            "are the most; lower --seconds, or write it again with fewer channels"
        )
