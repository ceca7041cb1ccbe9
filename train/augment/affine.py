"""The transforms of `ImageDataGenerator`, compiled and in one pass: the same pixels in a tenth of the time."""

from __future__ import annotations

from functools import partial
from typing import TypedDict

import numpy as np

from augment_audio.dsp.compiled import compiled


class Transform(TypedDict):
    """A transform as `ImageDataGenerator.get_random_transform` returns it."""

    theta: float
    tx: float
    ty: float
    shear: float
    zx: float
    zy: float
    flip_horizontal: bool
    flip_vertical: bool
    brightness: float | None
    channel_shift_intensity: float | None


def affine_matrix(drawn: Transform, shape: tuple[int, int]) -> np.ndarray:
    """The matrix of a transform.

    The same products in the same order as in `keras.preprocessing.image.apply_affine_transform`, since the last digits
    of a coordinate decide on which side of a pixel it is.

    Parameters
    ----------
    drawn : Transform
    shape : tuple of (int, int)
        Height and width.

    Returns
    -------
    np.ndarray, shape=(2, 3), float64
        From row, column of the result to row, column of the image.
    """
    theta, shear = np.deg2rad(drawn["theta"]), np.deg2rad(drawn["shear"])
    tx, ty, zx, zy = drawn["tx"], drawn["ty"], drawn["zx"], drawn["zy"]
    factors: list[list[list[float]]] = []
    if theta != 0:
        factors.append([[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]])
    if tx != 0 or ty != 0:
        factors.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear != 0:
        factors.append([[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        factors.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    if not factors:
        return np.eye(2, 3)
    matrix = np.array(factors[0], dtype=np.float64)
    for factor in factors[1:]:
        matrix = np.dot(matrix, np.array(factor, dtype=np.float64))
    row, column = shape[0] / 2 - 0.5, shape[1] / 2 - 0.5
    there = np.array([[1, 0, row], [0, 1, column], [0, 0, 1]], dtype=np.float64)
    back = np.array([[1, 0, -row], [0, 1, -column], [0, 0, 1]], dtype=np.float64)
    matrix = np.dot(np.dot(there, matrix), back)
    # Keras counts columns before rows.
    return np.ascontiguousarray(matrix[[1, 0]][:, [1, 0, 2]])


# Fused operations would round differently from scipy.
@partial(compiled, fused=False)
def warp(
    pixels: np.ndarray,
    palette: np.ndarray,
    matrix: np.ndarray,
    flip_horizontal: bool,
    flip_vertical: bool,
    brightness: np.float32,
    out: np.ndarray,
) -> None:
    """Transform one image.

    As `scipy.ndimage.affine_transform` of order 1 and mode `nearest`, then `PIL.ImageEnhance.Brightness`, for each
    colour channel, in their order of operations.

    Parameters
    ----------
    pixels : np.ndarray, shape=(height, width), uint8
    palette : np.ndarray, shape=(256, 3), float64
    matrix : np.ndarray, shape=(2, 3), float64
        From row, column of the result to row, column of the image.
    flip_horizontal, flip_vertical : bool
    brightness : float32
        Below 0: unchanged.
    out : np.ndarray, shape=(height, width, 3), float32, or uint8 where brightness changes
        Written to.
    """
    height, width = pixels.shape
    # Padding, which is read with weight 0.
    flat = np.zeros(height * width + width + 1, dtype=np.uint8)
    flat[: height * width] = pixels.reshape(-1)
    low, high, near, far = np.empty(width), np.empty(width), np.empty(width), np.empty(width)
    places = np.empty(width, dtype=np.int32)
    line = np.empty((width, 3), dtype=np.float32)
    for i in range(height):
        # Coordinates first, then pixels: two simple loops are vectorised, one with both is not.
        for j in range(width):
            row = min(max(i * matrix[0, 0] + j * matrix[0, 1] + matrix[0, 2], 0.0), height - 1.0)
            column = min(max(i * matrix[1, 0] + j * matrix[1, 1] + matrix[1, 2], 0.0), width - 1.0)
            top, left = np.int32(row), np.int32(column)
            low[j], near[j] = row - top, column - left
            high[j], far[j] = 1.0 - low[j], 1.0 - near[j]
            places[j] = top * width + left
        for j in range(width):
            place = np.uint64(places[j])
            a, b = flat[place], flat[place + np.uint64(1)]
            c, d = flat[place + np.uint64(width)], flat[place + np.uint64(width + 1)]
            for k in range(3):
                value = palette[a, k] * high[j] * far[j] + palette[b, k] * high[j] * near[j]
                line[j, k] = value + palette[c, k] * low[j] * far[j] + palette[d, k] * low[j] * near[j]
        if brightness >= 0:
            for j in range(width):
                for k in range(3):
                    line[j, k] = min(np.floor(brightness * np.floor(line[j, k])), np.float32(255))
        into = out[height - 1 - i if flip_vertical else i]
        for j in range(width):
            column_out = width - 1 - j if flip_horizontal else j
            for k in range(3):
                into[column_out, k] = line[j, k]
