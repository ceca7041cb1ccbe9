import inspect
import re

import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

from train.models import checkpoint
from train.models.build import BASE, build_model
from train.models.preprocess import Preprocess
from train.models.registry import MODELS
from train.recipe import Recipe


def n_parameters(model: keras.Model) -> int:
    """Those that are learnt; what batch normalisation only counts is left out, as the papers do."""
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("alexnet", 61_100_840),
        ("squeezenet", 1_235_496),
        ("resnet18", 11_689_512),
        ("resnet34", 21_797_672),
        ("densenet161", 28_681_000),
        ("efficientnet_lite0", 4_652_008),
        ("efficientnet_lite1", 5_416_680),
        ("efficientnet_lite2", 6_092_072),
    ],
)
def test_parameters_are_as_published(name, published):
    model = build_model(name, n_classes=1000)
    if name.startswith("efficientnet_lite"):  # published with a last layer on the means of the last convolution alone
        assert n_parameters(model.get_layer(BASE)) + 1281 * 1000 == published
    else:
        assert n_parameters(model) == published


@pytest.mark.parametrize(("name", "n_weighted"), [("cnn7", 7), ("cnn9", 9)])
def test_weighted_layers_of_the_small_models(name, n_weighted):
    model = build_model(name, n_classes=10)
    weighted = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
    ]
    assert len(weighted) == n_weighted


def test_parameters_of_the_recurrent_model():
    """Kernels by hand; a GRU has three gates, each with two biases."""
    channels = (3, 32, 48, 48, 96, 96, 128)
    kernels = 25 * 3 * 32 + sum(9 * a * b for a, b in zip(channels[1:-1], channels[2:], strict=True))
    n_in = 3 * 128  # of 112 rows three are left
    expected = kernels + 2 * sum(channels[1:]) + 3 * (n_in * 128 + 128 * 128 + 2 * 128)
    assert n_parameters(build_model("crnn", n_classes=10).get_layer(BASE)) == expected == 470_240


def test_the_recurrent_model_reads_columns_as_time_from_left_to_right():
    base = build_model("crnn", n_classes=3, size=(64, 96)).get_layer(BASE)
    (gru,) = (layer for layer in base.layers if isinstance(layer, keras.layers.GRU))
    read = keras.Model(base.input, gru.output)
    image = np.random.default_rng(0).standard_normal((64, 96, 3)).astype(np.float32)
    later, above = image.copy(), image.copy()
    later[:, 64:], above[:16] = 0, 0
    outputs, of_later, of_above = read.predict_on_batch(np.stack([image, later, above]))
    assert outputs.shape == (24, 128)
    reach = 6  # steps that the convolutions look ahead
    np.testing.assert_allclose(of_later[: 16 - reach], outputs[: 16 - reach], atol=1e-6)
    changed = np.abs(of_later - outputs).max(axis=1)
    assert (changed[16:] > 1e-3).all() and (np.abs(of_above - outputs).max(axis=1) > 1e-3).all()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="exports are made on TensorFlow")
def test_the_recurrent_model_has_no_loop():
    """Not every exporter writes one."""
    import tensorflow as tf

    model = build_model("crnn", n_classes=3, size=(32, 32))
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec((1, 32, 32, 3))).graph
    kinds = {operation.type for operation in graph.get_operations()}
    assert "MatMul" in kinds and not any("While" in kind or "TensorList" in kind for kind in kinds)


def test_every_classifier_of_keras_is_there():
    def classifiers(module):
        return {name for name in dir(module) if name[0].isupper() and inspect.isfunction(getattr(module, name))}

    modules = [module for _, module in inspect.getmembers(keras.applications, inspect.ismodule)]
    published = set().union(classifiers(keras.applications), *map(classifiers, modules))
    assert {name.lower() for name in published} == {
        name for name, model in MODELS.items() if isinstance(model.base, tuple)
    }


@pytest.mark.parametrize("name", ["vgg16", "resnet152", "resnet50v2", "densenet121", "mobilenetv2", "efficientnetv2b0"])
def test_preprocessing_is_kerass_own(name):
    module, _ = MODELS[name].base
    own = getattr(keras.applications, module).preprocess_input
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 7, 3)).astype(np.uint8)
    ours = keras.ops.convert_to_numpy(Preprocess(MODELS[name].preprocessing)(images))
    np.testing.assert_allclose(ours, own(images.astype(np.float32)), atol=1e-4)


@pytest.mark.parametrize(("name", "low", "high"), [("cnn9", -0.5, 0.5), ("efficientnet_lite0", -127 / 128, 1)])
def test_pixels_that_are_brought_to_a_range_of_the_projects_own(name, low, high):
    """A model file does not hold the numbers: with others its weights would see other images."""
    ends = Preprocess(MODELS[name].preprocessing)(np.array([0, 255], np.uint8).repeat(3).reshape(2, 1, 1, 3))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ends).reshape(2, 3), [[low] * 3, [high] * 3], atol=1e-6)


@pytest.mark.parametrize("name", ["efficientnetb1", "inceptionv3", "nasnetmobile"])
def test_size_is_kerass_default(name):
    module, function = MODELS[name].base
    model = getattr(getattr(keras.applications, module), function)(weights=None)
    assert model.input_shape[1:3] == (MODELS[name].size, MODELS[name].size)


@pytest.mark.parametrize("name", ["cnn7", "squeezenet"])
def test_from_pixels_to_probabilities(name):
    model = build_model(name, n_classes=4, size=(64, 96), dropout=0.3)
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3)).astype(np.uint8)
    probabilities = model.predict_on_batch(images)
    assert probabilities.shape == (3, 4)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_penalties_are_counted():
    plain, penalised = build_model("cnn7", n_classes=3), build_model("cnn7", n_classes=3, l2=0.01)
    assert not plain.losses
    kernels = [weight for weight in penalised.trainable_weights if weight.name == "kernel"]
    expected = 0.01 * sum(float(np.square(keras.ops.convert_to_numpy(kernel)).sum()) for kernel in kernels)
    assert float(sum(penalised.losses)) == pytest.approx(expected, rel=1e-4)
    two = build_model("cnn7", n_classes=3, l2=0.01, ensemble=2)
    kernels = [weight for weight in two.trainable_weights if weight.name == "kernel"]
    expected = 0.005 * sum(float(np.square(keras.ops.convert_to_numpy(kernel)).sum()) for kernel in kernels)
    assert float(sum(two.losses)) == pytest.approx(expected, rel=1e-4), "the loss is the mean over the models too"


@pytest.mark.parametrize(("ending", "n_classes"), [(".weights.h5", 5), (".keras", 5), (".keras", 3)])
def test_weights_of_an_earlier_classifier(tmp_path, ending, n_classes):
    """A whole model may have other classes: then all but the last layer is taken."""
    earlier = build_model("cnn7", n_classes=5)
    path = tmp_path / f"earlier{ending}"
    earlier.save(path) if ending == ".keras" else earlier.save_weights(path)
    later = build_model("cnn7", n_classes=n_classes, weights=str(path))
    part = (lambda model: model) if n_classes == 5 else (lambda model: model.get_layer(BASE))
    for ours, theirs in zip(part(later).weights, part(earlier).weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("n_classes", [5, 3])
def test_weights_of_the_first_model_of_an_ensemble(tmp_path, n_classes):
    """As `python -m train --model cnn9` leaves it."""
    earlier = build_model("cnn7", n_classes=5, ensemble=2)
    earlier.save(tmp_path / "earlier.keras")
    later = build_model("cnn7", n_classes=n_classes, weights=str(tmp_path / "earlier.keras"))
    pairs = [(BASE, f"{BASE}_1")] + ([("classes", "classes_1")] if n_classes == 5 else [])
    for ours, theirs in pairs:
        for weight, other in zip(later.get_layer(ours).weights, earlier.get_layer(theirs).weights, strict=True):
            np.testing.assert_array_equal(weight, other)


def test_weights_with_other_classes_alone_are_refused(tmp_path):
    build_model("cnn7", n_classes=5).save_weights(tmp_path / "earlier.weights.h5")
    with pytest.raises(ValueError, match="may have other classes; a .weights.h5 file may not"):
        build_model("cnn7", n_classes=3, weights=str(tmp_path / "earlier.weights.h5"))


def test_what_is_not_there_is_said(monkeypatch):
    with pytest.raises(ValueError, match="'resnet1'.*cnn9.*resnet152"):
        build_model("resnet1", n_classes=2)
    with pytest.raises(ValueError, match="no ImageNet weights of 'cnn9'.*efficientnet_lite0.*vgg16"):
        build_model("cnn9", n_classes=2, weights="imagenet")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        build_model("cnn7", n_classes=2, weights="nowhere.weights.h5")
    with pytest.raises(ValueError, match="unit, tf, lite, torch, caffe, none"):
        Preprocess("tensor")


@pytest.mark.parametrize(
    "name",
    [
        *("efficientnetb0", "efficientnetv2b0", "convnexttiny"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("efficientnetb7", "densenet121", "mobilenetv3small", "vgg16", "resnet50", "resnet50v2")
        ),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("inceptionv3", "xception", "mobilenet", "nasnetmobile")
        ),
    ],
)
def test_the_file_that_keras_would_fetch_is_fetched(monkeypatch, name):
    requested = []

    def get_file(file_name, origin, **_):
        requested.append((file_name, origin))
        raise TimeoutError("no network")

    monkeypatch.setattr(file_utils, "get_file", get_file)
    with pytest.raises(TimeoutError):
        getattr(keras.applications, MODELS[name].base[1])(
            weights="imagenet", include_top=False, input_shape=(224, 224, 3)
        )
    with pytest.raises(TimeoutError):
        build_model(name, n_classes=2, size=(224, 224), weights="imagenet")
    expected, ours = requested
    assert ours == expected and re.search("no.?top", ours[0])


def test_efficientnet_is_read_back_as_the_network_that_was_trained(tmp_path, monkeypatch):
    """Keras builds another one with ImageNet weights than without."""
    made = keras.applications.EfficientNetB0(weights=None, include_top=False, input_shape=(64, 64, 3))
    (scaling,) = (layer for layer in made.layers if isinstance(layer, keras.layers.Normalization))
    scaling.adapt_mean.assign([0.485, 0.456, 0.406])
    scaling.adapt_variance.assign([0.229, 0.224, 0.225])
    made.save_weights(tmp_path / "published.weights.h5")
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: str(tmp_path / "published.weights.h5"))
    keras_own = keras.applications.EfficientNetB0(
        weights="imagenet", include_top=False, pooling="avg", input_shape=(64, 64, 3)
    )
    images = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    recipe = Recipe(model="efficientnetb0")
    model = build_model("efficientnetb0", n_classes=3, size=(64, 64), weights="imagenet")
    expected = keras_own.predict(images, verbose=0)
    assert expected.std() > 0
    np.testing.assert_allclose(model.get_layer(BASE).predict(images, verbose=0), expected, rtol=1e-3, atol=1e-5)
    checkpoint.save(model, tmp_path / "last.keras", [])
    again = checkpoint.load(tmp_path / "last.keras", recipe, n_classes=3, size=(64, 64))
    other = build_model("efficientnetb0", n_classes=3, size=(64, 64), weights=str(tmp_path / "last.keras"))
    for read in (again, other):
        np.testing.assert_allclose(read.predict(images, verbose=0), model.predict(images, verbose=0), rtol=1e-5)


def test_imagenet_weights_that_cannot_be_fetched(monkeypatch):
    def no_network(file_name, origin, **_):
        raise Exception(f"URL fetch failure on {origin}: None -- no network")

    monkeypatch.setattr(file_utils, "get_file", no_network)
    with pytest.raises(
        FileNotFoundError, match=r"fetch https://\S+densenet121\S+\.h5, and put the file into \S+models"
    ):
        build_model("densenet121", n_classes=2, weights="imagenet")
