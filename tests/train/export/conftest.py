"""A small trained run with a final model, and what exports it."""

import shutil

import pytest

from tests.train.training.test_cross_validation import TINY
from train.__main__ import main

PACKAGES = ("onnx", "onnxruntime", "tf2onnx")


@pytest.fixture(scope="package")
def trained(images, tmp_path_factory):
    """A run of one fold of two, and a final model; do not change it."""
    for package in PACKAGES:
        pytest.importorskip(package, reason=f"{package} is not installed: pip install {' '.join(PACKAGES)}")
    folder = tmp_path_factory.mktemp("project")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main([str(images), *TINY, "--n-folds", "2", "--folds", "1", "--name", "small", "--final"]) == 0
    return folder / "outputs" / "runs" / "small"


@pytest.fixture
def run_folder(trained, tmp_path, monkeypatch):
    """A copy of it, and its project as the working directory."""
    import json

    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "small"
    shutil.copytree(trained, copy)
    config = json.loads((copy / "config.json").read_text())
    config["images"] = str((trained / config["images"]).resolve())
    (copy / "config.json").write_text(json.dumps(config))
    return copy
