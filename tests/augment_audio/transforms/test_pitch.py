"""Pitch: known tones move by semitones, clicks stay where they are."""

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


@pytest.mark.parametrize(
    ("text", "expected_hz"),
    # Equal temperament from a' = 440 Hz: b', g', a', a, a quarter tone up.
    [("pitch=+2", 493.883), ("pitch=-2", 391.995), ("pitch=+12", 880.0), ("pitch=-12", 220.0), ("pitch=0.5", 452.893)],
)
def test_a_tone_moves_by_semitones_and_lasts_as_long(engine, text, expected_hz):
    y = make(recorded_tone(440), text, engine=engine)
    assert loudest_hz(y, SR) == pytest.approx(expected_hz, abs=0.1)
    assert len(y) == SR


@pytest.mark.parametrize("sr", [8000, 44100])
def test_semitones_are_the_same_at_every_sample_rate(engine, sr):
    y = make(recorded_tone(440, sr=sr), "pitch=-2", sr=sr, engine=engine)
    assert loudest_hz(y, sr) == pytest.approx(391.995, abs=0.1)
    assert len(y) == sr


@pytest.mark.parametrize("text", ["pitch=+2", "pitch=-2"])
def test_the_level_stays(engine, text):
    y = recorded_tone(440)
    middle = slice(SR // 4, 3 * SR // 4)
    assert decibels(rms(make(y, text, engine=engine)[middle]) / rms(y[middle])) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize("text", ["pitch=+4", "pitch=-4"])
def test_clicks_stay_where_they_are(engine, text):
    y = click_train(0.3)
    after = click_times(make(y, text, engine=engine), spacing_s=0.3)
    np.testing.assert_allclose(after, click_times(y, spacing_s=0.3), atol=0.03)


def test_no_shift_changes_nothing_that_matters(engine):
    y = recorded_tone(440)
    assert_same_but_at_the_ends(make(y, "pitch=0", engine=engine), y)


def test_what_leaves_the_top_does_not_come_back_below(engine):
    """8 kHz an octave up is above half of the sample rate: nothing may be left, at no other frequency either."""
    y = recorded_tone(8000)
    assert decibels(rms(make(y, "pitch=+12", engine=engine)) / rms(y)) < -25
