import numpy as np
import pytest
from PIL import Image

from generate.dataset import png
from generate.dataset.tables import read_metadata
from train.data.decode import SILENT_LEVEL, colour, load_pictures, loop_silent_ends, palette_of, prepare_levels

MAGMA = palette_of("magma")


def load(images, names, **options):
    return load_pictures(images, names, **{"palette": MAGMA, "size": (48, 48), "silent_ends": "keep"} | options)


def test_pixels_are_those_of_the_files(images):
    names = list(read_metadata(images / "metadata.csv")["file_name"])[:12]
    pictures = load(images, names)
    for k, name in enumerate(names):
        with Image.open(images / name) as image:
            np.testing.assert_array_equal(colour(pictures.levels[k], MAGMA), np.asarray(image.convert("RGB")))


def test_size_is_brought_to_the_nets(images):
    (name,) = list(read_metadata(images / "metadata.csv")["file_name"])[:1]
    small = load(images, [name], size=(20, 30)).levels[0]
    with Image.open(images / name) as image:
        levels = Image.fromarray(np.asarray(image))
    assert small.shape == (20, 30)
    np.testing.assert_array_equal(small, np.asarray(levels.resize((30, 20), Image.Resampling.BILINEAR)))


def test_silent_ends_are_cut_and_the_rest_repeated():
    levels = np.zeros((4, 10), dtype=np.uint8)
    levels[2, 3:6] = (200, 0, 100)
    looped = loop_silent_ends(levels)
    assert looped[2].tolist() == [200, 0, 100, 200, 0, 100, 200, 0, 100, 200]
    assert levels[2, 0] == 0
    for untouched in (np.zeros_like(levels), np.full_like(levels, SILENT_LEVEL)):
        np.testing.assert_array_equal(loop_silent_ends(untouched), untouched)
    np.testing.assert_array_equal(prepare_levels(levels, size=(4, 10), silent_ends="keep"), levels)


def test_broken_pictures_are_all_named_at_once(images, tmp_path):
    good = (images / read_metadata(images / "metadata.csv")["file_name"][0]).read_bytes()
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.png").write_text("no picture")
    Image.new("RGB", (48, 48)).save(tmp_path / "colours.png")
    (tmp_path / "good.png").write_bytes(good)
    names = ["cut.png", "empty.png", "gone.png", "good.png", "colours.png", "text.png"]
    with pytest.raises(ValueError, match="5 of 6 pictures") as error:
        load(tmp_path, names)
    message = str(error.value)
    assert all(name in message for name in names if name != "good.png") and "good.png" not in message
    assert "python -m generate" in message


def test_a_picture_that_claims_to_be_huge_is_not_opened(tmp_path, monkeypatch):
    png.write(tmp_path / "a.png", np.zeros((60, 60), np.uint8), palette=png.palette("magma"), text={})
    monkeypatch.setattr("generate.dataset.png.MOST_PIXELS", 59 * 60)
    with pytest.raises(ValueError, match="60 x 60 pixels"):
        load(tmp_path, ["a.png"])
