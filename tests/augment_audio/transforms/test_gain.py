"""Gain: exact factors, nothing cut off."""

import numpy as np
import pytest

from tests.augment_audio.conftest import make
from tests.conftest import white


@pytest.mark.parametrize(
    ("text", "factor"),
    [("gain=+20", 10), ("gain=-20", 0.1), ("gain=0", 1), ("gain=60", 1000), ("gain=-60", 0.001), ("gain=6", 1.9952623)],
)
def test_the_factor_is_exact(text, factor):
    y = white(0.2, rms=0.3)
    np.testing.assert_allclose(make(y, text), y * factor, rtol=1e-6)


def test_no_gain_leaves_the_very_samples():
    y = white(0.2)
    np.testing.assert_array_equal(make(y, "gain=0"), y)


def test_what_goes_above_full_scale_is_not_cut_off():
    assert make(np.array([0.5, -0.9], np.float32), "gain=+20") == pytest.approx([5, -9])
