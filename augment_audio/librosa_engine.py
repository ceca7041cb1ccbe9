"""Tempo and pitch by librosa's phase vocoder, with one analysis for all variants of a sound."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from augment_audio.sound import Sound


class LibrosaSound(Sound):
    """A sound whose tempo and pitch librosa changes.

    Gives what `librosa.effects.time_stretch` and `pitch_shift` give with their defaults (n_fft 2048, hop 512,
    Hann window, soxr_hq), but transforms the sound once instead of once a variant.

    References
    ----------
    Ellis, D. P. W. "A phase vocoder in Matlab", 2002, as implemented in librosa
    (https://librosa.org/doc/latest/generated/librosa.phase_vocoder.html).
    """

    @classmethod
    def version(cls) -> str:
        """Such as `librosa 0.11.0`."""
        import librosa

        return f"librosa {librosa.__version__}"

    @cached_property
    def _spectrum(self) -> np.ndarray:
        """Short-time Fourier transform of `padded`, shape=(1025, frames), complex64."""
        import librosa

        return librosa.stft(self.padded)

    def _stretched(self, rate: float) -> np.ndarray:
        import librosa

        spectrum = librosa.phase_vocoder(self._spectrum, rate=rate)
        return librosa.istft(spectrum, dtype=np.float32, length=round(len(self.padded) / rate))

    def _shifted(self, n_semitones: float) -> np.ndarray:
        import librosa

        rate = 2.0 ** (-n_semitones / 12)
        return librosa.resample(self._stretched(rate), orig_sr=self.sr / rate, target_sr=self.sr)
