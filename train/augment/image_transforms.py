"""Transforms of images as images, drawn and done by Keras's `ImageDataGenerator`."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterable, Mapping

import numpy as np

from train.augment.affine import affine_matrix, warp
from train.augment.named_values import named_values
from train.data.decode import colour

PRESETS: dict[str, dict[str, object]] = {
    "paper": {
        "zoom_range": 0.25,
        "width_shift_range": 0.2,
        "height_shift_range": 0.2,
        "shear_range": 0.3,
        "rotation_range": 30,
        "brightness_range": (0.5, 1.5),
        "horizontal_flip": True,
        "fill_mode": "nearest",
    },
    "audio_file": {
        "zoom_range": 0.05,
        "width_shift_range": 0.2,
        "brightness_range": (0.8, 1.2),
        "fill_mode": "nearest",
    },
}
"""`paper`: as printed by Mushtaq, Su and Tran, Applied Acoustics 2021 (doi 10.1016/j.apacoust.2020.107581); Keras
takes a shear in degrees, so 0.3 is hardly any. `sound`: the few that leave a sound a sound."""
NAMES = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "fill_mode",
    "cval",
    "horizontal_flip",
    "vertical_flip",
)
"""Arguments of `ImageDataGenerator` that can be set; the others are no random transforms."""


_drawing = threading.Lock()


class ImageTransforms:
    """Draws a transform for each image, and does it.

    Parameters
    ----------
    arguments : Mapping
        Of `ImageDataGenerator`; see `NAMES`.

    Raises
    ------
    ValueError
        If Keras refuses one.
    """

    def __init__(self, arguments: Mapping[str, object]) -> None:
        # The class stands here on every backend; `tensorflow.keras` has the same.
        from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

        try:
            self._generator = ImageDataGenerator(data_format="channels_last", **arguments)
        except (TypeError, ValueError) as error:
            raise ValueError(f"ImageDataGenerator refuses {dict(arguments)}: {error}") from None

    def try_out(self) -> None:
        """Do a few transforms of a small image.

        Raises
        ------
        ValueError
            If Keras fails in one; it checks few values before.
        """
        image = np.zeros((8, 8, 3), dtype=np.uint8)
        for seed in range(3):
            try:
                (drawn,) = self.draw(1, image.shape, np.random.default_rng(seed))
                self.apply(image, drawn)
            except Exception as error:
                raise ValueError(f"ImageDataGenerator fails with these values: {error}") from None

    def draw(self, n: int, shape: tuple[int, int, int], rng: np.random.Generator) -> list[dict[str, object]]:
        """Draw a transform for each image of a batch.

        Keras draws from numpy's global generator, which is seeded for it and then put back as it was, by one thread at
        a time.

        Parameters
        ----------
        n : int
            Images.
        shape : tuple of (int, int, int)
            Height, width, 3.
        rng : np.random.Generator

        Returns
        -------
        list of dict
            As `ImageDataGenerator.get_random_transform` gives.
        """
        seeds = rng.integers(2**32, size=n)
        with _drawing:
            state = np.random.get_state()
            try:
                return [self._generator.get_random_transform(shape, seed=int(seed)) for seed in seeds]
            finally:
                np.random.set_state(state)

    def transform(self, pixels: np.ndarray, palette: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Colour a batch of images and give each a transform of its own.

        Parameters
        ----------
        pixels : np.ndarray, shape=(batch, height, width), uint8
        palette : np.ndarray, shape=(256, 3), uint8
        rng : np.random.Generator

        Returns
        -------
        np.ndarray, shape=(batch, height, width, 3), float32, or uint8 where there is a brightness
            0 to 255; the pixels that `ImageDataGenerator` would give. After a brightness they are whole numbers.
        """
        shape = pixels.shape[1:]
        is_whole = self._generator.brightness_range is not None
        out = np.empty((*pixels.shape, 3), dtype=np.uint8 if is_whole else np.float32)
        exact = palette.astype(np.float64)
        for image, drawn, into in zip(pixels, self.draw(len(pixels), (*shape, 3), rng), out, strict=True):
            if self._is_compiled(drawn):
                brightness = np.float32(-1 if drawn["brightness"] is None else drawn["brightness"])
                flips = bool(drawn["flip_horizontal"]), bool(drawn["flip_vertical"])
                warp(image, exact, affine_matrix(drawn, shape), *flips, brightness, into)
            else:
                into[:] = self.apply(colour(image, palette), drawn)
        return out

    def _is_compiled(self, drawn: Mapping[str, object]) -> bool:
        """Whether `warp` can do it; what is seldom asked for is left to Keras."""
        generator = self._generator
        return (
            generator.fill_mode == "nearest"
            and generator.interpolation_order == 1
            and drawn["channel_shift_intensity"] is None
            and (drawn["brightness"] or 0) >= 0
        )

    def apply(self, image: np.ndarray, drawn: Mapping[str, object]) -> np.ndarray:
        """Do one transform by Keras itself.

        Parameters
        ----------
        image : np.ndarray, shape=(height, width, 3), uint8
        drawn : Mapping
            Of what `draw` gave.

        Returns
        -------
        np.ndarray, shape=(height, width, 3), float32
            0 to 255.
        """
        # A copy, since Keras changes the image that it is given.
        return self._generator.apply_transform(image.astype(np.float32), dict(drawn))


def image_arguments(preset: str, values: Iterable[str]) -> dict[str, object]:
    """Arguments of `ImageDataGenerator`: a preset, and single values over it.

    Parameters
    ----------
    preset : str
        A key of `PRESETS`.
    values : iterable of str
        Such as `zoom_range=0.1`, `brightness_range=0.8,1.2`, `horizontal_flip=false`.

    Raises
    ------
    ValueError
        If a name is not known or a value cannot be read.
    """
    if preset not in PRESETS:
        raise ValueError(f"There is no preset {preset!r} of image transforms; choose from {', '.join(PRESETS)}.")
    given = named_values(values, known=NAMES, what="an image transform", example="zoom_range=0.1")
    return PRESETS[preset] | {name: _value(value) for name, value in given.items()}


def _value(text: str) -> object:
    """A number, two numbers, true or false, or a text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
