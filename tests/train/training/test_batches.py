from collections import Counter

import numpy as np
import pytest

from train.augment.image_transforms import PRESETS, ImageTransforms
from train.augment.spectrogram_transforms import SpectrogramTransforms
from train.data.decode import Images, colour, palette_of
from train.training.batches import Batches

N, N_CLASSES = 30, 3


def batches(**options):
    pixels = np.random.default_rng(0).integers(0, 256, (N, 12, 16), dtype=np.uint8)
    pixels[:, 0, 0] = np.arange(N)
    targets = np.eye(N_CLASSES, dtype=np.float32)[np.arange(N) % N_CLASSES]
    usual = {"rows": np.arange(2, 27), "targets": targets, "batch_size": 8, "seed": (0, 1)}
    return Batches(Images(pixels, palette_of("magma")), **usual | options)


def test_an_epoch_shows_every_image_in_batches_of_one_size():
    made = batches()
    for epoch in range(3):
        shown = list(made.epochs(epoch, epoch + 1))
        assert len(shown) == len(made) == 4
        assert [len(x) for x, _ in shown] == [7, 7, 7, 7]
        times = Counter(p.tobytes() for x, _ in shown for p in x)
        assert set(times) == {p.tobytes() for p in colour(made.images.pixels[made.rows], made.images.palette)}
        assert sorted(times.values()) == [1] * 22 + [2] * 3


def test_classes_stay_with_their_images():
    made = batches(rows=np.arange(N))
    of_image = {
        colour(pixels, made.images.palette).tobytes(): target
        for pixels, target in zip(made.images.pixels, made.targets, strict=True)
    }
    for x, y in made.epochs(0, 1):
        for image, target in zip(x, y, strict=True):
            np.testing.assert_array_equal(of_image[image.tobytes()], target)


@pytest.mark.parametrize("options", [{}, {"spectrogram": SpectrogramTransforms()}, {"image": "paper"}])
def test_same_seed_same_batches_whatever_the_threads(options, monkeypatch):
    if "image" in options:
        options = {"image": ImageTransforms(PRESETS["paper"])}
    monkeypatch.setattr("train.training.batches.N_LOADERS", 4)
    many = list(batches(**options).epochs(0, 3))
    monkeypatch.setattr("train.training.batches.N_LOADERS", 1)
    one = list(batches(**options).epochs(0, 3))
    assert len(many) == len(one) == 12
    for a, b in zip(many, one, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])
    # A run that goes on at epoch 2 sees what the whole run saw there.
    for a, b in zip(batches(**options).epochs(2, 3), many[8:], strict=True):
        np.testing.assert_array_equal(a[0], b[0])


def test_epochs_folds_and_seeds_differ():
    first = [next(batches(seed=seed).epochs(epoch, epoch + 1))[0] for seed, epoch in (((0, 1), 0), ((0, 1), 1))]
    other = [next(batches(seed=seed).epochs(0, 1))[0] for seed in ((0, 2), (1, 1))]
    assert len({x.tobytes() for x in first + other}) == 4


def test_images_of_the_run_are_never_changed():
    made = batches(spectrogram=SpectrogramTransforms(), image=ImageTransforms(PRESETS["paper"]))
    before = made.images.pixels.copy(), made.targets.copy()
    list(made.epochs(0, 2))
    np.testing.assert_array_equal(made.images.pixels, before[0])
    np.testing.assert_array_equal(made.targets, before[1])


def test_each_part_of_a_mixed_image_counts_with_the_weight_of_its_class():
    weights = np.array([0.5, 1.0, 2.0], dtype=np.float32)
    options = {"spectrogram": SpectrogramTransforms(mixup=1.0)}
    plain = batches(**options).epochs(0, 1)
    weighted = batches(**options, class_weights=weights).epochs(0, 1)
    for (_, mixed), (_, y, w) in zip(plain, weighted, strict=True):
        assert 0 < mixed.max(axis=1).min() < 1, "mixed"
        np.testing.assert_allclose(w[:, None] * y, mixed * weights, rtol=1e-5)
        np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-5)


def test_of_several_labels_a_mixed_image_has_those_of_both():
    options = {"spectrogram": SpectrogramTransforms(mixup=1.0)}
    (_, both), (_, labels) = (batches(**options, multilabel=multilabel).batch(0, 0) for multilabel in (False, True))
    assert 0 < both.max(axis=1).min() < 1, "mixed"
    np.testing.assert_allclose(labels, np.minimum(2 * both, 1))


@pytest.mark.parametrize(
    "options", [{"spectrogram": SpectrogramTransforms()}, {"image": ImageTransforms(PRESETS["paper"])}]
)
def test_each_batch_of_each_epoch_is_transformed_anew(options):
    made = batches(rows=np.full(24, 5), **options)
    shown = {made.batch(*of)[0].tobytes() for of in ((0, 0), (0, 1), (1, 0), (1, 1))}
    assert len(shown) == 4


def test_an_error_in_a_loader_reaches_the_user(monkeypatch):
    def fails(*_, **__):
        raise MemoryError("no room")

    monkeypatch.setattr("train.training.batches.transform", fails)
    with pytest.raises(MemoryError, match="no room"):
        list(batches(spectrogram=SpectrogramTransforms()).epochs(0, 1))
