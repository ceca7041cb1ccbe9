"""Low-pass: against the frequency response of the filter that is promised, on real clips."""

import numpy as np
import pytest
from scipy.signal import welch

from tests.augment_audio.conftest import decibels, make, rms
from tests.conftest import SR, tone


@pytest.mark.parametrize("cutoff_hz", [1000, 4000])
def test_each_tone_loses_what_a_butterworth_filter_of_eighth_order_takes(cutoff_hz):
    for hz in (0.5 * cutoff_hz, 0.9 * cutoff_hz, cutoff_hz, 1.1 * cutoff_hz, 2 * cutoff_hz):
        y = tone(hz)
        change_db = decibels(rms(make(y, f"lowpass={cutoff_hz}")[SR // 4 :]) / rms(y[SR // 4 :]))
        # |H|^2 = 1 / (1 + (f / fc)^16), in the frequencies of the bilinear transform
        ratio = np.tan(np.pi * hz / SR) / np.tan(np.pi * cutoff_hz / SR)
        assert change_db == pytest.approx(-10 * np.log10(1 + ratio**16), abs=0.2), hz


def test_of_clips_nothing_is_left_above_and_all_below(clips):
    for y, sr in clips:
        hz, before = welch(y, sr, nperseg=2048)
        _, after = welch(make(y, "lowpass=4000", sr=sr), sr, nperseg=2048)
        is_below = (hz > 50) & (hz < 2500)
        np.testing.assert_allclose(after[is_below], before[is_below], rtol=0.1)  # the filter delays by some samples
        assert (after[hz > 9000] < 1e-5 * before[hz > 9000] + 1e-12).all()


def test_above_half_the_sample_rate_there_is_nothing_to_remove():
    y = tone(440)
    assert np.shares_memory(make(y, f"lowpass={SR / 2}"), y)
