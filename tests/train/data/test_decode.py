import numpy as np
import pytest
from PIL import Image

from generate.dataset import png
from generate.dataset.tables import read_metadata
from train.data.decode import colour, load_images, palette_of

MAGMA = palette_of("magma")


def load(images, names, **options):
    return load_images(images, names, **{"palette": MAGMA, "size": (48, 48)} | options)


def test_pixels_are_those_of_the_files(images):
    names = list(read_metadata(images / "metadata.csv")["file_name"])[:12]
    loaded = load(images, names)
    for k, name in enumerate(names):
        with Image.open(images / name) as image:
            np.testing.assert_array_equal(colour(loaded.pixels[k], MAGMA), np.asarray(image.convert("RGB")))


def test_size_is_brought_to_the_models(images):
    (name,) = list(read_metadata(images / "metadata.csv")["file_name"])[:1]
    small = load(images, [name], size=(20, 30)).pixels[0]
    with Image.open(images / name) as image:
        pixels = Image.fromarray(np.asarray(image))
    assert small.shape == (20, 30)
    np.testing.assert_array_equal(small, np.asarray(pixels.resize((30, 20), Image.Resampling.BILINEAR)))


def test_broken_images_are_all_named_at_once(images, tmp_path):
    good = (images / read_metadata(images / "metadata.csv")["file_name"][0]).read_bytes()
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(good[: len(good) // 2])
    (tmp_path / "text.png").write_text("no image")
    Image.new("RGB", (48, 48)).save(tmp_path / "colours.png")
    (tmp_path / "good.png").write_bytes(good)
    names = ["cut.png", "empty.png", "gone.png", "good.png", "colours.png", "text.png"]
    with pytest.raises(ValueError, match="5 of 6 images") as error:
        load(tmp_path, names)
    message = str(error.value)
    assert all(name in message for name in names if name != "good.png") and "good.png" not in message
    assert "python -m generate" in message


def test_a_image_that_claims_to_be_huge_is_not_opened(tmp_path, monkeypatch):
    png.write(tmp_path / "a.png", np.zeros((60, 60), np.uint8), palette=png.palette("magma"), text={})
    monkeypatch.setattr("generate.dataset.png.MOST_PIXELS", 59 * 60)
    with pytest.raises(ValueError, match="60 x 60 pixels"):
        load(tmp_path, ["a.png"])
