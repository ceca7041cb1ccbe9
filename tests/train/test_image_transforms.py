import numpy as np
import pytest

from generate.manifest import read_metadata
from train.image_transforms import PRESETS, ImageTransforms, image_arguments
from train.images import colour, load_pictures, palette_of


@pytest.fixture(scope="module")
def picture(images):
    names = list(read_metadata(images / "metadata.csv")["file_name"])[:1]
    pictures = load_pictures(images, names, palette=palette_of("magma"), size=(40, 48), silent_ends="keep")
    return colour(pictures.levels[0], pictures.palette)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("seed", range(5))
def test_pixels_are_those_of_image_data_generator(picture, preset, seed):
    """Its own `random_transform`, called by its own name, with the same seed."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    ours = ImageTransforms(PRESETS[preset])
    done = ours.apply(picture, ours.draw(picture.shape, np.random.default_rng(seed)))
    keras_seed = int(np.random.default_rng(seed).integers(2**32))
    theirs = ImageDataGenerator(**PRESETS[preset]).random_transform(picture.astype(np.float32), seed=keras_seed)
    np.testing.assert_array_equal(done, theirs)
    assert not np.array_equal(done, picture)


def test_drawing_leaves_the_global_generator_and_the_picture_as_they_were(picture):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    before = picture.copy()
    transforms = ImageTransforms(PRESETS["paper"])
    drawn = transforms.draw(picture.shape, np.random.default_rng(0))
    transforms.apply(picture, drawn)
    assert np.random.random() == expected
    np.testing.assert_array_equal(picture, before)


def test_the_papers_values():
    """Mushtaq, Su and Tran, 2021."""
    paper = image_arguments("paper", [])
    assert (paper["zoom_range"], paper["rotation_range"], paper["brightness_range"]) == (0.25, 30, (0.5, 1.5))
    assert paper["horizontal_flip"] and "horizontal_flip" not in image_arguments("sound", [])


def test_values_over_a_preset():
    values = ["zoom_range=0.1", "horizontal-flip=false", "brightness_range=0.9,1.1", "fill_mode=wrap"]
    arguments = image_arguments("paper", values)
    assert arguments == PRESETS["paper"] | {
        "zoom_range": 0.1,
        "horizontal_flip": False,
        "brightness_range": (0.9, 1.1),
        "fill_mode": "wrap",
    }


@pytest.mark.parametrize(
    ("preset", "values", "words"),
    [
        ("film", [], "There is no preset 'film'.*paper, sound"),
        ("paper", ["blur=3"], "'blur=3' is no value of an image transform"),
        ("paper", ["zoom_range"], "zoom_range=0.1"),
    ],
)
def test_bad_values(preset, values, words):
    with pytest.raises(ValueError, match=words):
        image_arguments(preset, values)


def test_what_keras_refuses_is_said():
    with pytest.raises(ValueError, match="ImageDataGenerator refuses.*zoom_range"):
        ImageTransforms(image_arguments("paper", ["zoom_range=much"]))
