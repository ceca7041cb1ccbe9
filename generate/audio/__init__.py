"""Audio files: which are decoded, how, and how they become checked mono samples."""

from generate.audio.bad_audio import BadAudio, BadFile, FileReason, MissingChannel
from generate.audio.channels import MEAN, MONO, STEREO
from generate.audio.decode import Decoded, decode, length
from generate.audio.formats import AUDIO_SUFFIXES, HIGHEST_SR, LOWEST_SR
from generate.audio.load import LONGEST_BEGINNING, Loaded, checked, load

__all__ = [
    "AUDIO_SUFFIXES",
    "HIGHEST_SR",
    "LONGEST_BEGINNING",
    "LOWEST_SR",
    "BadFile",
    "MEAN",
    "MONO",
    "STEREO",
    "BadAudio",
    "Decoded",
    "FileReason",
    "Loaded",
    "MissingChannel",
    "checked",
    "decode",
    "length",
    "load",
]
