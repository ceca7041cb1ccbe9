"""Roll: a circular shift by a random offset."""

import numpy as np

from tests.augment_audio.conftest import make
from tests.conftest import SR, white


def circular_lag(moved, y) -> int:
    """By how many samples it came later, wrapped to half of its length either way."""
    products = np.fft.irfft(np.fft.rfft(moved) * np.conj(np.fft.rfft(y)), len(y))
    best = int(products.argmax())
    return best if best < len(y) / 2 else best - len(y)


def test_it_is_a_circular_shift():
    y = white(1)
    lags = []
    for number in range(40):
        moved = make(y, "roll=0.4", clip_id=f"clip-{number}")
        lags.append(circular_lag(moved, y))
        cut = -lags[-1] % SR
        np.testing.assert_array_equal(moved, np.concatenate([y[cut:], y[:cut]]))
    assert max(lags) <= 0.4 * SR
    assert min(lags) >= -0.4 * SR
    assert max(lags) > 0.3 * SR, "40 draws never came near the latest"
    assert min(lags) < -0.3 * SR, "40 draws never came near the earliest"


def test_it_moves_by_no_more_than_was_asked_for():
    """A thousandth of a second at 1000 Hz is one sample either way."""
    y = np.array([1, 2, 3, 4, 5], np.float32)
    seen = {tuple(make(y, "roll=0.001", sr=1000, clip_id=f"clip-{number}").tolist()) for number in range(60)}
    assert seen == {(2, 3, 4, 5, 1), (1, 2, 3, 4, 5), (5, 1, 2, 3, 4)}


def test_a_short_clip_is_rolled_to_each_position():
    y = np.array([1, 2, 3], np.float32)
    seen = {tuple(make(y, "roll=600", clip_id=f"clip-{number}").tolist()) for number in range(60)}
    assert seen == {(1, 2, 3), (3, 1, 2), (2, 3, 1)}
