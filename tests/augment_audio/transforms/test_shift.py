"""Shift: by a random offset, padded with silence."""

import numpy as np
import pytest
from scipy.signal import correlate, correlation_lags

from augment_audio.transforms.shift import random_offset
from tests.augment_audio.conftest import make
from tests.conftest import SR, white

CLIPS = [f"clip-{number}" for number in range(40)]


def lag(moved, y) -> int:
    """By how many samples it came later, from the cross-correlation."""
    return int(correlation_lags(len(moved), len(y))[correlate(moved, y).argmax()])


def test_it_is_shifted_and_silence_fills_the_gap():
    y = white(1)
    lags = []
    for clip_id in CLIPS:
        moved = make(y, "shift=0.4", clip_id=clip_id)
        lags.append(lag(moved, y))
        gap = np.zeros(abs(lags[-1]), np.float32)
        expected = np.concatenate([gap, y])[:SR] if lags[-1] > 0 else np.concatenate([y, gap])[-SR:]
        np.testing.assert_array_equal(moved, expected)
    assert max(lags) <= 0.4 * SR
    assert min(lags) >= -0.4 * SR
    assert max(lags) > 0.3 * SR, "40 draws never came near the latest"
    assert min(lags) < -0.3 * SR, "40 draws never came near the earliest"


def test_offsets_are_uniform_with_both_ends():
    rng = np.random.default_rng(0)
    drawn, counts = np.unique([random_offset(1000, 1000, 0.002, rng) for _ in range(2000)], return_counts=True)
    assert drawn.tolist() == [-2, -1, 0, 1, 2]
    # 400 each expected, with a standard deviation of 18.
    assert counts.min() > 310
    assert counts.max() < 490


@pytest.mark.parametrize("n_samples", [2, 3])
def test_at_least_one_sample_is_left(n_samples):
    rng = np.random.default_rng(0)
    drawn = {random_offset(n_samples, SR, 600, rng) for _ in range(200)}
    assert drawn == set(range(1 - n_samples, n_samples))


def test_it_moves_by_no_more_than_was_asked_for():
    """A thousandth of a second at 1000 Hz is one sample either way."""
    y = np.array([1, 2, 3, 4, 5], np.float32)
    seen = {tuple(make(y, "shift=0.001", sr=1000, clip_id=f"clip-{number}").tolist()) for number in range(60)}
    assert seen == {(2, 3, 4, 5, 0), (1, 2, 3, 4, 5), (0, 1, 2, 3, 4)}


def test_one_sample_stays():
    assert make(np.ones(1, np.float32), "shift=1").tolist() == [1]
