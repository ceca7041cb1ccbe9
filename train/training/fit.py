"""One fold: from its training images to tested weights."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from train import backend
from train.augment.image_transforms import ImageTransforms, image_arguments
from train.augment.spectrogram_transforms import SpectrogramTransforms
from train.data.decode import colour
from train.models import checkpoint
from train.models.build import build_from_recipe
from train.models.ensemble import CrossEntropy
from train.models.registry import ensemble_size
from train.recipe import Recipe
from train.runs.history import EpochRow, has_waited, tested_epoch, write_history
from train.runs.run_folder import BEST, LAST
from train.training.batch_failures import EndAtFailure, first_error, until_failure
from train.training.batches import Batches, Draw
from train.training.callbacks import CROSS_ENTROPY, SaveAndReport
from train.training.fold import Fold
from train.training.linear_head import fit_linear_head
from train.training.schedule import Phase, ema_momentum, learning_rate, phases, set_trainable


def n_images_to_see(recipe: Recipe, fold: Fold) -> int:
    """Training images that are still to go through the model, over all epochs that are left."""
    n_images = len(fold.split.train)
    n_epochs = sum(phase.epochs for phase in phases(recipe, n_images=n_images, n_clips=fold.n_clips))
    last = fold.folder / LAST
    return n_images * (n_epochs - (len(checkpoint.read_history(last)) if last.is_file() else 0))


def fit_fold(
    recipe: Recipe,
    fold: Fold,
    *,
    on_epoch: Callable[[EpochRow, int], None],
    log_folder: Path | None = None,
) -> tuple[keras.Model, list[EpochRow]]:
    """Train one fold; a fold that was interrupted resumes from its checkpoint.

    Parameters
    ----------
    recipe : Recipe
    fold : Fold
    on_epoch : callable
        `on_epoch(row, n_images)`, after each epoch: its row of the history, and how many images were seen.
    log_folder : Path, optional
        For TensorBoard.

    Returns
    -------
    model : keras.Model
        With the weights to be tested: the last ones, or with `select="validation"` the best epoch's.
    history : list of dict
        One row per epoch.
    """
    keras.utils.clear_session()
    checkpoint.remove_halves(fold.folder)
    fold.folder.mkdir(parents=True, exist_ok=True)
    model, history = _train(recipe, fold, on_epoch, log_folder)
    if recipe.select == "validation":
        checkpoint.restore(model, fold.folder / BEST)
    return model, history


def _train(
    recipe: Recipe,
    fold: Fold,
    on_epoch: Callable[[EpochRow, int], None],
    log_folder: Path | None,
) -> tuple[keras.Model, list[EpochRow]]:
    """All epochs that are left; the model with the last weights, and the history."""
    batches = make_batches(recipe, fold)
    all_phases = phases(recipe, n_images=len(fold.split.train), n_clips=fold.n_clips)
    last = fold.folder / LAST
    history = checkpoint.read_history(last) if last.is_file() else []
    height, width = fold.images.pixels.shape[1:3]
    model = (
        checkpoint.load(last, recipe, n_classes=fold.targets.shape[1], size=(height, width), multilabel=fold.multilabel)
        if history
        else _new_model(recipe, fold)
    )
    if history and recipe.select == "validation" and tested_epoch(recipe, history) == len(history):
        checkpoint.save(model, fold.folder / BEST, history, with_optimizer=False)
    first = 0
    for phase in all_phases:
        end = first + phase.epochs
        done = len(history)
        is_last = phase is all_phases[-1]
        if phase.name == "head":
            if not done:
                _fit_head(model, recipe, fold, history, on_epoch)
        elif done < end and not (is_last and has_waited(recipe, phase.name, history)):
            _begin_training(model, phase, recipe, len(batches), multilabel=fold.multilabel)
            if done > first:
                checkpoint.restore(model, last, with_optimizer=True)
            save_and_report = SaveAndReport(recipe, fold, phase, history, on_epoch, is_last=is_last)
            failures: list[BaseException] = []
            callbacks = [EndAtFailure(failures, fold.folder.parent), save_and_report]
            if log_folder is not None:
                callbacks.append(keras.callbacks.TensorBoard(log_folder))
            with first_error():
                model.fit(
                    until_failure(batches.epochs(max(done, first), end), failures),
                    steps_per_epoch=len(batches),
                    initial_epoch=max(done, first),
                    epochs=end,
                    validation_data=Validation(fold, recipe.batch_size) if recipe.select == "validation" else None,
                    callbacks=callbacks,
                    shuffle=False,
                    verbose=0,
                )
        first = end
    checkpoint.save(model, last, history, with_optimizer=False)
    write_history(fold.folder, history)
    return model, history


def make_batches(recipe: Recipe, fold: Fold) -> Batches:
    """The training images of a fold, with the transforms of the recipe."""
    rows = fold.split.train
    weights = None
    if recipe.class_weights:
        counts = fold.targets[rows].sum(axis=0)
        weights = (len(rows) / (len(counts) * np.maximum(counts, 1))).astype(np.float32)
    is_on = {name: name in recipe.augment for name in ("spectrogram", "image")}
    return Batches(
        fold.images,
        rows,
        fold.targets,
        recipe.batch_size,
        fold.seed,
        SpectrogramTransforms.from_values(recipe.spectrogram_values) if is_on["spectrogram"] else None,
        ImageTransforms(image_arguments(recipe.image_preset, recipe.image_values)) if is_on["image"] else None,
        weights,
        fold.multilabel,
    )


def _new_model(recipe: Recipe, fold: Fold) -> keras.Model:
    """A model with weights initialised from the seed, or pretrained."""
    height, width = fold.images.pixels.shape[1:3]
    with backend.seeded(int(np.random.default_rng((Draw.WEIGHTS, *fold.seed)).integers(2**31))):
        return build_from_recipe(
            recipe,
            n_classes=fold.targets.shape[1],
            size=(height, width),
            weights=recipe.weights,
            half_precision=recipe.mixed_precision and backend.has_gpu(),
            multilabel=fold.multilabel,
        )


def _fit_head(
    model: keras.Model,
    recipe: Recipe,
    fold: Fold,
    history: list[EpochRow],
    on_epoch: Callable[[EpochRow, int], None],
) -> None:
    """The first epoch of a pretrained model: its last layer is fitted, and the model saved."""
    began = time.monotonic()
    numbers = fit_linear_head(model, recipe, fold)
    row = {"epoch": 1, "phase": "head", "learning_rate": 0.0, **numbers}
    history.append(row | {"seconds": round(time.monotonic() - began, 3)})
    checkpoint.save(model, fold.folder / LAST, history, with_optimizer=False)
    if recipe.select == "validation":
        checkpoint.save(model, fold.folder / BEST, history, with_optimizer=False)
    on_epoch(history[-1], len(fold.split.train))


def share_of_labels_right(truth: keras.KerasTensor, probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Share of the labels of each image that are predicted rightly, shape=(n,).

    Of a mixed image a label counts from a half on; `keras.metrics.BinaryAccuracy` calls every fraction an error.

    Parameters
    ----------
    truth, probabilities : tensor, shape=(n, n_classes)
        0 to 1.
    """
    is_right = keras.ops.equal(keras.ops.greater_equal(truth, 0.5), keras.ops.greater(probabilities, 0.5))
    return keras.ops.mean(keras.ops.cast(is_right, "float32"), axis=-1)


def _begin_training(
    model: keras.Model, phase: Phase, recipe: Recipe, steps_per_epoch: int, *, multilabel: bool = False
) -> None:
    """Freeze what is not trained, and add an optimizer."""
    set_trainable(model, recipe)
    rate = learning_rate(phase, steps_per_epoch=steps_per_epoch, warmup=recipe.warmup)
    # The best epoch is one whose own weights were looked at.
    averages = recipe.weights != "none" and recipe.select == "last"
    momentum = ema_momentum(phase.epochs * steps_per_epoch)
    cross_entropy = keras.losses.CategoricalCrossentropy if ensemble_size(recipe) == 1 else CrossEntropy
    metrics = [keras.metrics.CategoricalAccuracy("accuracy")]
    if multilabel:  # prepare() refuses ensembles
        cross_entropy = keras.losses.BinaryCrossentropy
        metrics = [keras.metrics.MeanMetricWrapper(share_of_labels_right, name="accuracy")]
    if recipe.select == "validation":
        metrics.append(keras.metrics.MeanMetricWrapper(cross_entropy(reduction="none"), name=CROSS_ENTROPY))
    model.compile(
        optimizer=keras.optimizers.AdamW(
            rate, weight_decay=recipe.weight_decay, use_ema=averages, ema_momentum=momentum
        ),
        loss=cross_entropy(label_smoothing=recipe.label_smoothing),
        metrics=metrics,
        jit_compile=backend.compiles(),
    )
    # With all variables there before the first step TensorFlow traces it once, else twice: 11 s instead of 22 with
    # resnet50, 21 instead of 38 with densenet121 on two cores, in each phase of each fold.
    model.optimizer.build(model.trainable_variables)


class Validation(keras.utils.PyDataset):
    """Images and classes of the validation fold, coloured a batch at a time.

    Parameters
    ----------
    fold : Fold
    batch_size : int
    """

    def __init__(self, fold: Fold, batch_size: int) -> None:
        super().__init__()
        self._fold, self._batch_size = fold, batch_size

    def __len__(self) -> int:
        """How many batches."""
        return -(-len(self._fold.split.validation) // self._batch_size)

    def __getitem__(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """One of them: images, shape=(n, height, width, 3), and targets, shape=(n, n_classes)."""
        rows = self._fold.split.validation[number * self._batch_size :][: self._batch_size]
        images = self._fold.images
        return colour(images.pixels[rows], images.palette), self._fold.targets[rows]
