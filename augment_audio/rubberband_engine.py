"""Tempo and pitch by the Rubber Band library, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment_audio.sound import Sound

if TYPE_CHECKING:
    from pylibrb import RubberBandStretcher

BLOCK_SAMPLES = 1024
"""As Rubber Band's program hands them over. With much larger ones it gives another sound."""
PEAK = 0.25
"""To which a sound is brought on its way in, as for the program: a transient is no matter of level."""


class RubberBandSound(Sound):
    """A sound whose tempo and pitch the Rubber Band library changes, with the settings of its program.

    Takes two thirds of the program's time. Their versions differ, and the last digits decide on the phases of steady
    audio_folder, so samples are not to be compared; images of ESC-10 by the two differ by one grey level of 255 on
    average.

    References
    ----------
    https://breakfastquay.com/rubberband/ and https://github.com/pawel-glomski/pylibrb.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `Rubber Band (pylibrb 0.1.2)`."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"Rubber Band (pylibrb {version('pylibrb')})"
        except PackageNotFoundError:
            raise FileNotFoundError(
                "Rubber Band's library is not installed: pip install pylibrb. Where there is none for your system, "
                "choose `--engine rubberband-program` or `--engine librosa`."
            ) from None

    def _stretched(self, rate: float) -> np.ndarray:
        return self._process(time_ratio=1 / rate, pitch_scale=1.0)

    def _shifted(self, n_semitones: float) -> np.ndarray:
        return self._process(time_ratio=1.0, pitch_scale=2.0 ** (n_semitones / 12))

    def _process(self, *, time_ratio: float, pitch_scale: float) -> np.ndarray:
        y = self.padded
        peak = float(np.abs(y).max())
        if peak == 0:
            return np.zeros(round(len(y) * time_ratio), dtype=np.float32)
        stretcher = _stretcher(self.sr, time_ratio, pitch_scale)
        y = (y / np.float32(peak) * np.float32(PEAK))[np.newaxis]
        stretcher.set_expected_input_duration(y.shape[1])
        blocks = [y[:, start : start + BLOCK_SAMPLES] for start in range(0, y.shape[1], BLOCK_SAMPLES)]
        for number, block in enumerate(blocks, start=1):
            stretcher.study(block, number == len(blocks))
        made = []
        for number, block in enumerate(blocks, start=1):
            stretcher.process(block, number == len(blocks))
            while stretcher.available() > 0:
                made.append(stretcher.retrieve_available().copy())
        out = np.concatenate(made, axis=1)[0] if made else np.zeros(0, dtype=np.float32)
        if not np.isfinite(out).all():
            raise RuntimeError("Rubber Band gave samples that are not finite.")
        return out * np.float32(peak / PEAK)


def _stretcher(sr: int, time_ratio: float, pitch_scale: float) -> RubberBandStretcher:
    """A stretcher of one channel, as the program sets it up."""
    import pylibrb

    pylibrb.set_default_logging_level(0)
    options = pylibrb.Option.PROCESS_OFFLINE | pylibrb.Option.ENGINE_FASTER | pylibrb.Option.THREADING_NEVER
    stretcher = pylibrb.RubberBandStretcher(sr, 1, options, time_ratio, pitch_scale)
    stretcher.set_max_process_size(BLOCK_SAMPLES)
    return stretcher
