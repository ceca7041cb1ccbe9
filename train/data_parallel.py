"""On how many devices a net trains: each takes a share of every batch, and all of them make one step together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np

from generate.wording import count
from train import device

if TYPE_CHECKING:
    from train.split import Split

ALL = "all"
Take = Callable[[slice], tuple[np.ndarray, np.ndarray]]
PICTURES = "preprocess/output"
"""Where a net's pictures come out of its first layer; see `train.models.build_model`."""


@dataclass(frozen=True)
class Devices:
    """Where a net trains: one device, with nothing that several need.

    The batch is that of all devices together, and the learning rate goes with it (Goyal et al. "Accurate, Large
    Minibatch SGD: Training ImageNet in 1 Hour", 2017, https://arxiv.org/abs/1706.02677). So a run is the same on any
    number of devices, within the rounding of sums that are taken in another order.

    Parameters
    ----------
    names : tuple of str
        Such as `gpu:0`; empty: whichever the backend takes.
    """

    names: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many."""
        return max(1, len(self.names))

    def to_json(self, batch_size: int) -> dict[str, object]:
        """What a finished fold keeps: `number`, `kind` (`GPU` or `CPU`), `batch_size_each`."""
        kind = self.names[0].split(":")[0].upper() if self.names else "default"
        return {"number": self.number, "kind": kind, "batch_size_each": batch_size // self.number}

    def scope(self) -> AbstractContextManager[object]:
        """Everything that is built, loaded or trained in here is on these devices."""
        return nullcontext()

    def join(self, model: keras.Model) -> None:
        """Make a net that was just built, or loaded, train on these devices."""

    def compiles(self) -> bool:
        """Whether steps are compiled by XLA."""
        return device.compiles()

    def feed(self, batches: Callable[[], Iterator[tuple[np.ndarray, ...]]]) -> object:
        """What `keras.Model.fit` takes its batches from.

        Parameters
        ----------
        batches : callable
            Starts them from the first.
        """
        return batches()

    def validation(self, take: Take, n: int, *, batch_size: int) -> dict[str, object]:
        """Arguments of `keras.Model.fit` for pictures that are kept aside.

        Parameters
        ----------
        take : callable
            Gives a slice of them: pictures, shape=(m, height, width, 3), and targets, shape=(m, n_classes).
        n : int
            How many there are.
        batch_size : int
        """
        return {"validation_data": _InParts(take, [slice(k, k + batch_size) for k in range(0, n, batch_size)])}


class _InParts(keras.utils.PyDataset):
    """Pictures and targets, made a part at a time."""

    def __init__(self, take: Take, parts: list[slice]) -> None:
        super().__init__()
        self._take, self._parts = take, parts

    def __len__(self) -> int:
        """How many parts."""
        return len(self._parts)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """One of them."""
        return self._take(self._parts[number])


class Sharded(Devices):
    """Several devices on JAX, by Keras's distribution."""

    def scope(self) -> AbstractContextManager[object]:
        """See `Devices.scope`."""
        return _EvenOrNot(devices=list(self.names)).scope()


class _EvenOrNot(keras.distribution.DataParallel):
    """Each device a share of every batch, also where the shares differ by one.

    Keras's own deals out arrays that divide evenly, and no others. Here each device is sent the whole batch (of bytes,
    not numbers) and keeps its rows once they are numbers; inside a step XLA divides any number of rows. As the step
    is that of the whole batch, so are the statistics of batch normalisation, dropout and the mean of the loss.
    """

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> keras.distribution.TensorLayout | None:
        if not path.endswith(PICTURES):
            return None
        return keras.distribution.TensorLayout([self.batch_dim_name, None, None, None], self.device_mesh)


def choose(wanted: int | str | None) -> Devices:
    """The devices to train on: GPUs where there are some, else those that the backend makes of the processor.

    Parameters
    ----------
    wanted : int, "all" or None
        None: one.

    Raises
    ------
    ValueError
        If there are not so many, or the backend cannot share a batch.
    """
    backend = keras.backend.backend()
    if wanted not in (None, 1) and backend not in ("tensorflow", "jax"):
        raise ValueError(
            f"--devices is {wanted}, and on Keras's backend {backend!r} this program trains on one device; leave it "
            "out, or set KERAS_BACKEND to tensorflow or jax."
        )
    if wanted is None and backend not in ("tensorflow", "jax"):
        return Devices()
    names = keras.distribution.list_devices()
    number = len(names) if wanted == ALL else (wanted or 1)
    if number > len(names):
        kind = names[0].split(":")[0].upper()
        there = f"{count(len(names), kind)}" if kind != "CPU" else "no GPU" + f" and {count(len(names), 'CPU device')}"
        raise ValueError(f"--devices is {number}, and {backend} sees {there}; give at most {len(names)}, or all.")
    if number == 1:
        return Devices(tuple(names[:1]))
    if backend == "jax":
        return Sharded(tuple(names[:number]))
    from train.mirrored import Mirrored

    return Mirrored(tuple(names[:number]))


def check_shares(devices: Devices, batch_size: int, splits: Iterable[Split]) -> None:
    """See that each device has something to do in every step.

    Parameters
    ----------
    devices : Devices
    batch_size : int
        Of all devices together.
    splits : iterable of Split
        The folds that are to be trained.

    Raises
    ------
    ValueError
        If the devices cannot share a batch evenly, or the last batches of an epoch are too small to be shared.
    """
    number = devices.number
    if number == 1:
        return
    if batch_size % number:
        below = batch_size // number * number
        near = f"{below} or {below + number}" if below else f"{number}"
        raise ValueError(
            f"--batch-size is {batch_size}, the pictures of one step on all devices together, and {number} devices "
            f"cannot share it evenly; give a multiple of {number} such as {near}, or other --devices."
        )
    for split in splits:
        n_train, n_aside = len(split.train), len(split.validation)
        smallest = n_train // -(-n_train // batch_size)
        if smallest < number:
            raise ValueError(
                f"The {count(n_train, 'training picture')} of fold {split.name!r} make batches of {smallest}, and "
                f"{number} devices need one picture each; give a larger --batch-size, or fewer --devices."
            )
        if n_aside and n_aside < 2 * number:
            raise ValueError(
                f"With fold {split.name!r} as the test only {count(n_aside, 'picture')} are left to choose the epoch "
                f"by, and {number} devices need {2 * number}; give fewer --devices, or take --select last."
            )
