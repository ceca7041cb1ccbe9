"""Denoising: steady noise goes down by what was asked, what stands out stays, and nothing happens at the ends."""

import numpy as np
import pytest

from tests.augment_audio.conftest import decibels, make, rms
from tests.conftest import SR, tone, white

pytest.importorskip("noisereduce")


@pytest.mark.parametrize("reduction_db", [6, 12, 20])
@pytest.mark.parametrize("sr", [8000, 44100])
def test_steady_noise_goes_down_evenly(reduction_db, sr):
    y = white(4.0, sr=sr)
    made = make(y, f"denoise={reduction_db}", sr=sr)
    n = sr // 5  # at the ends too
    for part in (slice(None, n), slice(2 * sr, 2 * sr + n), slice(-n, None)):
        # Magnitudes are Rayleigh distributed: a bin is three times its mean, and kept, in exp(-9 pi / 4) = 1 of 1,000.
        assert decibels(rms(made[part]) / rms(y[part])) == pytest.approx(-reduction_db, abs=1)


def test_what_stands_out_stays():
    burst = np.zeros(4 * SR, np.float32)
    burst[2 * SR :][: SR // 10] = tone(1000, seconds=0.1)
    made = make(burst + white(4.0, rms=0.01), "denoise=20")
    before, after = (np.abs(np.fft.rfft(y[2 * SR :][: SR // 10]))[100] for y in (burst, made))
    assert decibels(after / before) > -3, "the gate opens and closes within some 50 ms"
    assert decibels(rms(made[:SR]) / 0.01) < -18


def test_the_signal_to_error_ratio_of_noisy_real_clips_rises(real_clips):
    """With white noise as loud as the clip, on average and in most clips; a steady sound is lost with the noise."""
    gains = []
    for y, sr in real_clips:
        y = y[: 5 * sr]
        noisy = make(y, "noise=0", sr=sr)
        made = make(noisy, "denoise", sr=sr)
        gains.append(decibels(rms(noisy - y) / rms(made - y)))
    assert np.mean(gains) > 3 and np.median(gains) > 3
