"""What a model gives for stored images."""

from __future__ import annotations

import keras
import numpy as np

from train.data.decode import Images, colour


def outputs(model: keras.Model, images: Images, rows: np.ndarray, *, batch_size: int) -> np.ndarray:
    """Outputs for some images, coloured a batch at a time.

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
    parts = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    return np.concatenate([model.predict_on_batch(colour(images.pixels[part], images.palette)) for part in parts])
