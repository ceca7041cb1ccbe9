"""Random transforms of spectrogram images in training: shifts, a time warp, masks, mixup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from train.augment.named_values import named_values

MOST_MASKS = 10
"""Of each kind."""


@dataclass(frozen=True)
class SpectrogramTransforms:
    """Ranges from which a transform is sampled for each image in each epoch.

    Parameters
    ----------
    time_shift : float
        Largest circular shift, as a fraction of the width, half of it to either side; 1: anywhere.
    time_warp : tuple of (float, float)
        Smallest and largest factor by which the duration changes.
    band_shift : float
        Largest shift up or down, as a fraction of the height. With 128 mel bands, 3/128 are three bands.
    frequency_mask, time_mask : float
        Largest width of a stripe that is filled with the image's mean, as a fraction of the height or width (Park et
        al., SpecAugment, Interspeech 2019).
    n_frequency_masks, n_time_masks : int
        How many such stripes of each kind there are, each of its own width, which may overlap; 2 of each in the paper's
        strong policies (LD, SM, SS).
    mixup : float
        Alpha of the Beta distribution by which two images and their classes are mixed; 0: no mixup (Zhang et al.,
        mixup: Beyond Empirical Risk Minimization, ICLR 2018).
    """

    time_shift: float = 1.0
    time_warp: tuple[float, float] = (0.75, 1.33)
    band_shift: float = 3 / 128
    frequency_mask: float = 0.15
    time_mask: float = 0.2
    n_frequency_masks: int = 1
    n_time_masks: int = 1
    mixup: float = 0.3

    def __post_init__(self) -> None:
        """Check every value."""
        for name in ("time_shift", "band_shift", "frequency_mask", "time_mask"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a fraction of the image, 0 to 1. Got {getattr(self, name):g}.")
        for name in ("n_frequency_masks", "n_time_masks"):
            if getattr(self, name) not in range(MOST_MASKS + 1):
                raise ValueError(f"{name} must be a whole number, 0 to {MOST_MASKS}. Got {getattr(self, name):g}.")
            object.__setattr__(self, name, int(getattr(self, name)))
        low, high = self.time_warp
        if not 0.1 <= low <= 1 <= high <= 10:
            raise ValueError(f"time_warp must be two factors around 1, such as 0.75,1.33. Got {low:g},{high:g}.")
        if not 0 <= self.mixup <= 10:
            raise ValueError(f"mixup must be 0 (none) to 10, such as 0.3. Got {self.mixup:g}.")

    @classmethod
    def from_values(cls, values: Iterable[str]) -> SpectrogramTransforms:
        """Read texts such as `time_mask=0.3` and `time_warp=0.8,1.25`.

        Raises
        ------
        ValueError
            If a name is not known or a value cannot be read.
        """
        known = sorted(field.name for field in fields(cls))
        parsed: dict[str, Any] = {}
        for name, value in named_values(
            values, known=known, option="--spectrogram-values", example="time_mask=0.3"
        ).items():
            n_numbers, expected = (
                (2, "two numbers, such as 0.75,1.33") if name == "time_warp" else (1, "a number, such as 0.2")
            )
            try:
                numbers = tuple(float(part) for part in value.split(","))
            except ValueError:
                numbers = ()
            if len(numbers) != n_numbers:
                raise ValueError(f"{name} must be {expected}. Got {value!r}.")
            parsed[name] = numbers if n_numbers == 2 else numbers[0]
        return cls(**parsed)


def transform(pixels: np.ndarray, transforms: SpectrogramTransforms, rng: np.random.Generator) -> np.ndarray:
    """Shift, warp and mask each image of a batch differently.

    Parameters
    ----------
    pixels : np.ndarray, shape=(batch, height, width) or (batch, height, width, 3), uint8
        Low frequencies at the bottom. All planes of an image are transformed alike.
    transforms : SpectrogramTransforms
    rng : np.random.Generator

    Returns
    -------
    np.ndarray of that shape, uint8
    """
    n, height, width = pixels.shape[:3]
    first_column = rng.uniform(-0.5, 0.5, n) * transforms.time_shift * width
    low, high = transforms.time_warp
    longer = np.exp(rng.uniform(np.log(low), np.log(high), n))
    upward = rng.uniform(-1, 1, n) * transforms.band_shift * height
    if pixels.ndim == 3:
        moved = _resample(pixels, first_column, longer, upward)
    else:
        planes = np.moveaxis(pixels, -1, 0)
        moved = np.stack([_resample(plane, first_column, longer, upward) for plane in planes], axis=-1)
    _mask(moved, transforms, rng)
    return moved


def mix(
    pixels: np.ndarray,
    targets: np.ndarray,
    *,
    alpha: float,
    rng: np.random.Generator,
    multilabel: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Mix each image of a batch, and its classes, with another of the batch.

    Parameters
    ----------
    pixels : np.ndarray, shape=(batch, height, width) or (batch, height, width, 3), uint8
    targets : np.ndarray, shape=(batch, n_classes), float32
        Rows add up to 1, except with several labels an image.
    alpha : float
        Of the Beta distribution; 0: nothing is mixed.
    rng : np.random.Generator
    multilabel : bool
        Add the classes of both images: each counts wholly from a share of one half on, and less below.

    Returns
    -------
    pixels, targets : np.ndarray
        Of the same shapes and types.
    """
    if not alpha:
        return pixels, targets
    share = rng.beta(alpha, alpha, len(pixels)).astype(np.float32)
    other = rng.permutation(len(pixels))
    of_image = share.reshape(-1, *[1] * (pixels.ndim - 1))
    mixed = of_image * pixels + (1 - of_image) * pixels[other]
    both = share[:, None] * targets + (1 - share)[:, None] * targets[other]
    return np.rint(mixed).astype(np.uint8), np.minimum(2 * both, 1) if multilabel else both


def _resample(pixels: np.ndarray, first_column: np.ndarray, longer: np.ndarray, upward: np.ndarray) -> np.ndarray:
    """Shift and stretch each image in time, around its end, and shift it in frequency.

    Bilinear between columns, which wrap, and between rows, of which the outermost is repeated.
    """
    n, height, width = pixels.shape
    column = (first_column[:, None] + np.arange(width) / longer[:, None]) % width
    left = np.floor(column).astype(np.intp)
    # Just below the width, a column can round to the width.
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
    """Fill stripes of rows and of columns with the mean of each image's plane, in place."""
    n, height, width = pixels.shape[:3]
    means = np.rint(pixels.mean(axis=(1, 2)))
    for mask in range(max(transforms.n_frequency_masks, transforms.n_time_masks)):
        highest = transforms.frequency_mask * (mask < transforms.n_frequency_masks)
        widest = transforms.time_mask * (mask < transforms.n_time_masks)
        n_rows = rng.integers(0, round(highest * height) + 1, n)
        n_columns = rng.integers(0, round(widest * width) + 1, n)
        first_row = rng.integers(0, height - n_rows + 1)
        first_column = rng.integers(0, width - n_columns + 1)
        for k in range(n):
            pixels[k, first_row[k] : first_row[k] + n_rows[k]] = means[k]
            pixels[k, :, first_column[k] : first_column[k] + n_columns[k]] = means[k]
