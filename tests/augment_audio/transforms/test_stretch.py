"""Stretch: clicks move apart, tones stay."""

import numpy as np
import pytest

from tests.augment_audio.conftest import (
    assert_same_but_at_the_ends,
    click_times,
    click_train,
    decibels,
    make,
    recorded_tone,
    rms,
)
from tests.conftest import SR, loudest_hz

RATES = [0.5, 0.7, 1.2, 2]


@pytest.mark.parametrize("rate", RATES)
def test_clicks_move_apart_and_the_length_changes(engine, rate):
    y = click_train(0.3)
    stretched = make(y, f"stretch={rate}", engine=engine)
    assert abs(len(stretched) - len(y) / rate) <= 0.5
    after = click_times(stretched, spacing_s=0.3 / rate)
    np.testing.assert_allclose(after, click_times(y, spacing_s=0.3) / rate, atol=0.03)
    assert np.diff(after).mean() == pytest.approx(0.3 / rate, rel=0.02)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_its_pitch(engine, rate):
    assert loudest_hz(make(recorded_tone(440), f"stretch={rate}", engine=engine), SR) == pytest.approx(440, abs=0.1)


@pytest.mark.parametrize("rate", [0.7, 1.2])
def test_the_level_stays(engine, rate):
    y = recorded_tone(440, seconds=2)
    stretched = make(y, f"stretch={rate}", engine=engine)
    middle = stretched[len(stretched) // 4 : 3 * len(stretched) // 4]
    assert decibels(rms(middle) / rms(y)) == pytest.approx(0, abs=1.0)


def test_rate_one_changes_nothing_that_matters(engine):
    y = recorded_tone(440)
    assert_same_but_at_the_ends(make(y, "stretch=1", engine=engine), y)
