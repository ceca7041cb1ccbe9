"""Images that activations of 8 bits are calibrated with: of training recordings alone."""

from __future__ import annotations

import numpy as np

from augment_audio import ORIGINAL
from train.data.decode import colour
from train.data.image_folder import open_images, read_images
from train.data.select_classes import select_classes
from train.export.subject import Subject

MOST_IMAGES = 200
"""More change the ranges of activations little, and take as long."""


def calibration_images(subject: Subject) -> np.ndarray:
    """Originals that the models were trained on, of all classes alike.

    Parameters
    ----------
    subject : Subject

    Returns
    -------
    np.ndarray, shape=(n, height, width, 3), uint8
    """
    run = subject.run
    settings, table = read_images(run.images)
    table = select_classes(table, run.recipe)
    table = table[table["variant"] == ORIGINAL]
    if subject.held_out_fold is not None:
        tested = set(run.read_fold_predictions(subject.held_out_fold)["source_id"])
        table = table[~table["source_id"].isin(tested)]
    places = table.groupby("label").cumcount()
    table = table.iloc[np.lexsort((table["label"], places))[:MOST_IMAGES]].reset_index(drop=True)
    images = open_images(
        run.images, settings, table, size=run.input_size, silent_ends=run.recipe.silent_ends, cache="memory"
    )
    return colour(images.pixels[: len(table)], images.palette)
