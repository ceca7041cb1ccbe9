"""Training images, transformed afresh and put together to batches, ahead of the model."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from train.augment.image_transforms import ImageTransforms
from train.augment.spectrogram_transforms import SpectrogramTransforms, mix, transform
from train.data.decode import Images, colour

N_LOADERS = max(1, (os.cpu_count() or 1) // 2)
"""Threads that make batches. Threads and not processes: numpy releases the GIL."""
AHEAD = 2
"""Batches that each of them prepares."""


class Draw(IntEnum):
    """First number of a seed, so that no two purposes use the same random numbers."""

    WEIGHTS = 1
    ORDER = 2
    TRANSFORMS = 3
    DROPOUT = 4


@dataclass(frozen=True)
class Batches:
    """The training images of one fold, epoch after epoch.

    A batch depends on the seed, the epoch and its number alone, so every run and every backend sees the same ones.

    Parameters
    ----------
    images : Images
        All images of the run.
    rows : np.ndarray, shape=(n,), int
        Which of them to train on.
    targets : np.ndarray, shape=(n_images, n_classes), float32
        One row an image of the run, 1 for its class.
    batch_size : int
        At most so many images a batch. All batches are of one size, so that a step is compiled once: for that, fewer
        images than an epoch has batches are shown twice in it.
    seed : tuple of int
    spectrogram : SpectrogramTransforms or None
    image : ImageTransforms or None
        Done after those of the spectrogram.
    class_weights : np.ndarray or None, shape=(n_classes,), float32
    multilabel : bool
        Whether an image may have several classes.
    """

    images: Images
    rows: np.ndarray
    targets: np.ndarray
    batch_size: int
    seed: tuple[int, ...]
    spectrogram: SpectrogramTransforms | None = None
    image: ImageTransforms | None = None
    class_weights: np.ndarray | None = None
    multilabel: bool = False

    def __len__(self) -> int:
        """Batches an epoch."""
        return -(-len(self.rows) // self.batch_size)

    def epochs(self, first: int, last: int) -> Iterator[tuple[np.ndarray, ...]]:
        """Batches of the epochs `first` to `last - 1`, made a little ahead.

        Yields
        ------
        images : np.ndarray, shape=(batch, height, width, 3), uint8, or float32 after some image transforms
        targets : np.ndarray, shape=(batch, n_classes), float32
        weights : np.ndarray, shape=(batch,), float32
            Only with class weights.
        """
        wanted = ((epoch, number) for epoch in range(first, last) for number in range(len(self)))
        with ThreadPoolExecutor(N_LOADERS, thread_name_prefix="batches") as pool:
            made: deque[Future] = deque()
            try:
                for epoch, number in itertools.islice(wanted, N_LOADERS * AHEAD):
                    made.append(pool.submit(self.batch, epoch, number))
                while made:
                    batch = made.popleft().result()
                    for epoch, number in itertools.islice(wanted, 1):
                        made.append(pool.submit(self.batch, epoch, number))
                    yield batch
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def batch(self, epoch: int, number: int) -> tuple[np.ndarray, ...]:
        """Make one batch; see `epochs`.

        Parameters
        ----------
        epoch : int
            From 0.
        number : int
            Of the batch in its epoch, 0 to `len(self) - 1`.
        """
        order = np.random.default_rng((Draw.ORDER, *self.seed, epoch)).permutation(self.rows)
        size = -(-len(order) // len(self))
        rows = np.resize(order, size * len(self))[number * size :][:size]
        rng = np.random.default_rng((Draw.TRANSFORMS, *self.seed, epoch, number))
        pixels, targets = self.images.pixels[rows], self.targets[rows]
        if self.spectrogram is not None:
            pixels = transform(pixels, self.spectrogram, rng)
            alpha = self.spectrogram.mixup
            pixels, targets = mix(pixels, targets, alpha=alpha, rng=rng, multilabel=self.multilabel)
        if self.image is None:
            x = colour(pixels, self.images.palette)
        else:
            x = self.image.transform(pixels, self.images.palette, rng)
        if self.class_weights is None:
            return x, targets
        # Of a mixed image each part counts with the weight of its class.
        weights = targets @ self.class_weights
        return x, targets * self.class_weights / weights[:, None], weights
