"""What one fold is trained on."""

from __future__ import annotations

from dataclasses import dataclass
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
        One row an image, 1 for its class.
    n_clips : int
        Of the training images.
    seed : tuple of int
        Of the run and the fold.
    folder : Path
        For its weights and its history.
    """

    split: Split
    images: Images
    targets: np.ndarray
    n_clips: int
    seed: tuple[int, ...]
    folder: Path
