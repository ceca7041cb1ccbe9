import os
import warnings

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generate.dataset import png

PIXEL_CACHE = np.arange(256, dtype=np.uint8).repeat(4).reshape(32, 32)


@pytest.fixture(params=["magma", "gray", "viridis"])
def written(request, tmp_path):
    path = tmp_path / "a.png"
    text = {"clip": "dog-1", "label": "Hündin & <b>'吠'</b>"}
    png.write(path, PIXEL_CACHE, palette=png.palette(request.param), text=text)
    return path, request.param, text


def test_round_trip(written):
    path, _, text = written
    pixels, found = png.read(path)
    assert np.array_equal(pixels, PIXEL_CACHE)
    assert text.items() <= found.items()


def test_colours_are_matplotlibs(written):
    path, colormap, _ = written
    expected = matplotlib.colormaps[colormap](PIXEL_CACHE, bytes=True)[..., :3]
    with Image.open(path) as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image.convert("RGB")), expected)
    assert np.array_equal(cv2.imread(str(path))[..., ::-1], expected)


def test_no_temporary_file_is_left(written):
    assert os.listdir(written[0].parent) == ["a.png"]


@given(st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_any_levels_survive(tmp_path_factory, height, width, random):
    pixels = np.frombuffer(random.randbytes(height * width), np.uint8).reshape(height, width)
    path = tmp_path_factory.getbasetemp() / "any.png"
    png.write(path, pixels, palette=png.palette("magma"), text={})
    assert np.array_equal(png.read(path)[0], pixels)


def test_failure_leaves_the_old_file_whole(written, monkeypatch):
    path = written[0]
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        png.write(path, PIXEL_CACHE[::-1], palette=png.palette("gray"), text={})
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["a.png"]


def test_other_files_are_not_ours(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "photo.png")
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("photo.png", "text.png", "empty.png", "absent.png"):
            assert not png.is_named(tmp_path / name)
    with pytest.raises(ValueError, match="mode RGB, without its mark"):
        png.read(tmp_path / "photo.png")


def test_unknown_colormap():
    with pytest.raises(ValueError, match="'magmma'.*magma, viridis"):
        png.palette("magmma")


def test_names_that_are_not_utf8(tmp_path):
    png.write(tmp_path / "a.png", PIXEL_CACHE, palette=png.palette("gray"), text={"clip": "b\udcff"})
    assert png.read(tmp_path / "a.png")[1]["clip"] == "b?"


def test_three_planes_are_read_as_red_green_and_blue(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    pixels[:, :, 1] //= 2
    png.write(tmp_path / "a.png", pixels, palette=png.palette("magma"), text={"clip": "a", "planes": "left right mid"})
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), pixels)
    found, text = png.read(tmp_path / "a.png")
    assert np.array_equal(found, pixels)
    assert text["planes"] == "left right mid"
