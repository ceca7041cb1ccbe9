"""A waveform, prepared for all its variants."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

SHORTEST_SAMPLES = 2048
"""One analysis window. Shorter waveforms are padded with silence for the engine."""


class Sound(ABC):
    """A waveform of one or two channels, and an engine that changes its tempo and pitch.

    Each engine is a subclass; it may analyse the waveform once and keep the result for all variants.

    Parameters
    ----------
    y : np.ndarray, shape=(n,) or (2, n), float32
        Mono samples, or those of the left and of the right channel, n > 0; kept read-only.
    sr : int
        Sample rate in hertz.
    n_shown : int, optional
        How many samples, from the first, an image shows; default: all.
    """

    def __init__(self, y: np.ndarray, sr: int, *, n_shown: int | None = None) -> None:
        y = np.asarray(y, dtype=np.float32)
        if y.ndim == 0 or y.shape[:-1] not in ((), (2,)) or y.size == 0:
            raise ValueError(
                f"y must be mono samples of shape (n,), or two channels of shape (2, n), n > 0. Got shape {y.shape}."
            )
        self.y = y.view()
        self.y.flags.writeable = False
        self.sr = int(sr)
        self.shown = self.y[..., :n_shown]
        self._n_shown = n_shown

    def time_stretch(self, *, rate: float) -> np.ndarray:
        """Change the tempo and keep the pitch.

        Parameters
        ----------
        rate : float
            Speed: 0.5 is twice as long, 2 half as long; from 0.25 to 4.

        Returns
        -------
        np.ndarray, shape=(round(n / rate),) or (2, round(n / rate)), float32
        """
        return self.stretch_and_shift(rate=rate, n_semitones=0.0)

    def pitch_shift(self, *, n_semitones: float) -> np.ndarray:
        """Change the pitch and keep the tempo.

        Parameters
        ----------
        n_semitones : float
            Up where positive; 12 is an octave; from -24 to 24.

        Returns
        -------
        np.ndarray, shape=(n,) or (2, n), float32
        """
        return self.stretch_and_shift(rate=1.0, n_semitones=n_semitones)

    def stretch_and_shift(self, *, rate: float, n_semitones: float) -> np.ndarray:
        """Change the tempo and the pitch in one pass.

        Parameters
        ----------
        rate : float
            Speed, as of `time_stretch`.
        n_semitones : float
            As of `pitch_shift`.

        Returns
        -------
        np.ndarray, shape=(round(n / rate),) or (2, round(n / rate)), float32
        """
        length = max(1, round(self.n_samples / rate))
        return _fit(self._process(rate=rate, n_semitones=n_semitones), length)

    def with_samples(self, y: np.ndarray) -> Sound:
        """Other samples with the same rate, engine and length of the image.

        Parameters
        ----------
        y : np.ndarray, shape=(n,) or (2, n), float32
        """
        return type(self)(y, self.sr, n_shown=self._n_shown)

    @property
    def n_samples(self) -> int:
        """Samples of a channel."""
        return self.y.shape[-1]

    @property
    def padded(self) -> np.ndarray:
        """The samples, padded with silence to `SHORTEST_SAMPLES`, shape=(max(n, 2048),), or (2, max(n, 2048))."""
        return self.y if self.n_samples >= SHORTEST_SAMPLES else _fit(self.y, SHORTEST_SAMPLES)

    @classmethod
    @abstractmethod
    def version(cls) -> str:
        """Name and version of the engine, such as `librosa 0.11`.

        Raises
        ------
        FileNotFoundError
            If it is not installed; the message says how to get it.
        """

    @abstractmethod
    def _process(self, *, rate: float, n_semitones: float) -> np.ndarray:
        """`padded` at another tempo and pitch, of about the right length."""


def _fit(y: np.ndarray, length: int) -> np.ndarray:
    """Cut to a length, or pad with silence at the end."""
    missing = length - y.shape[-1]
    return y[..., :length] if missing <= 0 else np.pad(y, [(0, 0)] * (y.ndim - 1) + [(0, missing)])
