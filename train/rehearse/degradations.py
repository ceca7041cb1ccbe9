"""What happens to audio between its source and a classifier: the registry of degradations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import soxr

from augment_audio import check_package
from augment_audio.transforms.mp3 import through_mp3
from augment_audio.transforms.noise import noise_gain
from augment_audio.transforms.reverb import add_reverberation

SNRS_DB = (20, 10, 0)
RECORDER_SNR_DB = 40.0
"""Of the clip as it was recorded, to the noise of the recorder that then hears it from afar: a source of 70 dB SPL, and
a microphone with an equivalent noise level of 30 dB SPL, that of one with a signal-to-noise ratio of 64 dB (re 94)."""


@dataclass(frozen=True)
class ClipAudio:
    """A clip, and what may be mixed with it.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
        Mono samples, as far as an image shows them.
    sr : int
        Their rate in hertz.
    white : np.ndarray, shape=(n,), float32
        White Gaussian noise; the same for all degradations of a clip, so that their results can be compared.
    background : np.ndarray, shape=(n,), float32, optional
        A part of a recording of the user's.
    """

    y: np.ndarray
    sr: int
    white: np.ndarray
    background: np.ndarray | None = None


@dataclass(frozen=True)
class Degradation:
    """One row of a rehearsal.

    Parameters
    ----------
    kind : str
        Rows of one kind have one colour in the plot.
    apply : callable
        `apply(clip_audio) -> y`, shape=(n,), float32, aligned with the original.
    description : str
        What is done, for the report.
    gain_db : float
        By how much the signal is attenuated, and with it the noise of the file's format.
    needs_background : bool
    highest_sr : int or None
        Where the images are of this sample rate or less, nothing is lost, and the row is left out.
    """

    kind: str
    apply: Callable[[ClipAudio], np.ndarray]
    description: str
    gain_db: float = 0.0
    needs_background: bool = False
    highest_sr: int | None = None


def with_white_noise(audio: ClipAudio, *, snr_db: float) -> np.ndarray:
    """Add white Gaussian noise."""
    return audio.y + noise_gain(audio.y, audio.white, snr_db=snr_db) * audio.white


def with_background(audio: ClipAudio, *, snr_db: float) -> np.ndarray:
    """Add a part of a background recording."""
    assert audio.background is not None, "such rows are only for rehearsals with a background"
    return audio.y + noise_gain(audio.y, audio.background, snr_db=snr_db) * audio.background


def from_afar(audio: ClipAudio, *, low_pass_hz: float, gain_db: float) -> np.ndarray:
    """Attenuate as air does, high frequencies more, and add the noise of the recorder.

    Parameters
    ----------
    audio : ClipAudio
    low_pass_hz : float
        Of two filters of first order.
    gain_db : float
        Of the spherical wave.

    References
    ----------
    ISO 9613-2:1996, table 2 (10 degrees Celsius, 70 % humidity): in 100 m, air takes 3.3 dB at 4 kHz and 11.7 at 8 kHz;
    two filters at 6 kHz take 3.2 and 9.5. In 300 m, 2.9 dB at 2 kHz and 9.8 at 4 kHz; at 3 kHz, 3.2 and 9.0.
    """
    from pedalboard import Gain, LowpassFilter, Pedalboard

    filters = [LowpassFilter(low_pass_hz), LowpassFilter(low_pass_hz)] if low_pass_hz < audio.sr / 2 else []
    far = Pedalboard([*filters, Gain(gain_db)])(audio.y, audio.sr)
    return far + noise_gain(audio.y, audio.white, snr_db=RECORDER_SNR_DB) * audio.white


def in_band(audio: ClipAudio, *, sr: int, high_pass_hz: float = 0.0) -> np.ndarray:
    """Resample to a lower rate and back, and take away low frequencies (12 dB an octave)."""
    y = soxr.resample(soxr.resample(audio.y, audio.sr, sr), sr, audio.sr)
    if high_pass_hz:
        from pedalboard import HighpassFilter, Pedalboard

        y = Pedalboard([HighpassFilter(high_pass_hz), HighpassFilter(high_pass_hz)])(y, audio.sr)
    return _fit(y, len(audio.y))


def as_mp3(audio: ClipAudio, *, kbit_s: int) -> np.ndarray:
    """Encode at a constant bit rate and decode."""
    return through_mp3(audio.y, audio.sr, kbit_s=kbit_s)


def in_room(audio: ClipAudio, *, rt60_s: float) -> np.ndarray:
    """Add reverberation with as much energy as the direct sound."""
    return add_reverberation(audio.y, audio.sr, rt60_s=rt60_s)


def _fit(y: np.ndarray, length: int) -> np.ndarray:
    """Cut to a length, or pad with silence at the end."""
    return y[:length] if len(y) >= length else np.pad(y, (0, length - len(y)))


DEGRADATIONS: dict[str, Degradation] = {
    **{
        f"white noise {snr_db} dB": Degradation(
            "white noise",
            partial(with_white_noise, snr_db=snr_db),
            f"white noise at a signal-to-noise ratio of {snr_db} dB over the clip",
        )
        for snr_db in SNRS_DB
    },
    **{
        f"background {snr_db} dB": Degradation(
            "background",
            partial(with_background, snr_db=snr_db),
            f"a random part of the background recordings at a signal-to-noise ratio of {snr_db} dB over the clip",
            needs_background=True,
        )
        for snr_db in SNRS_DB
    },
    "distance 100 m": Degradation(
        "distance",
        partial(from_afar, low_pass_hz=6000, gain_db=-20),
        "10 times as far (10 to 100 m): -20 dB, two low-passes at 6 kHz, and a recorder's noise 40 dB below the clip",
        gain_db=-20,
    ),
    "distance 300 m": Degradation(
        "distance",
        partial(from_afar, low_pass_hz=3000, gain_db=-30),
        "30 times as far (10 to 300 m): -30 dB, two low-passes at 3 kHz, and a recorder's noise 40 dB below the clip",
        gain_db=-30,
    ),
    "16 kHz sample rate": Degradation(
        "recorder",
        partial(in_band, sr=16_000),
        "nothing above 8 kHz: a recorder with a sample rate of 16 kHz",
        highest_sr=16_000,
    ),
    "8 kHz, from 300 Hz": Degradation(
        "recorder",
        partial(in_band, sr=8_000, high_pass_hz=300),
        "nothing above 4 kHz, and less below 300 Hz: a telephone, or a small microphone at 8 kHz",
        highest_sr=8_000,
    ),
    "MP3 32 kbit/s": Degradation("MP3", partial(as_mp3, kbit_s=32), "MP3 at a constant 32 kbit/s, mono"),
    "reverberation 0.8 s": Degradation(
        "reverberation",
        partial(in_room, rt60_s=0.8),
        "a room with a reverberation time of 0.8 s, as loud as the direct sound",
    ),
    "reverberation 2.4 s": Degradation(
        "reverberation",
        partial(in_room, rt60_s=2.4),
        "a hall with a reverberation time of 2.4 s, as loud as the direct sound",
    ),
}
"""By the name of their row, in the order of the table."""


def degradations_for(sr: int, *, with_background: bool) -> dict[str, Degradation]:
    """The degradations that change images of a sample rate.

    Parameters
    ----------
    sr : int
        Of the images, in hertz.
    with_background : bool
        Whether there are background recordings.
    """
    return {
        name: degradation
        for name, degradation in DEGRADATIONS.items()
        if (with_background or not degradation.needs_background)
        and (degradation.highest_sr is None or sr > degradation.highest_sr)
    }


def check_installed() -> None:
    """Check that the library of effects is installed.

    Raises
    ------
    FileNotFoundError
        If it is not.
    """
    check_package("pedalboard", needed_by="A rehearsal")
