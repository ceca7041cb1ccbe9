import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generate.dataset.tables import read_metadata
from train.augment.image_transforms import GREY, PRESETS, ImageTransforms, check_used, image_arguments
from train.data.decode import colour, load_images, palette_of

PALETTE = palette_of("magma")


@pytest.fixture(scope="module")
def pixels(images):
    names = list(read_metadata(images / "metadata.csv")["file_name"])[:1]
    return load_images(images, names, palette=PALETTE, size=(40, 48)).pixels[0]


def both(pixels, arguments, n=20):
    """A batch by our own code, and image by image by `ImageDataGenerator.random_transform` with the same seeds."""
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    ours = ImageTransforms(arguments).transform(np.stack([pixels] * n), PALETTE, np.random.default_rng(0))
    seeds = np.random.default_rng(0).integers(2**32, size=n)
    generator, image = ImageDataGenerator(**arguments), colour(pixels, PALETTE).astype(np.float32)
    theirs = np.stack([generator.random_transform(image.copy(), seed=int(seed)) for seed in seeds])
    return ours, theirs


@pytest.mark.parametrize("preset", PRESETS)
def test_pixels_are_those_of_image_data_generator(pixels, preset):
    """Its own `random_transform`, called by its own name, with the same seeds."""
    ours, theirs = both(pixels, PRESETS[preset])
    np.testing.assert_array_equal(ours, theirs)
    assert len({image.tobytes() for image in ours}) == len(ours)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"rotation_range": 180},
        {"zoom_range": (0.2, 3.0)},
        {"zoom_range": (2.0, 2.0)},
        {"shear_range": 80, "vertical_flip": True},
        {"width_shift_range": 0.9, "height_shift_range": [-30, -3, 7]},
        {"width_shift_range": 5.0},
        {"horizontal_flip": True},
        {"brightness_range": (0.0, 4.0)},
        {"rotation_range": 20, "fill_mode": "wrap"},
        {"rotation_range": 20, "fill_mode": "constant", "cval": 99.0},
        {"rotation_range": 20, "fill_mode": "reflect"},
        {"channel_shift_range": 60.0, "brightness_range": (0.5, 1.5)},
        {"width_shift_range": 0.5, "fill_mode": "constant", "cval": -80.0, "brightness_range": (0.5, 1.5)},
        {"rotation_range": 20, "interpolation_order": 0},
    ],
)
@pytest.mark.parametrize("shape", [(40, 48), (31, 17), (1, 9), (9, 1)])
def test_pixels_are_those_of_image_data_generator_for_any_value(values, shape):
    noise = np.random.default_rng(5).integers(0, 256, shape).astype(np.uint8)
    ours, theirs = both(noise, values, n=8)
    np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    values=st.fixed_dictionaries(
        {
            "rotation_range": st.floats(0, 180),
            "shear_range": st.floats(0, 60),
            "width_shift_range": st.floats(0, 0.9),
            "height_shift_range": st.floats(0, 0.9),
            "zoom_range": st.floats(0, 0.9),
        }
    ),
)
def test_pixels_are_those_of_image_data_generator_by_property(seed, values):
    noise = np.random.default_rng(seed).integers(0, 256, (23, 29)).astype(np.uint8)
    ours, theirs = both(noise, values, n=3)
    # Tiny angles, below 1e-5 degrees, may round differently in the last digit.
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


def test_drawing_leaves_the_global_generator_and_the_images_as_they_were(pixels):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    before = pixels.copy()
    ImageTransforms(PRESETS["paper"]).transform(pixels[np.newaxis], PALETTE, np.random.default_rng(0))
    assert np.random.random() == expected
    np.testing.assert_array_equal(pixels, before)


def test_the_papers_values():
    """Mushtaq, Su and Tran, 2021."""
    paper = image_arguments("paper", [])
    assert (paper["zoom_range"], paper["rotation_range"], paper["brightness_range"]) == (0.25, 30, (0.5, 1.5))
    assert paper["horizontal_flip"] and "horizontal_flip" not in image_arguments("sound", [])


def test_sound_shifts_time_and_not_frequency():
    tone, click = (np.zeros((40, 40), dtype=np.uint8) for _ in range(2))
    tone[10], click[:, 10] = 255, 255
    transforms = ImageTransforms(image_arguments("sound", ["zoom_range=0", "brightness_range=1,1"]))
    images = transforms.transform(np.stack([tone, click] * 20), GREY, np.random.default_rng(0))[..., 0]
    np.testing.assert_array_equal(images[::2], np.repeat(tone[np.newaxis], 20, axis=0))
    columns = images[1::2, 0].argmax(axis=1)
    assert len(set(columns)) > 5 and np.ptp(columns) <= 0.4 * 40


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
        ("film", [], "must be one of paper, sound. Got 'film'"),
        ("paper", ["blur=3"], "--image-values must be names with values.*Got 'blur=3'"),
        ("paper", ["zoom_range"], "zoom_range=0.1"),
        ("paper", ["horizontal_flip=no"], "horizontal_flip of --image-values must be true or false. Got 'no'"),
        ("sound", ["zoom_range=25"], "zoom_range of --image-values must be a share below 1.*Got '25'"),
        (
            "sound",
            ["cval=99"],
            "cval of --image-values must be combined with fill_mode=constant.*Got 99 with fill_mode=nearest",
        ),
        ("sound", ["zoom_range=much"], "zoom_range of --image-values must be a share below 1.*Got 'much'"),
        ("sound", ["brightness_range=0,0"], "brightness_range of --image-values must be two factors.*Got '0,0'"),
    ],
)
def test_bad_values(preset, values, words):
    with pytest.raises(ValueError, match=words):
        check_used(image_arguments(preset, values))


def test_what_keras_refuses_is_said():
    with pytest.raises(ValueError, match="Image transforms must be such as ImageDataGenerator can do"):
        ImageTransforms(image_arguments("paper", ["rotation_range=much"])).try_out()
