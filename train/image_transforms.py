"""Transforms of images as images, drawn and done by Keras's `ImageDataGenerator`."""

from __future__ import annotations

import ast
import threading
from collections.abc import Iterable, Mapping

import numpy as np

from train.named_values import named_values

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
    "sound": {
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
    """Draws a transform for each picture, and does it.

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
        """Do a few transforms of a small picture.

        Raises
        ------
        ValueError
            If Keras fails in one; it checks few values before.
        """
        picture = np.zeros((8, 8, 3), dtype=np.uint8)
        for seed in range(3):
            try:
                self.apply(picture, self.draw(picture.shape, np.random.default_rng(seed)))
            except Exception as error:
                raise ValueError(f"ImageDataGenerator fails with these values: {error}") from None

    def draw(self, shape: tuple[int, int, int], rng: np.random.Generator) -> dict[str, object]:
        """Draw one transform.

        Keras draws from numpy's global generator, which is seeded for it and then put back as it was, by one thread at
        a time.

        Parameters
        ----------
        shape : tuple of (int, int, int)
            Height, width, 3.
        rng : np.random.Generator

        Returns
        -------
        dict
            As `ImageDataGenerator.get_random_transform` gives.
        """
        seed = int(rng.integers(2**32))
        with _drawing:
            state = np.random.get_state()
            try:
                return self._generator.get_random_transform(shape, seed=seed)
            finally:
                np.random.set_state(state)

    def apply(self, picture: np.ndarray, drawn: Mapping[str, object]) -> np.ndarray:
        """Do one transform.

        Parameters
        ----------
        picture : np.ndarray, shape=(height, width, 3), uint8
        drawn : Mapping
            What `draw` gave.

        Returns
        -------
        np.ndarray, shape=(height, width, 3), float32
            0 to 255.
        """
        # A copy, since Keras changes the picture that it is given.
        return self._generator.apply_transform(picture.astype(np.float32), dict(drawn))


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
