"""Reverberation: its decay by ISO 3382, its energy, and the direct sound as it was."""

import numpy as np
import pytest
from scipy.signal import fftconvolve

from tests.augment_audio.conftest import make

pytest.importorskip("pedalboard", reason="the reverberation is pedalboard's")


def response(rt60_s, sr):
    impulse = np.zeros(round((0.2 + 1.5 * rt60_s) * sr), np.float32)
    impulse[0] = 0.5
    return 2 * make(impulse, f"reverb={rt60_s}", sr=sr).astype(float)


@pytest.mark.parametrize("rt60_s", [0.1, 0.4, 0.52, 0.54, 1, 2.4, 9])
@pytest.mark.parametrize("sr", [8000, 44100])
def test_it_decays_in_its_time_and_is_as_loud_as_the_direct_sound(rt60_s, sr):
    h = response(rt60_s, sr)
    assert h[0] == pytest.approx(1, abs=1e-6)
    energy = h[1:] ** 2
    assert 10 * np.log10(energy.sum()) == pytest.approx(0, abs=0.1)
    # T30 of ISO 3382: twice the time of the backward-integrated energy from -5 to -35 dB.
    left_db = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum() + 1e-20)
    assert 2 * (np.argmax(left_db < -35) - np.argmax(left_db < -5)) / sr == pytest.approx(rt60_s, rel=0.1)


def test_the_shortest_delay_is_a_sample_at_the_lowest_sample_rate():
    h = response(0.1, 1000)
    assert 10 * np.log10((h[1:] ** 2).sum()) == pytest.approx(0, abs=0.1)


def test_a_real_clip_is_convolved_with_the_response_of_the_room(clips):
    for y, sr in clips[:4]:
        y = y[: 2 * sr]
        expected = fftconvolve(y, response(0.4, sr))[: len(y)]
        np.testing.assert_allclose(make(y, "reverb=0.4", sr=sr), expected, atol=2e-3 * np.abs(expected).max())
