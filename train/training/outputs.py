"""What a model gives for stored images."""

from __future__ import annotations

import keras
import numpy as np

from train.data.decode import Images, colour


def outputs(model: keras.Model, images: Images, rows: np.ndarray, *, batch_size: int) -> np.ndarray:
    """Outputs for some images, coloured a batch at a time.

    The last batch is filled up with images that were there already, since the model is compiled for each size.

    Parameters
    ----------
    model : keras.Model
        From images, shape=(batch, height, width, 3), 0 to 255, to one output.
    images : Images
    rows : np.ndarray, shape=(n,), int
        Which of them; 1 or more.
    batch_size : int

    Returns
    -------
    np.ndarray, shape=(n, ...)
        Of a classifier: probabilities, shape=(n, n_classes), float32.
    """
    size = min(batch_size, len(rows))
    filled = np.resize(rows, -(-len(rows) // size) * size)
    parts = [model.predict_on_batch(colour(images.pixels[part], images.palette)) for part in filled.reshape(-1, size)]
    return np.concatenate(parts)[: len(rows)]


def two_outputs(
    model: keras.Model, images: Images, rows: np.ndarray, *, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `outputs`, of a model with two outputs."""
    first: list[np.ndarray] = []
    second: list[np.ndarray] = []
    size = min(batch_size, max(1, len(rows)))
    for part in np.resize(rows, -(-len(rows) // size) * size).reshape(-1, size):
        one, other = model.predict_on_batch(colour(images.pixels[part], images.palette))
        first.append(one)
        second.append(np.asarray(other, np.float32))
    return np.concatenate(first)[: len(rows)], np.concatenate(second)[: len(rows)]
