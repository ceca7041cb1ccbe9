"""Imported once by the process that all workers are forked from, so that no worker imports anything itself."""

import librosa.core
import librosa.effects
import librosa.feature
import librosa.filters
import scipy.fft
import soundfile
import soxr

import generate.render

__all__ = ["generate", "librosa", "scipy", "soundfile", "soxr"]
