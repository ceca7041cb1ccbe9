"""Models from files: rebuilt from a recipe, with nothing but arrays taken from the file."""

import io
import subprocess
import sys
import zipfile
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest

from tests.faults.rows import IS_FULL
from tests.train.conftest import ROOT
from train.models import checkpoint
from train.models.build import build_from_recipe, build_model
from train.models.registry import MODELS
from train.models.weights import CONFIG, WEIGHTS, array_shapes, load_weights
from train.recipe import Recipe
from train.training import fit, schedule

SMALL = ("cnn9", "squeezenet", "mobilenetv3small")
SIZE = (32, 32)


@pytest.fixture(scope="module")
def model():
    return build_model("cnn7", n_classes=2, size=SIZE)


@pytest.fixture
def saved(model, tmp_path):
    checkpoint.save(model, tmp_path / "last.keras", [])
    return tmp_path / "last.keras"


def rewritten(path, member, content):
    """A copy of a model with one member of its archive replaced."""
    copy = path.with_name("rewritten.keras")
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            after.writestr(name, content if name == member else before.read(name))
    return copy


def assert_equal(one, two):
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))


@pytest.mark.parametrize("name", list(MODELS) if IS_FULL else SMALL)
def test_every_model_comes_back_from_its_file(tmp_path, name):
    """Also from one that plain Keras has read and written again."""
    recipe = Recipe(model=name, dropout=0.1)
    size = (MODELS[name].size,) * 2 if IS_FULL else (64, 64)
    model = build_from_recipe(recipe, n_classes=3, size=size, half_precision=False)
    model.save(tmp_path / "plain.keras")
    checkpoint.save(keras.models.load_model(tmp_path / "plain.keras"), tmp_path / "last.keras", [])
    assert_equal(checkpoint.load(tmp_path / "last.keras", recipe, n_classes=3, size=size).weights, model.weights)
    keras.utils.clear_session()


def test_plain_keras_reads_a_model_after_one_import(saved):
    code = f"import keras, train.models; print(keras.models.load_model({str(saved)!r}).output_shape)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "(None, 2)", done.stderr


@pytest.mark.parametrize("half_precision", [False, True])
def test_training_resumes_with_the_state_of_its_optimizer(tmp_path, half_precision):
    """Here, where there is no GPU, in full precision."""
    recipe = Recipe(model="cnn7", ensemble=1 + half_precision, dropout=0.1, mixed_precision=half_precision)
    phase = schedule.phases(recipe, n_images=8, n_clips=8)[-1]
    try:
        model = build_from_recipe(recipe, n_classes=2, size=SIZE, half_precision=half_precision)
        fit._begin_training(model, phase, recipe, 2)
        images = np.random.default_rng(0).integers(0, 256, (8, *SIZE, 3)).astype(np.uint8)
        targets = np.eye(2, dtype=np.float32)[[0, 1] * 4]
        model.train_on_batch(images, targets)
        checkpoint.save(model, tmp_path / "last.keras", [])
        again = checkpoint.load(tmp_path / "last.keras", recipe, n_classes=2, size=SIZE)
        assert again.compute_dtype == "float32" and model.compute_dtype == ("bfloat16" if half_precision else "float32")
        fit._begin_training(again, phase, recipe, 2)
        checkpoint.restore(again, tmp_path / "last.keras", with_optimizer=True)
        assert_equal(again.weights, model.weights)
        assert_equal(again.optimizer.variables, model.optimizer.variables)
        assert int(again.optimizer.iterations) == 1
        checkpoint.save(model, tmp_path / "final.keras", [], with_optimizer=False)
        with pytest.raises(ValueError, match="0 arrays in optimizer"):
            load_weights(again, tmp_path / "final.keras", with_optimizer=True)
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    ("recipe", "n_classes", "words"),
    [
        (Recipe(model="cnn9", ensemble=1), 2, "32 arrays in layers, and 'cnn9' has 42"),
        (Recipe(model="cnn7", ensemble=2), 2, "32 arrays in layers, and 'cnn7' has 64"),
        (Recipe(model="cnn7", ensemble=1), 3, "could not be loaded"),
    ],
)
def test_a_model_of_another_recipe_is_refused(saved, recipe, n_classes, words):
    with pytest.raises(ValueError, match=f"last.keras.*cannot be read.*{words}"):
        checkpoint.load(saved, recipe, n_classes=n_classes, size=SIZE)


def test_the_configuration_in_a_file_is_not_read(saved, model):
    loaded = checkpoint.load(
        rewritten(saved, CONFIG, b"import os"), Recipe(model="cnn7", ensemble=1), n_classes=2, size=SIZE
    )
    assert_equal(loaded.weights, model.weights)


def external_link(file, name, path):
    file[name] = h5py.ExternalLink(str(path), "/")


def soft_link(file, name, path):
    file[name] = h5py.SoftLink("/layers/functional")


def external_data(file, name, path):
    file.create_dataset(name, shape=(2,), dtype="f4", external=[("/etc/passwd", 0, 8)])


def virtual(file, name, path):
    layout = h5py.VirtualLayout(shape=(2,), dtype="f4")
    layout[:] = h5py.VirtualSource(str(path), "x", shape=(2,))
    file.create_virtual_dataset(name, layout)


def compressed(file, name, path):
    file.create_dataset(name, shape=(20_000_000,), dtype="f4", chunks=(1_000_000,), compression="gzip")


def text(file, name, path):
    file.create_dataset(name, data=["a", "b"], dtype=h5py.string_dtype())


@pytest.mark.parametrize("change", [external_link, soft_link, external_data, virtual, compressed, text])
@pytest.mark.parametrize("ending", [".keras", ".weights.h5"])
def test_arrays_that_are_elsewhere_or_too_large_are_refused(saved, model, tmp_path, change, ending):
    with zipfile.ZipFile(saved) as archive:
        buffer = io.BytesIO(archive.read(WEIGHTS))
    with h5py.File(buffer, "r+") as file:
        del file["layers/dense/vars/1"]
        change(file, "layers/dense/vars/1", saved)
    path = tmp_path / "changed.weights.h5"
    path.write_bytes(buffer.getvalue())
    if ending == ".keras":
        path = rewritten(saved, WEIGHTS, buffer.getvalue())
    with pytest.raises(ValueError):
        load_weights(model, path)


@pytest.mark.parametrize("member", [CONFIG, WEIGHTS, "../out.txt"])
def test_archives_that_unpack_to_far_more_or_hold_other_files_are_refused(saved, member):
    if member in (CONFIG, WEIGHTS):
        path = rewritten(saved, member, bytes(20_000_000))
    else:
        path = saved
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(member, b"out")
    with pytest.raises(ValueError, match="would unpack|not part of a model"):
        array_shapes(path)
    with pytest.raises(ValueError, match="would unpack|not part of a model"):
        checkpoint.read_history(path)


@pytest.mark.parametrize("other", [replace(Recipe(), model="cnn9"), replace(Recipe(), model="squeezenet")])
def test_pretrained_weights_of_another_model_are_refused(saved, other):
    with pytest.raises(ValueError, match=f"weights of '{other.model}'. Got '.*last.keras'"):
        build_model(other.model, n_classes=2, size=(64, 64), weights=str(saved))
