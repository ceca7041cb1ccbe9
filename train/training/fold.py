"""What one fold is trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from train.data.decode import Images
from train.data.split import Split


@dataclass(frozen=True)
class Fold:
    """All that one fold is trained on.

    Parameters
    ----------
    split : Split
    images : Images
    targets : np.ndarray, shape=(n_images, n_classes), float32
        One row an image, 1 for its classes.
    file_names : tuple of str
        Of the images.
    n_clips : int
        Of the training images.
    seed : tuple of int
        Of the run and the fold.
    folder : Path
        For its weights and its history.
    features : dict of int to np.ndarray
        Those that the pretrained layers give for an image, by its row; all folds of a run in one process share them.
    multilabel : bool
        Whether an image may have several classes.
    """

    split: Split
    images: Images
    targets: np.ndarray
    file_names: tuple[str, ...]
    n_clips: int
    seed: tuple[int, ...]
    folder: Path
    features: dict[int, np.ndarray] = field(default_factory=dict)
    multilabel: bool = False
