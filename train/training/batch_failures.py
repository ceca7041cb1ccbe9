"""Which error ended training: that of a thread that makes batches, or that of the step before Keras's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from generate.runtime.memory_limit import is_out_of_memory
from generate.runtime.os_compat import quoted


@contextmanager
def first_error() -> Iterator[None]:
    """Raise an interrupt or a full memory as what it is, where Keras fails after it.

    On JAX Keras 3.15 purges the variables before the first step, and where that step fails it reads the moving averages
    of the weights all the same: `TypeError: 'NoneType' object is not callable`.
    """
    try:
        yield
    except TypeError as error:
        first = error.__context__
        if isinstance(first, KeyboardInterrupt) or (first is not None and is_out_of_memory(first)):
            raise first from None
        raise


def until_failure(
    batches: Iterator[tuple[np.ndarray, ...]], failures: list[BaseException]
) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches; if one cannot be made, the one before it again and again, until `EndAtFailure` ends training.

    A backend that meets the error itself prints pages of its own code.

    Parameters
    ----------
    batches : iterator
        As `train.training.batches.Batches.epochs` gives them.
    failures : list
        To which the error is added.

    Yields
    ------
    tuple of np.ndarray
    """
    batch = None
    try:
        for batch in batches:
            yield batch
    except (Exception, SystemExit) as error:
        failures.append(error)
        if batch is None:
            raise
        while True:
            yield batch


class EndAtFailure(keras.callbacks.Callback):
    """Ends training when a batch could not be made, before the epoch ends and anything of it is kept.

    Parameters
    ----------
    failures : list
        As `until_failure` fills it.
    run : Path
        The run's folder, for the message.
    """

    def __init__(self, failures: list[BaseException], run: Path) -> None:
        super().__init__()
        self._failures, self._run = failures, run

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Look whether there is one; the batch that has just been learnt may be a repeated one.

        Raises
        ------
        ValueError, MemoryError
            If there is one.
        """
        if not self._failures:
            return
        error = self._failures[0]
        if isinstance(error, MemoryError):
            raise error
        raise ValueError(
            f"A batch of training images could not be made ({type(error).__name__}: {error}). What is done is kept; "
            f"resume with: python -m train --resume {quoted(self._run)}"
        ) from error
