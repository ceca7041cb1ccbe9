import functools
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from tests.faults.rows import IS_FULL
from tests.train.conftest import ROOT, environment_of
from train.explain.grad_cam import grad_cam
from train.explain.gradients import Gradients, logit
from train.explain.integrated_gradients import MAX_ERROR, completeness_error, integrated_gradients
from train.explain.submodels import submodels_of
from train.models import checkpoint
from train.models.build import build_model
from train.models.ensemble import CrossEntropy
from train.models.registry import MODELS
from train.recipe import Recipe

FAMILIES = {model.base[0] if isinstance(model.base, tuple) else name: name for name, model in reversed(MODELS.items())}
"""The first model of each module of keras.applications, and every model of our own: the rest differ in width and depth."""
EVERY_DAY = ("alexnet", "cnn9", "crnn", "efficientnet_lite0", "resnet50", "squeezenet")
"""Those that end in different layers."""
FLOOR = np.array([0, 0, 3], np.uint8)


def random_images(n, side, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


@functools.cache
def trained():
    """A trained ensemble of two for three classes: images that are bright at the top, in the middle, at the bottom."""
    keras.utils.set_random_seed(0)
    model = build_model("cnn7", n_classes=3, size=(32, 32), ensemble=2)
    model.compile(keras.optimizers.AdamW(0.003), CrossEntropy())
    for step in range(15):
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
def test_grad_cam_finds_the_last_feature_map_of_every_family(name):
    side = 75 if "ception" in name else 64
    keras.utils.set_random_seed(0)
    model = build_model(name, n_classes=3, size=(side, side))
    (submodel,) = submodels_of(model)
    rows, columns, channels = submodel.to_map.output_shape[1:]
    assert 1 <= rows <= 8 and columns == (16 if name == "crnn" else rows)
    assert channels == (3 if name == "squeezenet" else channels)
    maps = grad_cam(model, random_images(1, side), np.array([1]))
    assert maps.shape == (1, side, side) and maps.dtype == np.float32
    assert np.isfinite(maps).all() and maps.min() >= 0 and maps.max() <= 1
    # The two halves together are the model.
    logits = Gradients(keras.Model(model.inputs, model.layers[-1].input), logit)
    features = np.asarray(submodel.to_map(random_images(1, side).astype(np.float32), training=False))
    whole = logits(random_images(1, side), np.array([1]))[0]
    np.testing.assert_allclose(submodel.logit(features, np.array([1]))[0], whole, rtol=1e-3, atol=1e-4)


def test_grad_cam_locates_the_class():
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


def test_an_ensemble_is_averaged_also_after_loading(tmp_path, monkeypatch):
    monkeypatch.setattr("train.explain.integrated_gradients.MAX_STEPS", 32)
    model = trained()
    images, classes = bright_bands(2)
    singles = [build_model("cnn7", n_classes=3, size=(32, 32)) for _ in range(2)]
    for number, single in enumerate(singles, start=1):
        weights = [model.get_layer(f"{name}_{number}").get_weights() for name in ("base", "classes")]
        single.set_weights([weight for part in weights for weight in part])
    expected = np.mean([grad_cam(single, images, classes) for single in singles], axis=0)
    np.testing.assert_allclose(grad_cam(model, images, classes), expected, atol=1e-5)
    expected, gains = zip(*(integrated_gradients(one, images, classes, baseline=FLOOR) for one in singles), strict=True)
    attributions, gain = integrated_gradients(model, images, classes, baseline=FLOOR)
    np.testing.assert_allclose(attributions, np.mean(expected, axis=0), atol=1e-5)
    np.testing.assert_allclose(gain, np.mean(gains, axis=0), atol=1e-5)

    checkpoint.save(model, tmp_path / "last.keras", [])
    again = checkpoint.load(tmp_path / "last.keras", Recipe(model="cnn7", ensemble=2), n_classes=3, size=(32, 32))
    assert len(submodels_of(again)) == 2
    np.testing.assert_allclose(
        grad_cam(again, images, classes, batch_size=2), grad_cam(model, images, classes), atol=1e-5
    )
    # The cached submodels follow the weights.
    again.set_weights([0.9 * weight for weight in again.get_weights()])
    _, after = integrated_gradients(again, images, classes, baseline=FLOOR)
    assert not np.allclose(after, 0) and not np.allclose(after, gain, rtol=1e-3)


def test_a_class_without_evidence_has_an_empty_map():
    model = ending(
        [layers.Conv2D(2, 1, kernel_initializer="ones"), layers.GlobalAveragePooling2D()],
        weights=np.array([[1, -1], [1, -1]], np.float32),
    )
    assert grad_cam(model, random_images(1, 32), np.array([1])).max() == 0


# Integrated gradients


def test_of_a_linear_model_they_are_weight_times_difference():
    weights = np.random.default_rng(0).normal(size=(8 * 8 * 3, 2)).astype(np.float32) / 255
    model = ending([layers.Flatten()], weights=weights, size=(8, 8))
    images = random_images(3, 8)
    classes = np.array([0, 1, 1])
    # With two classes the log-odds are the difference of the logits.
    sign = np.array([1, -1, -1])[:, None, None, None]
    expected = sign * (weights[:, 0] - weights[:, 1]).reshape(8, 8, 3) * (images.astype(float) - FLOOR)
    found, _ = integrated_gradients(model, images, classes, baseline=FLOOR)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected.sum(axis=-1), atol=1e-5)
    # The baseline may be an image or its colour, and one point is as good as many.
    silence = np.broadcast_to(FLOOR, (8, 8, 3))
    again, _ = integrated_gradients(model, images, classes, baseline=silence, steps=1)
    np.testing.assert_allclose(again, found, atol=1e-5)


def test_they_add_up_on_a_trained_model():
    model = trained()
    images, classes = bright_bands(3)
    assert (model.predict_on_batch(images).argmax(axis=1) == classes).all(), "it is trained"
    attributions, gain = integrated_gradients(model, images, (classes + [0, 1, 0]) % 3, baseline=FLOOR)
    assert np.abs(gain).max() > 1
    assert completeness_error(attributions, gain).max() < MAX_ERROR
    maps = grad_cam(model, images, classes)
    assert maps.shape == (3, 32, 32) and maps.min() >= 0 and 0.5 < maps.max() <= 1


ON_JAX = """
import sys, keras, numpy as np
from train.explain.grad_cam import grad_cam
from train.explain.integrated_gradients import integrated_gradients
model = keras.saving.load_model(sys.argv[1])
with np.load(sys.argv[2]) as given:
    images, classes, floor = given["images"], given["classes"], given["floor"]
attributions, gain = integrated_gradients(model, images, classes, baseline=floor)
np.savez(sys.argv[3], attributions=attributions, gain=gain, maps=grad_cam(model, images, classes))
"""


def test_jax_gives_the_same(tmp_path):
    pytest.importorskip("jax")
    keras.utils.set_random_seed(0)
    convolution = layers.Conv2D(8, 5, strides=2, activation="relu")
    base_layers = [layers.Rescaling(1 / 255), convolution, layers.BatchNormalization(), layers.GlobalAveragePooling2D()]
    model = ending(base_layers, weights=np.random.default_rng(0).normal(scale=20, size=(8, 2)), size=(16, 16))
    images, classes = random_images(2, 16), np.array([0, 1])
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "given.npz", images=images, classes=classes, floor=FLOOR)
    command = [sys.executable, "-c", ON_JAX, *(tmp_path / name for name in ("model.keras", "given.npz", "found.npz"))]
    environment = environment_of("jax", tmp_path)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    attributions, gain = integrated_gradients(model, images, classes, baseline=FLOOR)
    assert np.abs(gain).max() > 0.1 and grad_cam(model, images, classes).max() == 1
    with np.load(tmp_path / "found.npz") as found:
        np.testing.assert_allclose(found["attributions"], attributions, atol=1e-5)
        np.testing.assert_allclose(found["gain"], gain, atol=1e-4)
        np.testing.assert_allclose(found["maps"], grad_cam(model, images, classes), atol=1e-4)


def test_they_show_what_the_model_learnt():
    model = trained()
    images, classes = bright_bands(4)
    attributions, _ = integrated_gradients(model, images, classes, baseline=FLOOR)
    for attribution, label in zip(attributions, classes, strict=True):
        bands = [attribution[10 * k : 10 * k + 10].clip(0).sum() for k in range(3)]
        assert int(np.argmax(bands)) == label


def test_silence_itself_gains_nothing():
    model = trained()
    silence = np.broadcast_to(FLOOR, (1, 32, 32, 3))
    attributions, gain = integrated_gradients(model, silence, np.array([0]), baseline=FLOOR)
    assert np.abs(attributions).max() == 0 and gain[0] == pytest.approx(0, abs=1e-5)


def test_half_precision(monkeypatch):
    monkeypatch.setattr("train.explain.integrated_gradients.MAX_STEPS", 96)  # half precision is slow on a CPU
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build_model("cnn7", n_classes=3, size=(32, 32))
    finally:
        keras.config.set_dtype_policy("float32")
    dense = model.get_layer("classes")
    dense.set_weights([10 * dense.get_weights()[0], dense.get_weights()[1]])
    image, label = random_images(1, 32), np.array([0])
    found, gain = integrated_gradients(model, image, label, baseline=FLOOR)
    assert completeness_error(found, gain).max() < 0.05
    assert (found != 0).mean() > 0.9, "no gradient is rounded to 0"


# Errors


def test_what_does_not_fit_the_model_is_an_error():
    model = ending([layers.Flatten()], weights=np.zeros((192, 2)), size=(8, 8))
    with pytest.raises(ValueError, match=r"\(n, 8, 8, 3\)"):
        grad_cam(model, random_images(1, 9), np.array([0]))
    with pytest.raises(ValueError, match="a whole number for each of 1 images"):
        grad_cam(model, random_images(1, 8), np.array([0.5]))
    with pytest.raises(ValueError, match="classes must be from 0 to 1"):
        integrated_gradients(model, random_images(1, 8), np.array([2]), baseline=FLOOR)
    with pytest.raises(ValueError, match="steps must be 1 or more. Got 0"):
        integrated_gradients(model, random_images(1, 8), np.array([1]), baseline=FLOOR, steps=0)


def test_a_model_without_a_softmax_of_its_own_is_an_error():
    image = layers.Input((8, 8, 3))
    model = keras.Model(image, layers.Dense(2, name="last")(layers.Flatten()(image)))
    with pytest.raises(ValueError, match=r"Got 'last' \(Dense\)"):
        grad_cam(model, random_images(1, 8), np.array([0]))


def test_another_backend_is_an_error(monkeypatch):
    model = ending([layers.Flatten()], weights=np.zeros((192, 2)), size=(8, 8))
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="Got torch.*KERAS_BACKEND=tensorflow"):
        integrated_gradients(model, random_images(1, 8), np.array([0]), baseline=FLOOR)
