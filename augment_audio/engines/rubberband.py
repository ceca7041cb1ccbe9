"""The Rubber Band engine: tempo and pitch by its library, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment_audio.sound import Sound

if TYPE_CHECKING:
    from pylibrb import RubberBandStretcher

BLOCK_SAMPLES = 1024
"""As in Rubber Band's program. Much larger blocks give other results."""
PEAK = 0.25
"""Peak level of the input, as for the program, so that the detection of transients does not depend on the level."""


class RubberBandSound(Sound):
    """A waveform whose tempo and pitch the Rubber Band library changes, with the settings of its program.

    It takes two thirds of the program's time. Samples differ from the program's, since the versions differ and rounding
    decides the phases of steady signals; images of ESC-10 differ by one pixel value of 255 on average.

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
                "Rubber Band's library is not installed. Install it with `pip install pylibrb`, or choose "
                "`--engine rubberband-program` or `--engine librosa`."
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
        made: list[np.ndarray] = []
        for number, block in enumerate(blocks, start=1):
            stretcher.process(block, number == len(blocks))
            while stretcher.available() > 0:
                made.append(stretcher.retrieve_available().copy())
        out = np.concatenate(made, axis=1)[0] if made else np.zeros(0, dtype=np.float32)
        if not np.isfinite(out).all():
            raise RuntimeError("Rubber Band returned samples that are not finite.")
        return out * np.float32(peak / PEAK)


def _stretcher(sr: int, time_ratio: float, pitch_scale: float) -> RubberBandStretcher:
    """A stretcher of one channel, as the program sets it up."""
    import pylibrb

    pylibrb.set_default_logging_level(0)
    options = pylibrb.Option.PROCESS_OFFLINE | pylibrb.Option.ENGINE_FASTER | pylibrb.Option.THREADING_NEVER
    stretcher = pylibrb.RubberBandStretcher(sr, 1, options, time_ratio, pitch_scale)
    stretcher.set_max_process_size(BLOCK_SAMPLES)
    return stretcher
