"""What happens to audio between its source and a classifier: the registry of degradations."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
import soundfile
import soxr

from generate.dataset.mp3 import RATES

SNRS_DB = (20, 10, 0)
RECORDER_SNR_DB = 40.0
"""Of the clip as it was recorded, to the noise of the recorder that then hears it from afar: a source of 70 dB SPL, and
a microphone with an equivalent noise level of 30 dB SPL, that of one with a signal-to-noise ratio of 64 dB (re 94)."""
MP3_DELAY = 1105
"""Samples by which LAME and a decoder delay audio together (576 and 529, https://lame.sourceforge.io/tech-FAQ.txt). At
32 kbit/s the frames are mostly too short for the tag by which a decoder would know."""


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


def noise_at(snr_db: float, y: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Noise with the power that a signal-to-noise ratio to a clip asks for: both are means over the clip.

    Parameters
    ----------
    snr_db : float
    y, noise : np.ndarray, shape=(n,)
        Noise with a power above 0.

    Examples
    --------
    >>> noise_at(0, np.array([2.0, -2.0]), np.array([0.5, 0.5]))
    array([2., 2.])
    """
    signal_power, noise_power = (float(np.mean(np.square(values, dtype=np.float64))) for values in (y, noise))
    return noise * y.dtype.type(np.sqrt(signal_power / noise_power * 10.0 ** (-snr_db / 10)))


def with_white_noise(audio: ClipAudio, *, snr_db: float) -> np.ndarray:
    """Add white Gaussian noise."""
    return audio.y + noise_at(snr_db, audio.y, audio.white)


def with_background(audio: ClipAudio, *, snr_db: float) -> np.ndarray:
    """Add a part of a background recording."""
    assert audio.background is not None, "such rows are only for rehearsals with a background"
    return audio.y + noise_at(snr_db, audio.y, audio.background)


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
    return far + noise_at(RECORDER_SNR_DB, audio.y, audio.white)


def in_band(audio: ClipAudio, *, sr: int, high_pass_hz: float = 0.0) -> np.ndarray:
    """Resample to a lower rate and back, and take away low frequencies (12 dB an octave)."""
    y = soxr.resample(soxr.resample(audio.y, audio.sr, sr), sr, audio.sr)
    if high_pass_hz:
        from pedalboard import HighpassFilter, Pedalboard

        y = Pedalboard([HighpassFilter(high_pass_hz), HighpassFilter(high_pass_hz)])(y, audio.sr)
    return _fit(y, len(audio.y))


def as_mp3(audio: ClipAudio, *, kbit_s: int) -> np.ndarray:
    """Encode at a constant bit rate (LAME) and decode, without the delay of both."""
    from pedalboard.io import AudioFile

    rate = next((rate for rate in RATES if rate >= audio.sr), RATES[-1])
    y = audio.y if rate == audio.sr else soxr.resample(audio.y, audio.sr, rate)
    encoded = io.BytesIO()
    with AudioFile(encoded, "w", rate, 1, quality=f"{kbit_s} kbps", format="mp3") as file:
        file.write(y)
    decoded, _ = soundfile.read(io.BytesIO(encoded.getvalue()), dtype="float32")
    if len(decoded) >= len(y) + MP3_DELAY:
        decoded = decoded[MP3_DELAY:]
    return _fit(decoded if rate == audio.sr else soxr.resample(decoded, rate, audio.sr), len(audio.y))


def in_room(audio: ClipAudio, *, room_size: float, dry_level: float) -> np.ndarray:
    """Add reverberation with as much energy as the direct sound: the source is at the critical distance.

    Parameters
    ----------
    audio : ClipAudio
    room_size, dry_level : float
        Of `pedalboard.Reverb` with a damping of 0.5 and a wet level of 1. Its impulse response decays by 60 dB in 0.8 s
        at 0.3 and in 2.4 s at 0.8 (T30 of ISO 3382), and holds 0.83 and 1.36 times the energy of the input.
    """
    from pedalboard import Reverb

    return Reverb(room_size=room_size, damping=0.5, wet_level=1.0, dry_level=dry_level)(audio.y, audio.sr)


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
        partial(in_room, room_size=0.3, dry_level=0.456),
        "a room with a reverberation time of 0.8 s, as loud as the direct sound",
    ),
    "reverberation 2.4 s": Degradation(
        "reverberation",
        partial(in_room, room_size=0.8, dry_level=0.583),
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
    if find_spec("pedalboard") is None:
        raise FileNotFoundError(
            "The effects of a rehearsal are pedalboard's. Install it with `pip install pedalboard`."
        )
