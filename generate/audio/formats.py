"""Which files are audio files, and what their headers may say."""

from __future__ import annotations

AUDIO_SUFFIXES = frozenset(
    (".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf")
    + (".w64", ".rf64", ".voc", ".nist", ".sph")
)
"""What libsndfile decodes."""
UNDECODED_SUFFIXES = frozenset(
    (".m4a", ".aac", ".mp4", ".wma", ".amr", ".3gp", ".webm", ".mka", ".ape", ".wv", ".mpc", ".ra")
)
"""Sounds all the same; named to the user instead of passed over."""

LOWEST_SR, HIGHEST_SR = 1000, 384_000
"""In hertz. A damaged header that tells 7 Hz would make of a second of sound an hour, and thousands of pieces."""
