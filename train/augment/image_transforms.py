"""Random transforms of images in training, as those of Keras's `ImageDataGenerator`."""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from train.augment.affine import Transform, affine_matrix, warp
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
    "sound": {
        "zoom_range": 0.05,
        "height_shift_range": 0.2,
        "brightness_range": (0.8, 1.2),
        "fill_mode": "nearest",
    },
}
"""`paper`: as printed by Mushtaq, Su and Tran, Applied Acoustics 2021 (doi 10.1016/j.apacoust.2020.107581); Keras
takes a shear in degrees, so 0.3 is hardly any. `sound`: only transforms after which a spectrogram still looks like
one. Keras moves images along their width, here time, by `height_shift_range`, and up and down by `width_shift_range`
(https://github.com/keras-team/keras/issues/17398)."""
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
"""Arguments of `ImageDataGenerator` that can be set; its others are not random transforms."""


GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
"""The palette with which a plane is itself."""
_drawing = threading.Lock()


class ImageTransforms:
    """Random transforms of images.

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
        # Available with every backend.
        from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

        try:
            self._generator = ImageDataGenerator(data_format="channels_last", **arguments)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Image transforms must be arguments that ImageDataGenerator accepts. Got {dict(arguments)}: {error}"
            ) from None

    def try_out(self) -> None:
        """Transform a small image a few times, since Keras checks few values beforehand.

        Raises
        ------
        ValueError
            If Keras fails.
        """
        image = np.zeros((8, 8, 3), dtype=np.uint8)
        for seed in range(3):
            try:
                (drawn,) = self.draw(1, image.shape, np.random.default_rng(seed))
                self.apply(image, drawn)
            except Exception as error:
                raise ValueError(f"Image transforms must be such as ImageDataGenerator can do. Got: {error}") from None

    def draw(self, n: int, shape: tuple[int, int, int], rng: np.random.Generator) -> list[Transform]:
        """Sample a transform for each image of a batch.

        Keras uses numpy's global generator, which is seeded for it and then restored, by one thread at a time.

        Parameters
        ----------
        n : int
            Number of images.
        shape : tuple of (int, int, int)
            Height, width, 3.
        rng : np.random.Generator

        Returns
        -------
        list of dict
            As `ImageDataGenerator.get_random_transform` returns.
        """
        seeds = rng.integers(2**32, size=n)
        with _drawing:
            state = np.random.get_state()
            try:
                return [self._generator.get_random_transform(shape, seed=int(seed)) for seed in seeds]
            finally:
                np.random.set_state(state)

    def transform(self, pixels: np.ndarray, palette: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
        """Colour a batch of images and transform each differently.

        Parameters
        ----------
        pixels : np.ndarray, shape=(batch, height, width), or (batch, height, width, 3) without a palette, uint8
        palette : np.ndarray or None, shape=(256, 3), uint8
        rng : np.random.Generator

        Returns
        -------
        np.ndarray, shape=(batch, height, width, 3), float32, or uint8 where there is a brightness
            0 to 255, equal to those of `ImageDataGenerator`. After a change of brightness they are integers.
        """
        shape = pixels.shape[1:3]
        # A pixel that is filled with a `cval` beyond 0 to 255 would not be a byte.
        is_whole = self._generator.brightness_range is not None and 0 <= self._generator.cval <= 255
        out = np.empty((*pixels.shape[:3], 3), dtype=np.uint8 if is_whole else np.float32)
        exact = (GREY if palette is None else palette).astype(np.float64)
        for image, drawn, into in zip(pixels, self.draw(len(pixels), (*shape, 3), rng), out, strict=True):
            if self._is_compiled(drawn):
                brightness = np.float32(-1 if drawn["brightness"] is None else drawn["brightness"])
                flips = bool(drawn["flip_horizontal"]), bool(drawn["flip_vertical"])
                arguments = (exact, affine_matrix(drawn, shape), *flips, brightness)
                if palette is not None:
                    warp(image, *arguments, into)
                else:
                    plane = np.empty_like(into)
                    for k in range(3):
                        warp(np.ascontiguousarray(image[..., k]), *arguments, plane)
                        into[..., k] = plane[..., k]
            else:
                into[:] = self.apply(colour(image, palette), drawn)
        return out

    def _is_compiled(self, drawn: Transform) -> bool:
        """Whether `warp` can do it; rare transforms are left to Keras."""
        generator = self._generator
        return (
            generator.fill_mode == "nearest"
            and generator.interpolation_order == 1
            and drawn["channel_shift_intensity"] is None
            and (drawn["brightness"] or 0) >= 0
        )

    def apply(self, image: np.ndarray, drawn: Transform) -> np.ndarray:
        """Transform one image with Keras itself.

        Parameters
        ----------
        image : np.ndarray, shape=(height, width, 3), uint8
        drawn : dict
            One that `draw` returned.

        Returns
        -------
        np.ndarray, shape=(height, width, 3), float32
            0 to 255.
        """
        # A copy, since Keras modifies the image.
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
        raise ValueError(f"--image-preset must be one of {', '.join(PRESETS)}. Got {preset!r}.")
    given = named_values(values, known=NAMES, option="--image-values", example="zoom_range=0.1")
    read = {name: _value(value) for name, value in given.items()}
    for name, value in read.items():
        if name in RULES and not RULES[name][0](value):
            raise ValueError(f"{name} of --image-values must be {RULES[name][1]}. Got {given[name]!r}.")
    return PRESETS[preset] | read


def check_used(arguments: Mapping[str, object]) -> None:
    """Check that no argument is given that the others leave unused.

    Raises
    ------
    ValueError
    """
    if "cval" in arguments and arguments["fill_mode"] != "constant":
        raise ValueError(
            f"cval of --image-values must be combined with fill_mode=constant, or it is not used. Got "
            f"{arguments['cval']!r} with fill_mode={arguments['fill_mode']}. Add that, or leave it out."
        )


def _are_two(value: object, *, least: float) -> bool:
    """Whether these are two numbers in order, the second above 0."""
    return isinstance(value, list | tuple) and len(value) == 2 and least <= value[0] <= value[1] and value[1] > 0


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < 1


_IS_SWITCH = (lambda value: value in (True, False), "true or false")
RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "horizontal_flip": _IS_SWITCH,
    "vertical_flip": _IS_SWITCH,
    "zoom_range": (
        lambda value: _is_share(value) or (_are_two(value, least=0) and value[0] > 0),
        "a share below 1, or two factors above 0, such as 0.1 or 0.9,1.1",
    ),
    "brightness_range": (lambda value: _are_two(value, least=0), "two factors from 0 on, such as 0.8,1.2"),
}
"""What Keras itself accepts otherwise: any text as true, zoom by negative factors, which mirrors, and black images."""


def _value(text: str) -> object:
    """A number, two numbers, true or false, or a text."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
