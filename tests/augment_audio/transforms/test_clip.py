"""Clipping: the peak stays, what is below is amplified, what is above is cut off."""

import numpy as np
import pytest

from tests.augment_audio.conftest import make
from tests.conftest import SR, tone


@pytest.mark.parametrize("overdrive_db", [6, 20])
def test_clips_are_amplified_and_cut_at_their_peak(clips, overdrive_db):
    factor = 10 ** (overdrive_db / 20)
    for y, sr in clips:
        made = make(y, f"clip={overdrive_db}", sr=sr)
        peak = np.abs(y).max()
        assert np.abs(made).max() == peak
        is_cut = np.abs(y) > peak / factor
        assert 0 < is_cut.mean() < 1
        np.testing.assert_array_equal(made[is_cut], np.sign(y[is_cut]) * peak)
        np.testing.assert_allclose(made[~is_cut], factor * y[~is_cut], rtol=1e-6)


def test_the_peak_is_that_of_the_part_that_an_image_shows():
    y = np.concatenate([tone(440, peak=0.1), tone(440, peak=0.9)])
    made = make(y, "clip=6", n_shown=SR)
    assert np.abs(made).max() == np.abs(y[:SR]).max()
    np.testing.assert_array_equal(made[:SR], make(y[:SR], "clip=6"))


def test_without_overdrive_nothing_changes(clips):
    y, sr = clips[0]
    np.testing.assert_array_equal(make(y, "clip=0", sr=sr), y)


def test_two_channels_are_cut_at_one_level(clips):
    y, sr = clips[0]
    made = make(np.stack([0.1 * y, y]), "clip=6", sr=sr)
    np.testing.assert_allclose(made[0], np.float32(10 ** (6 / 20)) * np.float32(0.1) * y, rtol=1e-5)
    np.testing.assert_array_equal(made[1], make(y, "clip=6", sr=sr))
