"""The image folder loads as it stands in the loaders that people use."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generate.__main__ import main

QUICK = [
    "--engine",
    "librosa",
    "--image-size",
    "48x32",
    "--sr",
    "22050",
    "--seconds",
    "1",
    "--variants",
    "trim",
    "noise=20",
]


@pytest.fixture(
    scope="module",
    params=[(), ("--fan-out",), ("--planes", "mel", "harmonic", "delta")],
    ids=["flat", "fanned out", "three planes"],
)
def images(tmp_path_factory, request):
    """Two classes of four clips and three images each, of which one clip is rejected."""
    import soundfile

    from tests.conftest import SR, tone, white

    folder = tmp_path_factory.mktemp("loaders")
    for label, hz in (("low & <slow>", 200), ("Höhe", 3000)):
        (folder / "audio_folder" / label).mkdir(parents=True)
        for number in range(4):
            y = tone(hz * (1 + 0.1 * number)) + white(seed=number, rms=0.01)
            soundfile.write(folder / "audio_folder" / label / f"{number}.wav", y, SR)
    (folder / "audio_folder" / "Höhe" / "bad.wav").write_text("no sound")
    (folder / "audio_folder" / "empty").mkdir()
    assert (
        main([str(folder / "audio_folder"), str(folder / "images"), *QUICK, "--max-rejected", "20", *request.param])
        == 0
    )
    # What training may leave beside images; see train/data/disk_cache.py.
    np.save(folder / "images" / ".pixels-0123456789abcdef.npy", np.zeros((24, 8, 8), np.uint8))
    (folder / "images" / ".pixels-0123456789abcdef.npy.lock").touch()
    return folder / "images"


def rgb(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def test_keras_flow_from_directory(images):
    from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

    flow = ImageDataGenerator().flow_from_directory(images, target_size=(32, 48), batch_size=24, shuffle=False)
    batch, labels = next(flow)
    assert sorted(flow.class_indices) == sorted(folder.name for folder in images.iterdir() if folder.is_dir())
    assert len(flow.class_indices) == 2
    assert batch.shape == (24, 32, 48, 3)
    assert labels.sum(axis=0).tolist() == [12, 12]
    assert np.array_equal(batch[5], rgb(images / flow.filenames[5]))


def test_keras_flow_from_dataframe(images):
    from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

    table = pd.read_csv(images / "metadata.csv", dtype=str)
    flow = ImageDataGenerator().flow_from_dataframe(
        table, directory=images, x_col="file_name", y_col="label", target_size=(32, 48), batch_size=24, shuffle=False
    )
    batch, _ = next(flow)
    assert set(flow.class_indices) == {"low & <slow>", "Höhe"}
    assert np.array_equal(batch[7], rgb(images / table["file_name"][7]))


def test_image_dataset_from_directory(images):
    keras = pytest.importorskip("keras")

    dataset = keras.utils.image_dataset_from_directory(images, image_size=(32, 48), batch_size=24, shuffle=False)
    batch, labels = next(iter(dataset))
    assert len(dataset.class_names) == 2
    assert batch.shape == (24, 32, 48, 3)
    assert np.bincount(labels.numpy()).tolist() == [12, 12]
    assert np.array_equal(batch[0].numpy(), rgb(dataset.file_paths[0]))


def test_hugging_face_imagefolder(images, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    dataset = datasets.load_dataset("imagefolder", data_dir=str(images), split="train", cache_dir=str(tmp_path))
    assert len(dataset) == 24
    table = pd.read_csv(images / "metadata.csv", keep_default_na=False)
    assert set(dataset.column_names) == {"image", *table.columns} - {"file_name"}
    assert sorted(dataset["label"]) == sorted(table["label"])
    assert sorted(set(dataset["variant"])) == ["noise=20", "original", "trim"]
    row = dataset[3]
    expected = table[(table["clip_id"] == row["clip_id"]) & (table["variant"] == row["variant"])]["file_name"].item()
    assert np.array_equal(np.asarray(row["image"].convert("RGB")), rgb(images / expected))


def test_one_folder_a_class_as_torchvision_wants_it(images):
    """torchvision's ImageFolder is not installed here; it takes each sub-folder as a class, wants images at any depth of
    each, and passes over files with other endings than its `IMG_EXTENSIONS`, such as the sounds."""
    folders = [child for child in images.iterdir() if child.is_dir()]
    assert len(folders) == 2
    for folder in folders:
        files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
        assert sum(path.suffix == ".png" for path in files) == 12
        assert {path.suffix for path in files} <= {".png", ".flac"}
    assert not [child for child in images.iterdir() if child.is_dir() and child.name.startswith(".")]
