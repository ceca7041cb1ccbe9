"""Clips that activations of 8 bits are calibrated with: of training recordings alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from augment_audio import ORIGINAL
from train.data.decode import colour
from train.data.image_folder import open_images, read_unchanged_images
from train.data.select_classes import select_classes
from train.export.clips import COLUMNS, Clips, read_clips
from train.export.subject import Subject

MOST_CLIPS = 100
"""More change the ranges of activations little, and take as long."""


@dataclass(frozen=True)
class TrainingClips:
    """Originals that the models were trained on, of all classes alike.

    Parameters
    ----------
    subject : Subject
    audio_folder : Path
        Of the recordings.
    """

    subject: Subject
    audio_folder: Path

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a clip, as `metadata.csv` has them."""
        run, fold = self.subject.run, self.subject.held_out_fold
        _, table = read_unchanged_images(run.images, fingerprint=run.image_settings()["fingerprint"])
        table = select_classes(table, run.recipe, multilabel=run.multilabel)
        table = table[(table["variant"] == ORIGINAL) & ~table["silent"].astype(bool)]
        if fold is not None:
            tested = set(run.read_fold_predictions(fold)["source_id"])
            table = table[~table["source_id"].isin(tested)]
        places = table.groupby("label").cumcount()
        return table.iloc[np.lexsort((table["label"], places))[:MOST_CLIPS]].reset_index(drop=True)

    def images(self) -> np.ndarray:
        """As the models see them, shape=(n, height, width, 3), uint8."""
        run = self.subject.run
        settings, _ = read_unchanged_images(run.images, fingerprint=run.image_settings()["fingerprint"])
        images = open_images(run.images, settings, self.table, size=run.input_size, cache="memory")
        return colour(images.pixels[: len(self.table)], images.palette)

    def inputs(self) -> Iterator[np.ndarray]:
        """As the exported file is given them, one at a time: samples or images, float32."""
        clips = Clips(self.table[COLUMNS], self.audio_folder, are_held_out=False)
        return (clip.input for clip in read_clips(clips, self.subject, unreadable=[]))
