"""The Rubber Band engine: tempo and pitch by its library, in this process."""

from __future__ import annotations

import numpy as np

from augment_audio.sound import Sound

PEAK = 0.25
"""Peak level of the input, as for the program, so that the detection of transients does not depend on the level."""


class RubberBandSound(Sound):
    """A waveform whose tempo and pitch the Rubber Band library changes, with the settings of its program.

    The samples are those of the `rubberband` program, given the same floating-point input, to 2e-7 of the peak; it
    takes a third to two thirds of the program's time.

    References
    ----------
    https://breakfastquay.com/rubberband/, and https://spotify.github.io/pedalboard, which contains the library.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `Rubber Band (pedalboard 0.9.26)`."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"Rubber Band (pedalboard {version('pedalboard')})"
        except PackageNotFoundError:
            raise FileNotFoundError(
                "Rubber Band's library is not installed. Install it with `pip install pedalboard`, or choose "
                "`--engine rubberband-program` or `--engine librosa`."
            ) from None

    def _process(self, *, rate: float, n_semitones: float) -> np.ndarray:
        import pedalboard

        y = self.padded
        peak = float(np.abs(y).max())
        if peak == 0:
            return np.zeros(round(len(y) / rate), dtype=np.float32)
        out = pedalboard.time_stretch(
            y / np.float32(peak) * np.float32(PEAK),
            self.sr,
            stretch_factor=rate,
            pitch_shift_in_semitones=n_semitones,
            high_quality=False,  # the engine R2, as by default in the program
            preserve_formants=False,
        )[0]
        if not np.isfinite(out).all():
            raise RuntimeError("Rubber Band returned samples that are not finite.")
        return out * np.float32(peak / PEAK)
