import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from train.augment.spectrogram_transforms import SpectrogramTransforms, _resample, mix, transform

STILL = {"time_shift": 0, "time_warp": (1, 1), "band_shift": 0, "frequency_mask": 0, "time_mask": 0, "mixup": 0}


def batch(n=5, height=24, width=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width), dtype=np.uint8)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_nothing_drawn_changes_nothing():
    np.testing.assert_array_equal(transform(batch(), SpectrogramTransforms(**STILL), rng()), batch())


def test_resampling_is_scipys():
    """Bilinear along time with wrapping, and along frequency with the outermost row repeated."""
    pixels = batch(3)
    first, longer, upward = np.array([-3.3, 0.0, 40.7]), np.array([0.8, 1.3, 1.0]), np.array([1.5, -2.25, 0.0])
    ours = _resample(pixels, first, longer, upward)
    for k in range(3):
        columns = (first[k] + np.arange(32) / longer[k]) % 32
        wrapped = np.concatenate([pixels[k], pixels[k][:, :1]], axis=1).astype(float)
        rows = np.clip(np.arange(24) + upward[k], 0, 23)
        theirs = map_coordinates(wrapped, np.meshgrid(rows, columns, indexing="ij"), order=1)
        assert np.abs(ours[k] - theirs).max() <= 1


def test_a_whole_shift_only_moves_columns():
    moved = transform(batch(), SpectrogramTransforms(**STILL | {"time_shift": 1}), rng())
    assert not np.array_equal(moved, batch())
    by_whole = _resample(batch(), np.full(5, 7.0), np.ones(5), np.zeros(5))
    np.testing.assert_array_equal(by_whole, np.roll(batch(), -7, axis=2))


def test_a_longer_sound_is_drawn_longer():
    pixels = np.zeros((1, 8, 40), dtype=np.uint8)
    pixels[0, :, 10:20] = 255
    longer = _resample(pixels, np.zeros(1), np.array([1.5]), np.zeros(1))
    assert (longer[0, 0] > 127).sum() == 15


def test_upward_is_up():
    pixels = np.zeros((1, 20, 8), dtype=np.uint8)
    pixels[0, 10] = 255
    moved = _resample(pixels, np.zeros(1), np.ones(1), np.array([3.0]))
    assert moved[0, :, 0].argmax() == 7  # row 0 is the top


def test_masks_are_stripes_of_the_mean():
    pixels = np.repeat(np.arange(20, dtype=np.uint8)[None, :, None] * 10, 30, axis=2)
    masked = transform(pixels, SpectrogramTransforms(**STILL | {"frequency_mask": 0.5, "time_mask": 0.5}), rng(3))
    changed = masked[0] != pixels[0]
    assert changed.any() and (masked[0][changed] == round(pixels.mean())).all()
    rows, columns = changed.all(axis=1), changed.all(axis=0)
    assert 0 < rows.sum() <= 10 and np.diff(np.flatnonzero(rows)).max(initial=1) == 1
    assert 0 < columns.sum() <= 15 and np.diff(np.flatnonzero(columns)).max(initial=1) == 1


def stripes(is_masked) -> int:
    """How many runs of masked rows or columns there are."""
    return int((np.diff(is_masked.astype(int), prepend=0) == 1).sum())


def test_several_masks_of_each_kind_are_filled_with_the_mean_of_the_whole_image():
    pixels = np.zeros((200, 128, 431), dtype=np.uint8)
    pixels[:, ::2] = 200
    masks = {"frequency_mask": 0.05, "time_mask": 0.05, "n_frequency_masks": 2, "n_time_masks": 3}
    changed = transform(pixels, SpectrogramTransforms(**STILL | masks), rng()) != pixels
    rows, columns = changed.all(axis=2), changed.all(axis=1)
    assert {stripes(of_image) for of_image in rows} == {0, 1, 2}
    assert max(stripes(of_image) for of_image in columns) == 3
    assert rows.sum(axis=1).max() <= 2 * round(0.05 * 128) and columns.sum(axis=1).max() <= 3 * round(0.05 * 431)
    masked = transform(pixels, SpectrogramTransforms(**STILL | masks), rng())
    assert set(masked[changed]) == {100}


def test_one_mask_of_each_kind_by_default_and_none_on_request():
    """By a digest: the same seed gives the same images."""
    made = transform(batch(8, 32, 48), SpectrogramTransforms(), rng(1))
    assert hashlib.sha256(made.tobytes()).hexdigest().startswith("87adac44956e0d9e")
    off = SpectrogramTransforms.from_values(["n_time_masks=0", "n-frequency-masks=0"])
    no_width = SpectrogramTransforms.from_values(["time_mask=0", "frequency_mask=0"])
    assert np.array_equal(transform(batch(), off, rng()), transform(batch(), no_width, rng()))


def test_mixup_mixes_images_and_classes_alike():
    pixels, targets = batch(6), np.eye(6, dtype=np.float32)
    mixed, classes = mix(pixels, targets, alpha=1.0, rng=rng(1))
    np.testing.assert_allclose(classes.sum(axis=1), 1, rtol=1e-6)
    expected = np.tensordot(classes, pixels.astype(float), axes=1)
    assert np.abs(mixed - expected).max() <= 1
    assert mixed.dtype == np.uint8 and (np.sort(classes, axis=1)[:, -2] > 0.01).any()
    same, same_classes = mix(pixels, targets, alpha=0, rng=rng())
    with_labels, labels = mix(pixels, targets, alpha=1.0, rng=rng(1), multilabel=True)
    np.testing.assert_array_equal(with_labels, mixed)
    np.testing.assert_allclose(labels, np.minimum(2 * classes, 1))
    assert same is pixels and same_classes is targets


@given(seed=st.integers(0, 1000), height=st.integers(8, 40), width=st.integers(8, 40))
def test_same_numbers_same_images_and_never_another_shape(seed, height, width):
    pixels = batch(3, height, width, seed)
    before = pixels.copy()
    one, two = (transform(pixels, SpectrogramTransforms(), rng(seed)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(pixels, before)
    assert one.shape == pixels.shape and one.dtype == np.uint8


def test_values_from_text():
    read = SpectrogramTransforms.from_values(["time-mask=0.3", "time_warp=0.8,1.25", "mixup=0"])
    assert read == SpectrogramTransforms(time_mask=0.3, time_warp=(0.8, 1.25), mixup=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_mask", "must be names with values"),
        ("echo=1", "Got 'echo=1'"),
        ("time_mask=wide", "must be a number"),
        ("time_mask=0.1,0.2", "must be a number"),
        ("time_mask=2", "0 to 1"),
        ("n_time_masks=1.5", "n_time_masks must be a whole number, 0 to 10. Got 1.5"),
        ("n_time_masks=-1", "0 to 10"),
        ("n_frequency_masks=11", "0 to 10"),
        ("time_warp=0.8", "two numbers"),
        ("time_warp=1.2,1.4", "around 1"),
        ("mixup=-1", "0 \\(none\\) to 10"),
    ],
)
def test_bad_values(text, words):
    with pytest.raises(ValueError, match=words):
        SpectrogramTransforms.from_values([text])
