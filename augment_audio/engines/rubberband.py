"""The Rubber Band engine: tempo and pitch by its library, in this process."""

from __future__ import annotations

import numpy as np

from augment_audio.sound import Sound

PEAK = 0.25
"""Peak level of the input, as for the program, so that the detection of transients does not depend on the level."""


class RubberBandSound(Sound):
    """A waveform whose tempo and pitch the Rubber Band library changes, with its finer engine, R3, and a short window.

    R2, the default of its program and of pyrubberband, moves some steady tones by 45 cents and leaves as little as 1 dB
    between a tone and all else; R3 is right to 0.1 cents, keeps bursts in place, and comes nearer to the original there
    and back. With the short window it takes 7 to 19 % more time than R2 (`python -m benchmarks.engines`).

    It sounds as the program does with `--fine --window-short`. Two channels are changed together and share their
    timing, as in the program; each by itself, two mixed clips of ESC-10 moved apart by up to 5 ms.

    References
    ----------
    https://breakfastquay.com/rubberband/, and https://spotify.github.io/pedalboard, which contains the library.
    """

    @classmethod
    def version(cls) -> str:
        """Such as `Rubber Band R3 (pedalboard 0.9.26)`."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return f"Rubber Band R3 (pedalboard {version('pedalboard')})"
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
            return np.zeros((*y.shape[:-1], round(y.shape[-1] / rate)), dtype=np.float32)
        scaled = y / np.float32(peak) * np.float32(PEAK)
        out = pedalboard.time_stretch(
            # Of the first two channels pedalboard makes mid and side, so that one leaks into the other, at -10 dB. The
            # others it keeps apart, as the program keeps all.
            scaled if y.ndim == 1 else np.concatenate([scaled, scaled]),
            self.sr,
            stretch_factor=rate,
            pitch_shift_in_semitones=n_semitones,
            high_quality=True,
            use_long_fft_window=False,
            preserve_formants=False,
        )
        if not np.isfinite(out).all():
            raise RuntimeError("Rubber Band returned samples that are not finite.")
        return (out[0] if y.ndim == 1 else out[2:]) * np.float32(peak / PEAK)
