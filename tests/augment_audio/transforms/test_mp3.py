"""MP3: aligned with the original, of the bit rate that was asked for, and lossy as that is."""

import io

import numpy as np
import pytest
import soundfile

from augment_audio import augment
from augment_audio.transforms.mp3 import BIT_RATES
from tests.augment_audio.conftest import make
from tests.conftest import white

pytest.importorskip("pedalboard", reason="the encoder is pedalboard's")


def lag(y, reference):
    """Samples by which a signal is later than another."""
    n = 2 * len(y)
    similarity = np.fft.irfft(np.fft.rfft(y, n) * np.conj(np.fft.rfft(reference, n)))
    return (int(similarity.argmax()) + len(y)) % n - len(y)


def test_real_clips_stay_in_place_and_lose_less_at_a_higher_rate(real_clips):
    for y, sr in real_clips:
        y, errors = y[: 2**17], []
        for kbit_s in (32, 64, 320):
            made = make(y, f"mp3={kbit_s}", sr=sr)
            assert lag(made, y) == 0
            errors.append(np.mean((made - y) ** 2))
        assert errors[0] > 1.5 * errors[1] > 15 * errors[2] > 0


@pytest.mark.parametrize(("sr", "highest"), [(8000, 64), (12000, 64), (22050, 160), (24000, 160), (32000, 320)])
def test_a_bit_rate_that_mp3_lacks_is_refused_and_each_other_differs(sr, highest):
    y = white(1.0, sr=sr)
    made = [augment(y, sr, f"mp3={kbit_s}") for kbit_s in BIT_RATES if kbit_s <= highest]
    assert all(np.abs(one - other).max() > 1e-4 for one, other in zip(made, made[1:], strict=False))
    for kbit_s in (kbit_s for kbit_s in BIT_RATES if kbit_s > highest):
        with pytest.raises(ValueError, match=f"kbit_s must be at most {highest} at a sample rate of {sr:,} Hz. Got"):
            augment(y, sr, f"trim+mp3={kbit_s}")


@pytest.mark.parametrize(("kbit_s", "bandwidth_hz"), [(32, 9_000), (128, 17_500)])
def test_the_band_is_that_of_libsndfiles_encoder(kbit_s, bandwidth_hz):
    """Another way to LAME: libsndfile, at a constant rate of the same size."""
    y, sr = white(2.0, sr=44100), 44100
    found = []
    for level in np.linspace(0, 0.99, 21):
        encoded = io.BytesIO()
        options = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": level}
        with soundfile.SoundFile(encoded, "w", samplerate=sr, channels=1, **options) as file:
            file.write(y)
        found.append((abs(len(encoded.getvalue()) * 8 / 2000 - kbit_s), encoded.getvalue()))
    theirs, _ = soundfile.read(io.BytesIO(min(found, key=lambda pair: pair[0])[1]))
    for decoded in (theirs, make(y, f"mp3={kbit_s}", sr=sr)):
        power = np.cumsum(np.abs(np.fft.rfft(decoded)) ** 2)
        assert np.searchsorted(power, 0.999 * power[-1]) / len(decoded) * sr == pytest.approx(bandwidth_hz, rel=0.15)
