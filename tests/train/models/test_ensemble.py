import keras
import numpy as np
import pytest

from train.models.build import BASE, build_model
from train.models.ensemble import CrossEntropy, MeanOfModels
from train.models.registry import ensemble_size
from train.recipe import Recipe


def test_models_of_an_ensemble_learn_as_if_each_were_alone():
    label_smoothing = 0.1
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (8, 32, 32, 3)).astype(np.uint8)
    targets = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 8)]
    pair = build_model("cnn7", n_classes=3, size=(32, 32), ensemble=2)
    singles = [build_model("cnn7", n_classes=3, size=(32, 32)) for _ in range(2)]
    for number, single in enumerate(singles, start=1):
        parts = [pair.get_layer(f"{name}_{number}").get_weights() for name in (BASE, "classes")]
        single.set_weights([weight for part in parts for weight in part])
        # Plain steps, since those of Adam hardly depend on the gradient's size: the mean of two halves each.
        single.compile(
            keras.optimizers.SGD(0.01), keras.losses.CategoricalCrossentropy(label_smoothing=label_smoothing)
        )
    pair.compile(keras.optimizers.SGD(0.02), CrossEntropy(label_smoothing))
    for _ in range(2):
        loss = float(pair.train_on_batch(images, targets))
        assert loss == pytest.approx(np.mean([single.train_on_batch(images, targets) for single in singles]), rel=1e-3)
    expected = np.mean([single.predict_on_batch(images) for single in singles], axis=0)
    np.testing.assert_allclose(pair.predict_on_batch(images), expected, atol=1e-3)


def test_the_models_differ_and_their_mean_is_a_probability():
    pair = build_model("cnn7", n_classes=4, size=(32, 32), ensemble=3)
    assert not np.array_equal(
        pair.get_layer(f"{BASE}_1").get_weights()[0], pair.get_layer(f"{BASE}_2").get_weights()[0]
    )
    images = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3)).astype(np.uint8)
    np.testing.assert_allclose(pair.predict_on_batch(images).sum(axis=1), 1, atol=1e-5)


def test_in_training_the_mean_is_geometric():
    said = [np.array([[0.8, 0.2]], np.float32), np.array([[0.2, 0.8]], np.float32)]
    np.testing.assert_allclose(MeanOfModels()(said, training=True), [[0.4, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(MeanOfModels()(said), [[0.5, 0.5]], rtol=1e-6)


def test_two_small_models_unless_something_else_is_said():
    assert ensemble_size(Recipe(model="cnn9")) == ensemble_size(Recipe(model="cnn7")) == 2
    assert (
        ensemble_size(Recipe(model="resnet18"))
        == ensemble_size(Recipe(model="cnn9", weights="some.keras"))
        == ensemble_size(Recipe(model="cnn9", ensemble=1))
        == 1
    )
    with pytest.raises(ValueError, match="make all models the same"):
        Recipe(ensemble=2, weights="imagenet")
