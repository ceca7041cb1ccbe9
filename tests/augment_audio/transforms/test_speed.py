"""Speed: pitch and length change together."""

import numpy as np
import pytest

from tests.augment_audio.conftest import click_times, click_train, decibels, make, rms
from tests.conftest import SR, loudest_hz, tone


@pytest.mark.parametrize("rate", [0.25, 0.5, 0.8, 1.5, 2, 4])
def test_pitch_and_length_move_together(rate):
    y = make(tone(440, seconds=2), f"speed={rate}")
    semitones = 12 * np.log2(loudest_hz(y, SR) / 440)
    assert semitones == pytest.approx(12 * np.log2(rate), abs=0.01)
    assert abs(len(y) - 2 * SR / rate) <= 1


@pytest.mark.parametrize("rate", [0.5, 0.7, 1.2, 2])
def test_clicks_move_apart(rate):
    y = click_train(0.3)
    after = click_times(make(y, f"speed={rate}"), spacing_s=0.3 / rate)
    np.testing.assert_allclose(after, click_times(y, spacing_s=0.3) / rate, atol=0.002)


@pytest.mark.parametrize("rate", [0.6, 1.7])
def test_the_samples_lie_on_the_same_curve(rate):
    """A tone at another speed is the same sine with time scaled, in phase and level."""
    y = make(tone(440), f"speed={rate}")
    t = np.arange(len(y)) / SR
    middle = slice(len(y) // 10, -len(y) // 10)
    np.testing.assert_allclose(y[middle], 0.5 * np.sin(2 * np.pi * 440 * rate * t)[middle], atol=1e-3)


def test_what_leaves_the_top_does_not_come_back_below():
    """8 kHz at double speed is above half of the sample rate: nothing may be left, at no other frequency either."""
    y = tone(8000)
    assert decibels(rms(make(y, "speed=2")[1000:-1000]) / rms(y)) < -80


def test_rate_one_changes_nothing():
    y = tone(440)
    np.testing.assert_allclose(make(y, "speed=1"), y, atol=1e-6)
