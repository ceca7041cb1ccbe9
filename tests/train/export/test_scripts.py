"""The examples in the README of an export do what the program does."""

import json

import numpy as np
import pytest

from generate.dataset import png
from generate.features.spectrogram import fit_length
from train.data.decode import colour, palette_of, prepare_pixels
from train.export.scripts import has_javascript, javascript_example, python_example


def answer(about, given, capsys):
    """What the example prints for a model that gives this, and what the model was given."""
    inputs = []
    lines = python_example("onnx", "model.onnx", about).splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("about = "))
    names = {"np": np, "json": json, "run": lambda x: inputs.append(x) or given}
    exec("\n".join([*(line for line in lines if line.startswith("import PIL")), *lines[first:]]), names)
    return capsys.readouterr().out.strip(), inputs[0][0]


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A function that writes the files that the example reads; what the model sees of the image."""
    monkeypatch.chdir(tmp_path)

    def write(about, *, is_coloured=True):
        shape = (30, 50) if is_coloured else (30, 50, 3)
        pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        png.write(tmp_path / "image.png", pixels, palette=png.palette("magma"), text={})
        (tmp_path / "export.json").write_text(json.dumps(about))
        resized = prepare_pixels(pixels, size=(about["height"], about["width"]))
        return colour(resized, palette_of("magma") if is_coloured else None)

    return write


def about_images(**others):
    common = {"input": "image", "height": 12, "width": 20, "classes": ["wren", "robin"], "multilabel": False}
    return common | {"thresholds": {"wren": 0.5, "robin": 1.0}} | others


@pytest.mark.parametrize("planes", [{}, {"planes": ["mel", "delta", "delta2"]}])
def test_an_image_is_resized_and_coloured_as_the_program_does(planes, written, capsys):
    about = about_images(**planes)
    expected = written(about, is_coloured=not planes)
    said, given = answer(about, {"probabilities": np.array([[0.75, 0.25]])}, capsys)
    assert given.dtype == np.float32 and said == "wren 0.75"
    np.testing.assert_array_equal(given, expected)


def test_a_threshold_of_1_is_never_reached(written, capsys):
    certain = {"probabilities": np.array([[0.0, 1.0]], np.float32)}
    for multilabel, expected in ((False, "robin 1.0 unsure"), (True, "{}")):
        about = about_images(multilabel=multilabel)
        written(about)
        assert answer(about, certain, capsys)[0] == expected
        assert "about.thresholds[name] < 1 && value >=" in javascript_example(about)


@pytest.mark.parametrize(("sr", "expected"), [(2000, False), (8000, True), (96_000, True), (250_000, False)])
def test_only_rates_of_every_browser_have_an_example_in_javascript(sr, expected):
    assert has_javascript("onnx", {"input": "audio", "sample_rate_hz": sr}) == expected


@pytest.mark.parametrize("pad", ["repeat", "silence"])
def test_a_short_recording_is_filled_as_the_program_fills_it(pad):
    about = {"input": "audio", "multilabel": False, "sample_rate_hz": 8000, "n_samples": 10, "pad": pad}
    (line,) = [line for line in python_example("onnx", "model.onnx", about).splitlines() if line.startswith("y = np.")]
    y = np.arange(1, 5, dtype=np.float32)
    given = {"np": np, "y": y}
    exec(line, given)
    np.testing.assert_array_equal(given["y"], fit_length(y, 10, pad=pad))
    assert 'if (about.pad === "repeat")' in javascript_example(about)
