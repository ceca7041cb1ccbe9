"""Imported once by the process that all workers are forked from, so that no worker imports or compiles anything."""

import numpy as np
import soundfile
import soxr

import generate.audit.examine
import generate.rendering.clip
from augment_audio import open_audio
from generate.dataset.settings import Settings
from generate.features.spectrogram import spectrogram_image

__all__ = ["generate", "soundfile", "soxr"]

# What is compiled is compiled, or read from where it was kept, the first time that it is used: here.
_y = np.linspace(0, 1, 4096, dtype=np.float32)
# But no product of large matrices: macOS's Accelerate cannot be used after a fork if it was before.
spectrogram_image(open_audio(_y, 44100).pitch_shift(n_semitones=1), Settings(engine="librosa"))
