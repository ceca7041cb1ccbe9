"""Report an error in a thread that makes batches; a backend that meets the error prints pages of its own code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np

from generate.runtime.os_compat import quoted


def until_failure(
    batches: Iterator[tuple[np.ndarray, ...]], failures: list[BaseException]
) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches; if one cannot be made, the one before it again and again, until `EndAtFailure` ends training.

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
