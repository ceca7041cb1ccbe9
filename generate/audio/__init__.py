"""Audio files: what they are, how they are decoded, and the checked mono samples that all else begins with."""

from generate.audio.channels import MEAN, MONO
from generate.audio.decode import BadSound, Decoded, check_there, decode, duration_s
from generate.audio.formats import AUDIO_SUFFIXES, HIGHEST_SR, LOWEST_SR, UNDECODED_SUFFIXES
from generate.audio.load import LONGEST_BEGINNING, Loaded, load

__all__ = [
    "AUDIO_SUFFIXES",
    "HIGHEST_SR",
    "LONGEST_BEGINNING",
    "LOWEST_SR",
    "MEAN",
    "MONO",
    "UNDECODED_SUFFIXES",
    "BadSound",
    "Decoded",
    "Loaded",
    "check_there",
    "decode",
    "duration_s",
    "load",
]
