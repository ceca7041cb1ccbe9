"""What MP3 leaves of audio."""

import io

import numpy as np

from augment_audio.sound import SHORTEST_SAMPLES, Sound
from augment_audio.variant import Variant

SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Of MP3 (MPEG-1, 2 and 2.5, layer III), in hertz."""
BIT_RATES = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""In kbit/s."""
DELAY = 1105
"""Samples by which LAME and a decoder delay audio together (576 and 529, https://lame.sourceforge.io/tech-FAQ.txt). At
32 kbit/s the frames are mostly too short for the tag by which a decoder would know."""
PEAK = 0.5
"""Level at which it is encoded, so that what is lost does not depend on how loud a clip was taken."""


def mp3_sample_rate(sr: int) -> int:
    """The next sample rate that MP3 has, at most 48,000 Hz.

    Parameters
    ----------
    sr : int
        In hertz.
    """
    return next((rate for rate in SAMPLE_RATES if rate >= sr), SAMPLE_RATES[-1])


def highest_bit_rate(sr: int) -> float:
    """The highest bit rate that MP3 has at a sample rate, in kbit/s; the encoder takes it for all above.

    Parameters
    ----------
    sr : int
        In hertz.
    """
    rate = mp3_sample_rate(sr)
    return 320 if rate >= 32000 else 160 if rate >= 16000 else 64  # of MPEG-1, 2 and 2.5


def through_mp3(y: np.ndarray, sr: int, *, kbit_s: float) -> np.ndarray:
    """Encode at a constant bit rate (LAME) and decode, without the delay of both.

    Parameters
    ----------
    y : np.ndarray, shape=(n,), float32
    sr : int
        In hertz.
    kbit_s : float
        One of `BIT_RATES`.

    Returns
    -------
    np.ndarray, shape=(n,), float32
    """
    import soundfile
    import soxr
    from pedalboard.io import AudioFile

    n_samples, peak = len(y), np.abs(y).max()
    if peak == 0:
        return y
    y = np.pad(y, (0, max(0, SHORTEST_SAMPLES - n_samples))) / peak * np.float32(PEAK)
    rate = mp3_sample_rate(sr)
    encoded = io.BytesIO()
    with AudioFile(encoded, "w", rate, 1, quality=f"{kbit_s:g} kbps", format="mp3") as file:
        file.write(y if rate == sr else soxr.resample(y, sr, rate))
    decoded, _ = soundfile.read(io.BytesIO(encoded.getvalue()), dtype="float32")
    if len(decoded) >= len(y) * rate / sr + DELAY:
        decoded = decoded[DELAY:]
    made = (decoded if rate == sr else soxr.resample(decoded, rate, sr))[:n_samples]
    return np.pad(made, (0, n_samples - len(made))) / np.float32(PEAK) * peak


def encode_mp3(sound: Sound, *, kbit_s: float) -> np.ndarray:
    """Encode as MP3 at a constant bit rate, and decode.

    Parameters
    ----------
    sound : Sound
    kbit_s : float
        Kilobits a second, of one channel; one of `BIT_RATES`, at most 160 up to 24 kHz and 64 up to 12 kHz.

    Returns
    -------
    np.ndarray, shape=(n,), float32
        Not delayed; by up to 0.4 dB quieter, as LAME makes it below 256 kbit/s.
    """
    return through_mp3(sound.y, sound.sr, kbit_s=kbit_s)


VARIANT = Variant(
    encode_mp3, "kbit_s", low=32, high=320, choices=BIT_RATES, highest=highest_bit_rate, package="pedalboard"
)
