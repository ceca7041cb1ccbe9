"""Several devices on TensorFlow: the net is mirrored on each, and all of them agree on every step."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from train.data_parallel import Devices, Take


class Mirrored(Devices):
    """Several devices on TensorFlow, by `tf.distribute.MirroredStrategy`.

    Keras takes the mean of the devices' means, which is that of the batch only where all shares are of the same size;
    it cannot look at shares that differ; and its batch normalisation knows the own share alone. Each is made up for
    here, so that a step is that of the whole batch. One thing differs from one device: dropout, of which each device
    draws the same numbers for its own share.
    """

    def scope(self) -> AbstractContextManager[object]:
        """See `Devices.scope`."""
        return _strategy(self.names).scope()

    def compiles(self) -> bool:
        """XLA of TensorFlow compiles for one device."""
        return False

    def join(self, model: keras.Model) -> None:
        """Batch normalisation over all devices, and a loss to which each picture adds the same; for this net alone.

        `train.checkpoint.save` writes the net as one that trains on one device.
        """
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = True
        model.compute_loss = _of_whole_batch(model.compute_loss, self.number)

    def feed(self, batches: Callable[[], Iterator[tuple[np.ndarray, ...]]]) -> tf.distribute.DistributedDataset:
        """Batches in shares, one a device.

        Keras looks at the first batch before it trains, through an iterator of its own that it throws away. It must
        not take that batch, nor what was made ahead, out of the training; so each iterator starts anew. And for the
        look all shares must be of the same size.
        """
        is_look = True

        def start() -> Iterator[tuple[np.ndarray, ...]]:
            nonlocal is_look
            trims, is_look = is_look, False
            for batch in batches():
                n_shared = len(batch[0]) // self.number * self.number if trims else None
                trims = False
                yield tuple(part[:n_shared] for part in batch)

        # Made here too: an error in the first batch of all is raised as it is, and not through TensorFlow.
        return self._in_shares(start, next(batches()))

    def validation(self, take: Take, n: int, *, batch_size: int) -> dict[str, object]:
        """See `Devices.validation`; no device goes without a picture, and the first batch divides evenly."""
        parts = parts_of(n, batch_size=batch_size, n_devices=self.number)

        def start() -> Iterator[tuple[np.ndarray, ...]]:
            for part in itertools.cycle(parts):  # Keras counts the steps, and looks at the one after the last
                yield take(part)

        return {"validation_data": self._in_shares(start, next(start())), "validation_steps": len(parts)}

    def _in_shares(
        self, start: Callable[[], Iterator[tuple[np.ndarray, ...]]], example: tuple[np.ndarray, ...]
    ) -> tf.distribute.DistributedDataset:
        """Batches, each cut into as many parts as there are devices, of the same size give or take one."""

        def shares() -> Iterator[tuple[np.ndarray, ...]]:
            for batch in start():
                yield from zip(*(np.array_split(part, self.number) for part in batch), strict=True)

        signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in example)
        dataset = tf.data.Dataset.from_generator(shares, output_signature=signature).prefetch(self.number)
        return _strategy(self.names).distribute_datasets_from_function(lambda _: dataset)


@cache
def _strategy(names: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """One for all runs of a process: a second one numbers its sums from the start again, and mixes them up."""
    return tf.distribute.MirroredStrategy([name.upper() for name in names])


def parts_of(n: int, *, batch_size: int, n_devices: int) -> list[slice]:
    """Divide rows into batches of which each device gets some; all but the last divide evenly.

    Parameters
    ----------
    n : int
        Rows; twice as many as devices, or more.
    batch_size : int
        At most; a multiple of the devices. With few rows a device the last may be larger.
    n_devices : int
    """
    rest = n % n_devices
    # What is left over cannot stand alone: some device would have nothing, and its mean of nothing is no number.
    last = n_devices + rest if rest else 0
    cuts = [*range(0, n - last, batch_size), n - last, *([n] if last else [])]
    return [slice(begin, end) for begin, end in zip(cuts[:-1], cuts[1:], strict=True)]


def _of_whole_batch(compute_loss: Callable[..., tf.Tensor], n_devices: int) -> Callable[..., tf.Tensor]:
    """Let each device's loss count by its share of the batch, in what the net learns from it.

    Its value stays the mean over the share, by which Keras's own record of the loss is right.
    """

    def by_share(
        x: object = None,
        y: object = None,
        y_pred: object = None,
        sample_weight: object = None,
        training: bool = True,
    ) -> tf.Tensor:
        loss = compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        replica = tf.distribute.get_replica_context()
        if replica is None or not training:
            return loss
        n = tf.cast(tf.shape(y)[0], loss.dtype)
        counted = loss * n * n_devices / replica.all_reduce(tf.distribute.ReduceOp.SUM, n)
        return counted + tf.stop_gradient(loss - counted)

    return by_share
