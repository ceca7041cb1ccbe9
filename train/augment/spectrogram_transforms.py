"""Transforms of a spectrogram's levels that leave a sound a sound: shifts, a warp, masks, mixtures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from train.augment.named_values import named_values


@dataclass(frozen=True)
class SpectrogramTransforms:
    """What is drawn again for each image in each epoch.

    Parameters
    ----------
    time_shift : float
        To somewhere in a stretch of this part of the width, half of it on either side, and what leaves on one side
        comes in on the other; 1: anywhere.
    time_warp : tuple of (float, float)
        The sound lasts between so many times and so many times as long.
    band_shift : float
        Up or down by at most this part of the height. With 128 mel bands, 3/128 are three bands.
    frequency_mask, time_mask : float
        One stripe of each kind, of at most this part of the height or width, is filled with the image's mean
        (Park et al., SpecAugment, Interspeech 2019).
    mixup : float
        Alpha of the Beta distribution by which two images and their classes are mixed; 0: not (Zhang et al.,
        mixup: Beyond Empirical Risk Minimization, ICLR 2018).
    """

    time_shift: float = 1.0
    time_warp: tuple[float, float] = (0.75, 1.33)
    band_shift: float = 3 / 128
    frequency_mask: float = 0.15
    time_mask: float = 0.2
    mixup: float = 0.3

    def __post_init__(self) -> None:
        """Check every value."""
        for name in ("time_shift", "band_shift", "frequency_mask", "time_mask"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name):g}; expected a part of the image, 0 to 1.")
        low, high = self.time_warp
        if not 0.1 <= low <= 1 <= high <= 10:
            raise ValueError(f"time_warp is {low:g},{high:g}; expected two factors around 1, such as 0.75,1.33.")
        if not 0 <= self.mixup <= 10:
            raise ValueError(f"mixup is {self.mixup:g}; expected 0 (none) to 10, such as 0.3.")

    @classmethod
    def from_values(cls, values: Iterable[str]) -> SpectrogramTransforms:
        """Read texts such as `time_mask=0.3` and `time_warp=0.8,1.25`.

        Raises
        ------
        ValueError
            If a name is not known or a value cannot be read.
        """
        known = sorted(field.name for field in fields(cls))
        given: dict[str, object] = {}
        texts = named_values(values, known=known, what="a spectrogram transform", example="time_mask=0.3")
        for name, value in texts.items():
            try:
                numbers = tuple(float(part) for part in value.split(","))
                (given[name],) = [numbers] if name == "time_warp" and len(numbers) == 2 else numbers
            except ValueError:
                raise ValueError(
                    f"{name} is {value!r}; expected {'two numbers' if name == 'time_warp' else 'a number'}, such as "
                    f"{'0.75,1.33' if name == 'time_warp' else '0.2'}."
                ) from None
            if name == "time_warp" and not isinstance(given[name], tuple):
                raise ValueError(f"time_warp is {value!r}; expected two numbers, such as 0.75,1.33.")
        return cls(**given)


def transform(pixels: np.ndarray, transforms: SpectrogramTransforms, rng: np.random.Generator) -> np.ndarray:
    """Shift, warp and mask each image of a batch by numbers of its own.

    Parameters
    ----------
    pixels : np.ndarray, shape=(batch, height, width), uint8
        Low frequencies at the bottom.
    transforms : SpectrogramTransforms
    rng : np.random.Generator

    Returns
    -------
    np.ndarray, shape=(batch, height, width), uint8
    """
    n, height, width = pixels.shape
    first_column = rng.uniform(-0.5, 0.5, n) * transforms.time_shift * width
    low, high = transforms.time_warp
    longer = np.exp(rng.uniform(np.log(low), np.log(high), n))
    upward = rng.uniform(-1, 1, n) * transforms.band_shift * height
    moved = _resample(pixels, first_column, longer, upward)
    _mask(moved, transforms, rng)
    return moved


def mix(
    pixels: np.ndarray, targets: np.ndarray, *, alpha: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each image of a batch, and its classes, with another of the batch.

    Parameters
    ----------
    pixels : np.ndarray, shape=(batch, height, width), uint8
    targets : np.ndarray, shape=(batch, n_classes), float32
        Rows add up to 1.
    alpha : float
        Of the Beta distribution; 0: nothing is mixed.
    rng : np.random.Generator

    Returns
    -------
    pixels, targets : np.ndarray
        Of the same shapes and types.
    """
    if not alpha:
        return pixels, targets
    share = rng.beta(alpha, alpha, len(pixels)).astype(np.float32)
    other = rng.permutation(len(pixels))
    mixed = share[:, None, None] * pixels + (1 - share)[:, None, None] * pixels[other]
    return np.rint(mixed).astype(np.uint8), share[:, None] * targets + (1 - share)[:, None] * targets[other]


def _resample(pixels: np.ndarray, first_column: np.ndarray, longer: np.ndarray, upward: np.ndarray) -> np.ndarray:
    """Read each image from another column on, slower or faster, around its end; and higher or lower.

    Bilinear: between columns, wrapping, and between rows, where the outermost is repeated.
    """
    n, height, width = pixels.shape
    column = (first_column[:, None] + np.arange(width) / longer[:, None]) % width
    left = np.floor(column).astype(np.intp)
    # A column a hair below the width rounds to it.
    left, right = left % width, (left + 1) % width
    along = (column - np.floor(column)).astype(np.float32)[:, None, :]
    image = np.arange(n)[:, None, None]
    rows = np.arange(height)[None, :, None]
    y = pixels[image, rows, left[:, None, :]].astype(np.float32)
    y += along * (pixels[image, rows, right[:, None, :]] - y)

    row = np.clip(np.arange(height) + upward[:, None], 0, height - 1)
    above = np.floor(row).astype(np.intp)
    below = np.minimum(above + 1, height - 1)
    between = (row - above).astype(np.float32)[:, :, None]
    upper = np.take_along_axis(y, above[:, :, None], axis=1)
    lower = np.take_along_axis(y, below[:, :, None], axis=1)
    return np.rint(upper + between * (lower - upper)).astype(np.uint8)


def _mask(pixels: np.ndarray, transforms: SpectrogramTransforms, rng: np.random.Generator) -> None:
    """Fill one stripe of rows and one of columns with each image's mean, in place."""
    n, height, width = pixels.shape
    means = np.rint(pixels.mean(axis=(1, 2)))
    n_rows = rng.integers(0, round(transforms.frequency_mask * height) + 1, n)
    n_columns = rng.integers(0, round(transforms.time_mask * width) + 1, n)
    first_row = rng.integers(0, height - n_rows + 1)
    first_column = rng.integers(0, width - n_columns + 1)
    for k in range(n):
        pixels[k, first_row[k] : first_row[k] + n_rows[k]] = means[k]
        pixels[k, :, first_column[k] : first_column[k] + n_columns[k]] = means[k]
