"""After each epoch: history, progress, checkpoints, early stopping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import keras
import numpy as np

from train.models import checkpoint
from train.recipe import Recipe
from train.runs.history import EpochRow, has_waited, tested_epoch, write_history
from train.runs.run_folder import BEST, LAST
from train.training.batches import Draw
from train.training.schedule import Phase

if TYPE_CHECKING:
    from train.training.fold import Fold

CROSS_ENTROPY = "cross_entropy"
"""Of the validation images, without label smoothing and penalties of weights: that of the fitted last layer has none
either, and the least of all epochs is chosen."""
SAVE_EVERY_S = 60.0
"""After an epoch a checkpoint is saved if so much time has passed: a killed run loses at most that and an epoch."""


class SaveAndReport(keras.callbacks.Callback):
    """Saves checkpoints and the history, reports progress and stops early, after each epoch of a phase.

    Parameters
    ----------
    recipe : Recipe
    fold : Fold
    phase : Phase
        That is being trained.
    history : list of dict
        Of the epochs before; a row is added after each epoch.
    on_epoch : callable
        See `train.training.fit.fit_fold`.
    is_last : bool
        Whether it is the last phase, the only one that may stop early.
    """

    def __init__(
        self,
        recipe: Recipe,
        fold: Fold,
        phase: Phase,
        history: list[EpochRow],
        on_epoch: Callable[[EpochRow, int], None],
        *,
        is_last: bool,
    ) -> None:
        super().__init__()
        self._recipe, self._fold, self._phase, self._history = recipe, fold, phase, history
        self._on_epoch, self._may_stop = on_epoch, is_last
        self._saved = self._began = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Start the clock, and seed dropout: a model file does not hold the state of its random generators."""
        self._began = time.monotonic()
        for number, layer in enumerate(self.model._flatten_layers()):
            if hasattr(layer, "seed_generator"):
                drawn = np.random.default_rng((Draw.DROPOUT, *self._fold.seed, epoch, number)).integers(2**31, size=2)
                layer.seed_generator.state.assign(drawn)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Record the epoch."""
        now = time.monotonic()
        numbers = {name: float(value) for name, value in (logs or {}).items() if name != "learning_rate"}
        numbers.pop(CROSS_ENTROPY, None)
        if (validation := numbers.pop(f"val_{CROSS_ENTROPY}", None)) is not None:
            numbers["val_loss"] = validation
        if not np.isfinite([numbers["loss"], numbers.get("val_loss", 0)]).all():
            raise ValueError(
                f"The loss is not finite in epoch {epoch + 1}. Lower --learning-rate, or leave --mixed-precision out."
            )
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {"epoch": epoch + 1, "phase": self._phase.name, "learning_rate": rate, **numbers}
        self._history.append(row | {"seconds": round(now - self._began, 3)})
        is_best = self._recipe.select == "validation" and tested_epoch(self._recipe, self._history) == epoch + 1
        # After the last epoch the weights may still be averaged; who resumes before that was done trains it again.
        is_end = self._recipe.select == "last" and self._may_stop and epoch + 1 == self.params["epochs"]
        if is_best or (now - self._saved >= SAVE_EVERY_S and not is_end):
            self._keep()
        if is_best:
            # After the other, which it can be made from: a kill between the two loses nothing.
            checkpoint.save(self.model, self._fold.folder / BEST, self._history, with_optimizer=False)
        self._on_epoch(self._history[-1], len(self._fold.split.train))
        if self._may_stop and has_waited(self._recipe, self._phase.name, self._history):
            self.model.stop_training = True

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Save the model, so that a finished phase is never repeated."""
        if not self._may_stop:
            self._keep()

    def _keep(self) -> None:
        checkpoint.save(self.model, self._fold.folder / LAST, self._history)
        write_history(self._fold.folder, self._history)
        self._saved = time.monotonic()
