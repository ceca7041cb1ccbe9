"""What a file of a model may name: exactly what this program's models are made of."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.faults.rows import IS_FULL
from train.models import checkpoint
from train.models.model_file import ALLOWED, _parts, check_model
from train.models.registry import MODELS, build_model
from train.recipe import Recipe
from train.training import fit, schedule

SMALL = ("cnn9", "squeezenet", "mobilenetv3small")
CRAFTED: dict[str, dict[str, object]] = {
    "a prefix of ours": {"module": "os", "class_name": "system", "registered_name": "spectrogram_pictures>x"},
    "ours with a module of theirs": {
        "module": "os",
        "class_name": "Preprocess",
        "registered_name": "spectrogram_pictures>Preprocess",
    },
    "a registered name of another class": {
        "module": "keras.layers",
        "class_name": "Dense",
        "registered_name": "spectrogram_pictures>MeanOfNets",
    },
    "keras.src alone": {"module": "keras.src", "class_name": "config.enable_unsafe_deserialization"},
    "a name with a dot": {"module": "keras", "class_name": "utils.get_file"},
    "a module below a known one": {"module": "keras.layers.os", "class_name": "system"},
    "a model with weights of a file": {"module": "keras.applications", "class_name": "ResNet50"},
    "a loader": {"module": "keras.models", "class_name": "load_model"},
    "an operation": {"module": "keras.ops", "class_name": "numpy.save"},
    "a function": {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
    "a wrapper": {"module": "keras.layers", "class_name": "TimeDistributed"},
    "a lambda with a space": {"module": "keras.layers", "class_name": "Lambda "},
    "a lambda in other letters": {"module": "keras.src.layers.core.lambda_layer", "class_name": "Lambda"},
    "bytes": {"module": None, "class_name": "__bytes__"},
    "numbers that are pickled": {"module": None, "class_name": "__numpy__"},
    "no text": {"module": "keras.layers", "class_name": ["Dense"]},
    "random": {"module": "keras.random", "class_name": "SeedGenerator"},
    "a policy of another kind": {"module": "keras.dtype_policies", "class_name": "QuantizedDTypePolicy"},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "whole.keras"
    keras.saving.save_model(build_model("cnn7", n_classes=2, size=(32, 32)), path)
    return path


@pytest.mark.parametrize("kind", CRAFTED)
def test_what_no_model_of_ours_holds_is_refused(model, tmp_path, kind):
    check_model(model)
    path = tmp_path / "crafted.keras"
    with zipfile.ZipFile(model) as before, zipfile.ZipFile(path, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"][-2] |= {"registered_name": None} | CRAFTED[kind]
                content = json.dumps(config).encode()
            after.writestr(name, content)
    with pytest.raises(ValueError, match="which is no part of a model"):
        check_model(path)


@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
@pytest.mark.parametrize("n_models", [1, 2])
def test_all_of_a_model_that_goes_on_is_known(ensemble_size, policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        recipe = Recipe(model="cnn7", ensemble=ensemble_size)
        model = build_model("cnn7", n_classes=3, size=(32, 32), ensemble=ensemble_size, dropout=0.1, l1=0.1, l2=0.1)
        phase = schedule.phases(recipe, n_images=40, n_clips=20)[-1]
        fit._begin_phase(model, phase, recipe, 2)
        assert _named(model) <= ALLOWED
    finally:
        keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("name", list(MODELS) if IS_FULL else SMALL)
def test_all_of_every_model_is_known(name):
    assert _named(build_model(name, n_classes=3, dropout=0.1)) <= ALLOWED
    keras.utils.clear_session()


def _named(model: keras.Model) -> set[tuple]:
    config = [keras.saving.serialize_keras_object(model)]
    if getattr(model, "optimizer", None) is not None:
        config.append(model.get_compile_config())
    parts = _parts(json.loads(json.dumps(config)))
    return {
        (part.get("module"), part["class_name"], part.get("registered_name")) for part in parts if "class_name" in part
    }


def test_a_model_from_before_its_layers_moved_is_read(tmp_path):
    """Files name the module of each layer; runs that were trained with an older layout of the program stay usable."""
    keras.utils.set_random_seed(0)
    model = build_model("cnn7", n_classes=3, size=(32, 32), ensemble=2)
    checkpoint.save(model, tmp_path / "now.keras", [])
    with zipfile.ZipFile(tmp_path / "now.keras") as now, zipfile.ZipFile(tmp_path / "before.keras", "w") as before:
        for name in now.namelist():
            content = now.read(name)
            if name == "config.json":
                content = content.replace(b"train.models.ensemble", b"train.models.mean_of_models")
                content = content.replace(b"train.models.preprocess", b"train.preprocess")
                assert b"train.models" not in content
            before.writestr(name, content)
    again = checkpoint.load(tmp_path / "before.keras")
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype(np.uint8)
    np.testing.assert_array_equal(again.predict_on_batch(images), model.predict_on_batch(images))
