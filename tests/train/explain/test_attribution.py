import functools
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from train.explain.feature_maps import parts_of

from tests.faults.rows import IS_FULL
from tests.train.conftest import ROOT, environment_of
from train.explain.attribution import completeness_error, grad_cam, integrated_gradients, log_odds_gain
from train.explain.gradients import Gradients, logit
from train.models import checkpoint
from train.models.ensemble_in_one import CrossEntropy
from train.models.registry import MODELS, build_model

FAMILIES = {model.base[0] if model.has_imagenet else name: name for name, model in reversed(MODELS.items())}
"""The first model of each module of keras.applications, and every model of our own: the rest differ in width and depth."""
EVERY_DAY = ("cnn9", "convnexttiny", "resnet50", "squeezenet")
"""Those that end in different layers."""
FLOOR = np.array([0, 0, 3], np.uint8)


def random_images(n, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


@functools.cache
def trained(name="cnn7", ensemble=2, steps=15):
    """A model of three classes that really learnt: images that are bright at the top, in the middle, at the bottom."""
    keras.utils.set_random_seed(0)
    model = build_model(name, n_classes=3, size=(32, 32), ensemble=ensemble)
    model.compile(keras.optimizers.AdamW(0.003), CrossEntropy())
    for step in range(steps):
        images, classes = bright_bands(16, seed=step)
        model.train_on_batch(images, np.eye(3, dtype=np.float32)[classes])
    return model


def bright_bands(n, seed=99):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, n)
    images = rng.integers(0, 60, (n, 32, 32, 3))
    for image, label in zip(images, classes, strict=True):
        image[10 * label + 1 : 10 * label + 9] += rng.integers(60, 195)
    return images.astype(np.uint8), classes


def completeness_of_a_trained_model(shifts=3):
    """The largest error of some classes of some images; run on both backends."""
    model = trained(ensemble=1)
    images, classes = bright_bands(6)
    assert (model.predict_on_batch(images).argmax(axis=1) == classes).mean() > 0.8, "it learnt"
    worst = 0
    for shift in range(shifts):
        asked = (classes + shift) % 3
        attributions = integrated_gradients(model, images, asked, baseline=FLOOR)
        gain = log_odds_gain(model, images, asked, baseline=FLOOR)
        assert np.abs(gain).max() > 1
        worst = max(worst, completeness_error(attributions, gain).max())
    maps = grad_cam(model, images, classes)
    assert maps.shape == (6, 32, 32) and maps.min() >= 0 and 0.5 < maps.max() <= 1
    return worst


def ending(base_layers, *, weights, size=(32, 32), n_classes=2):
    """A model of some layers, dense logits with given weights, and the softmax."""
    x = image = layers.Input((*size, 3))
    for layer in base_layers:
        x = layer(x)
    dense = layers.Dense(n_classes)
    model = keras.Model(image, layers.Activation("softmax")(dense(x)))
    dense.set_weights([weights, np.zeros(n_classes)])
    return model


# Grad-CAM


@pytest.mark.parametrize("name", sorted(FAMILIES.values()) if IS_FULL else EVERY_DAY)
def test_grad_cam_finds_the_last_map_of_every_family(name):
    side = 75 if "ception" in name else 64
    keras.utils.set_random_seed(0)
    model = build_model(name, n_classes=3, size=(side, side))
    (part,) = parts_of(model)
    rows, columns, channels = part.to_map.output_shape[1:]
    assert 1 <= rows <= 8 and rows == columns
    assert channels == (3 if name == "squeezenet" else channels)
    maps = grad_cam(model, random_images(1, side), np.array([1]))
    assert maps.shape == (1, side, side) and maps.dtype == np.float32
    assert np.isfinite(maps).all() and maps.min() >= 0 and maps.max() <= 1
    # The two halves together are the model.
    logits = Gradients(keras.Model(model.inputs, model.layers[-1].input), logit)
    features = np.asarray(part.to_map(random_images(1, side).astype(np.float32), training=False))
    whole = logits(random_images(1, side), np.array([1]))[0]
    np.testing.assert_allclose(part.logit(features, np.array([1]))[0], whole, rtol=1e-3, atol=1e-4)


def test_grad_cam_points_where_the_class_is():
    red_and_blue = np.zeros((1, 1, 3, 2), np.float32)
    red_and_blue[0, 0, 0, 0] = red_and_blue[0, 0, 2, 1] = 1 / 255
    convolution = layers.Conv2D(2, 1, use_bias=False)
    model = ending(
        [layers.AveragePooling2D(4), convolution, layers.GlobalAveragePooling2D()], weights=np.eye(2, dtype=np.float32)
    )
    convolution.set_weights([red_and_blue])
    image = np.zeros((1, 32, 32, 3), np.uint8)
    image[0, :8, 24:] = (255, 0, 0)
    image[0, 24:, :8] = (0, 0, 255)
    red, blue = grad_cam(model, np.repeat(image, 2, axis=0), np.array([0, 1]))
    assert red[:8, 24:].min() > 0.3 and red[:16, 16:].sum() > 0.999 * red.sum() and red.max() == 1
    assert blue[24:, :8].min() > 0.3 and blue[16:, :16].sum() > 0.999 * blue.sum()


def test_of_models_side_by_side_the_mean_is_taken_also_through_a_file(tmp_path):
    model = trained(ensemble=2)
    images, classes = bright_bands(3)
    singles = [build_model("cnn7", n_classes=3, size=(32, 32)) for _ in range(2)]
    for number, single in enumerate(singles, start=1):
        weights = [model.get_layer(f"{name}_{number}").get_weights() for name in ("base", "classes")]
        single.set_weights([weight for part in weights for weight in part])
    expected = np.mean([grad_cam(single, images, classes) for single in singles], axis=0)
    np.testing.assert_allclose(grad_cam(model, images, classes), expected, atol=1e-5)
    expected = np.mean([integrated_gradients(one, images, classes, baseline=FLOOR) for one in singles], axis=0)
    np.testing.assert_allclose(integrated_gradients(model, images, classes, baseline=FLOOR), expected, atol=1e-5)

    checkpoint.save(model, tmp_path / "last.keras", [])
    again = checkpoint.load(tmp_path / "last.keras")
    assert len(parts_of(again)) == 2
    np.testing.assert_allclose(
        grad_cam(again, images, classes, batch_size=2), grad_cam(model, images, classes), atol=1e-5
    )
    # What is explained changes when the model learns on.
    again.set_weights([0.9 * weight for weight in again.get_weights()])
    assert not np.allclose(log_odds_gain(again, images, classes, baseline=FLOOR), 0)
    before, after = (log_odds_gain(one, images, classes, baseline=FLOOR) for one in (model, again))
    assert not np.allclose(before, after, rtol=1e-3)


def test_a_class_that_nothing_speaks_for_has_an_empty_map():
    model = ending(
        [layers.Conv2D(2, 1, kernel_initializer="ones"), layers.GlobalAveragePooling2D()],
        weights=np.array([[1, -1], [1, -1]], np.float32),
    )
    assert grad_cam(model, random_images(1, 32), np.array([1])).max() == 0


# Integrated gradients


def test_of_a_linear_model_they_are_weight_times_way():
    weights = np.random.default_rng(0).normal(size=(8 * 8 * 3, 2)).astype(np.float32) / 255
    model = ending([layers.Flatten()], weights=weights, size=(8, 8))
    images = random_images(3, 8)
    classes = np.array([0, 1, 1])
    # With two classes the log-odds are the difference of the logits.
    sign = np.array([1, -1, -1])[:, None, None, None]
    expected = sign * (weights[:, 0] - weights[:, 1]).reshape(8, 8, 3) * (images.astype(float) - FLOOR)
    found = integrated_gradients(model, images, classes, baseline=FLOOR)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected.sum(axis=-1), atol=1e-5)
    # An image of silence does as well as its one colour, and one point as well as many.
    silence = np.broadcast_to(FLOOR, (8, 8, 3))
    np.testing.assert_allclose(
        integrated_gradients(model, images, classes, baseline=silence, steps=1), found, atol=1e-5
    )


def test_they_add_up_on_a_trained_model():
    assert completeness_of_a_trained_model() < 0.01


def test_they_add_up_on_jax(tmp_path):
    pytest.importorskip("jax")
    code = "from tests.train.explain.test_attribution import completeness_of_a_trained_model as f; print('worst', f(1))"
    environment = environment_of("jax", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split("worst")[1]) < 0.01


def test_they_show_what_the_model_learnt():
    model = trained()
    images, classes = bright_bands(6)
    for attribution, label in zip(integrated_gradients(model, images, classes, baseline=FLOOR), classes, strict=True):
        bands = [attribution[10 * k : 10 * k + 10].clip(0).sum() for k in range(3)]
        assert int(np.argmax(bands)) == label


def test_silence_itself_gains_nothing():
    model = trained()
    silence = np.broadcast_to(FLOOR, (1, 32, 32, 3))
    assert np.abs(integrated_gradients(model, silence, np.array([0]), baseline=FLOOR)).max() == 0
    assert log_odds_gain(model, silence, np.array([0]), baseline=FLOOR)[0] == pytest.approx(0, abs=1e-5)


def test_of_a_model_in_half_precision(monkeypatch):
    monkeypatch.setattr("train.explain.attribution.MOST_STEPS", 96)  # half precision takes its time on a processor
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = build_model("cnn7", n_classes=3, size=(32, 32))
    finally:
        keras.config.set_dtype_policy("float32")
    dense = model.get_layer("classes")
    dense.set_weights([10 * dense.get_weights()[0], dense.get_weights()[1]])
    image, label = random_images(1, 32), np.array([0])
    found = integrated_gradients(model, image, label, baseline=FLOOR)
    gain = log_odds_gain(model, image, label, baseline=FLOOR)
    assert completeness_error(found, gain).max() < 0.05
    assert (found != 0).mean() > 0.9, "nothing is rounded away"


# What cannot be


def test_what_does_not_fit_the_model_is_an_error_in_words():
    model = ending([layers.Flatten()], weights=np.zeros((192, 2)), size=(8, 8))
    with pytest.raises(ValueError, match=r"\(n, 8, 8, 3\)"):
        grad_cam(model, random_images(1, 9), np.array([0]))
    with pytest.raises(ValueError, match="a whole number for each of 1 images"):
        grad_cam(model, random_images(1, 8), np.array([0.5]))
    with pytest.raises(ValueError, match="the model has 0 to 1"):
        integrated_gradients(model, random_images(1, 8), np.array([2]), baseline=FLOOR)
    with pytest.raises(ValueError, match="steps is 0"):
        integrated_gradients(model, random_images(1, 8), np.array([1]), baseline=FLOOR, steps=0)


def test_a_model_without_a_softmax_of_its_own_is_an_error():
    image = layers.Input((8, 8, 3))
    model = keras.Model(image, layers.Dense(2, name="last")(layers.Flatten()(image)))
    with pytest.raises(ValueError, match=r"'last' \(Dense\); expected"):
        grad_cam(model, random_images(1, 8), np.array([0]))


def test_another_backend_is_an_error(monkeypatch):
    model = ending([layers.Flatten()], weights=np.zeros((192, 2)), size=(8, 8))
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="Keras runs on torch.*KERAS_BACKEND=tensorflow"):
        integrated_gradients(model, random_images(1, 8), np.array([0]), baseline=FLOOR)
