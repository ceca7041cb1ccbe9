"""Imports of the process that all workers are forked from, so that no worker imports or compiles anything."""

import numpy as np
import soundfile
import soxr

import generate.audit.examine
import generate.rendering.clip
from augment_audio import open_audio
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image

__all__ = ["generate", "soundfile", "soxr"]

# What numba compiles is compiled, or read from its cache, when it is first used: here.
_y = np.linspace(0, 1, 4096, dtype=np.float32)
# But no product of large matrices: Accelerate of macOS fails after a fork if it was used before.
spectrogram_image(open_audio(_y, 44100).pitch_shift(n_semitones=1), Settings(engine="librosa"))
