import numpy as np

from train.data.decode import palette_of
from train.explain.overlay import MARK, overlay, strength


def test_strength_is_from_0_to_1_and_leaves_out_negative_values():
    attribution = np.zeros((64, 64))
    attribution[10:20, 10:20] = 3
    attribution[10:20, 40:50] = 0.3
    attribution[40:50, 40:50] = -3
    found = strength(attribution)
    assert found.dtype == np.float32 and found.min() == 0
    assert found[12:18, 12:18].min() > 0.99
    np.testing.assert_allclose(found[14, 44], np.sqrt(0.1), atol=0.02)
    assert found[42:48, 42:48].max() == 0
    np.testing.assert_allclose(strength(1000 * attribution), found, atol=1e-5)
    assert (strength(np.ones((5, 7))) == 1).all()
    assert (strength(-np.ones((5, 7))) == 0).all()


def test_one_outlier_does_not_hide_all_others():
    attribution = np.zeros((112, 112))
    attribution[20:100, 20:100] = 1
    attribution[8, 8] = 1000
    assert strength(attribution)[40, 40] > 0.9


def test_overlay_is_grey_where_nothing_matters_and_green_where_it_does():
    pixels = np.tile(np.linspace(0, 255, 48).astype(np.uint8), (40, 1))
    attribution = np.zeros((40, 48))
    attribution[:20] = 1
    found = overlay(pixels, attribution, palette_of("magma"))
    assert found.shape == (40, 48, 3) and found.dtype == np.uint8
    assert np.ptp(found[30:], axis=-1).max() == 0, "no colour"
    assert (np.diff(found[30, :, 0].astype(int)) >= 0).all(), "the image stays visible"
    assert found[:10, :, 1].min() > 100 and found[:10, :, 0].max() == 0
    np.testing.assert_allclose(found[5, -1], MARK, atol=5)
