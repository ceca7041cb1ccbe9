"""The librosa engine: tempo and pitch as librosa changes them, from one analysis for all variants."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from augment_audio.sound import Sound

if TYPE_CHECKING:
    from augment_audio.dsp.phase_vocoder import PhaseVocoder

SAME_AS = "0.11"
"""The release of librosa whose results these are. No code of librosa runs here, so its updates change no image."""
LARGEST_DENOMINATOR = 500
LARGEST_DEVIATION = 2e-5
"""Relative: a thirtieth of a cent, or 4 samples in 5 s."""


class LibrosaSound(Sound):
    """A waveform whose tempo and pitch change as with librosa.

    The same results as `librosa.effects.time_stretch` and `pitch_shift` with their defaults (n_fft 2048, hop 512,
    Hann window, soxr_hq), in a tenth of the time: see `augment_audio.dsp.phase_vocoder`. Both together need one pass,
    since a pitch shift is a stretch and a resampling. Each of two channels is changed by itself, as by librosa.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `librosa 0.11`."""
        return f"librosa {SAME_AS}"

    @cached_property
    def _vocoders(self) -> list[PhaseVocoder]:
        from augment_audio.dsp.phase_vocoder import PhaseVocoder

        return [PhaseVocoder(y) for y in np.atleast_2d(self.padded)]

    def _process(self, *, rate: float, n_semitones: float) -> np.ndarray:
        changed = np.stack([_changed(vocoder, rate=rate, n_semitones=n_semitones) for vocoder in self._vocoders])
        return changed[0] if self.y.ndim == 1 else changed


def _changed(vocoder: PhaseVocoder, *, rate: float, n_semitones: float) -> np.ndarray:
    """One channel at another tempo and pitch."""
    if n_semitones == 0:
        return vocoder.stretch(rate)
    import soxr

    # Stretched, then resampled back to the length of the tempo.
    ratio = 2.0 ** (n_semitones / 12)
    return soxr.resample(vocoder.stretch(rate / ratio), *_as_integers(ratio), quality="HQ")


def _as_integers(ratio: float) -> tuple[float, float]:
    """The nearest ratio of small integers, with which soxr is faster, where it is close enough."""
    near = Fraction(ratio).limit_denominator(LARGEST_DENOMINATOR)
    is_near = abs(near / ratio - 1) <= LARGEST_DEVIATION
    return (near.numerator, near.denominator) if is_near else (ratio, 1.0)
