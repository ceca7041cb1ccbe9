import json
import shutil
from dataclasses import replace
from zlib import crc32

import keras
import numpy as np
import pytest

from generate.dataset.tables import read_metadata
from train.augment.image_transforms import ImageTransforms
from train.augment.spectrogram_transforms import SpectrogramTransforms
from train.data.decode import load_images, palette_of
from train.data.split import make_splits
from train.models import checkpoint
from train.models.build import BASE
from train.recipe import Recipe
from train.runs import history as fold_history
from train.training import callbacks
from train.training.batch_failures import first_error
from train.training.fit import (
    _begin_training,
    _new_model,
    fit_fold,
    make_batches,
    n_images_to_see,
    share_of_labels_right,
)
from train.training.fold import Fold
from train.training.outputs import outputs
from train.training.schedule import LEAST_CLIPS, VIEWS, Phase, ema_momentum, learning_rate, phases, set_trainable

SMALL = Recipe(model="cnn7", ensemble=1, input_size=32, epochs=6, batch_size=16)


@pytest.fixture
def fold(images, tmp_path):
    return fold_in(images, tmp_path / "fold-1")


def fold_in(images, folder):
    table = read_metadata(images / "metadata.csv")
    split = make_splits(table, with_validation=True, train_variants=[])[0]
    classes = sorted(table["label"].unique())
    return Fold(
        split=split,
        images=load_images(images, list(table["file_name"]), palette=palette_of("magma"), size=(32, 32)),
        targets=np.eye(3, dtype=np.float32)[[classes.index(label) for label in table["label"]]],
        file_names=tuple(table["file_name"]),
        n_clips=table["clip_id"].iloc[split.train].nunique(),
        seed=(0, crc32(b"1")),
        folder=folder,
    )


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """What `fit_fold` gives for `SMALL`, once."""
    return fit_fold(SMALL, fold_in(images, tmp_path_factory.getbasetemp() / "trained-fold"), on_epoch=quiet)


@pytest.fixture
def finished(fold, trained, tmp_path_factory):
    """The fold with the files of `trained` in its folder."""
    shutil.copytree(tmp_path_factory.getbasetemp() / "trained-fold", fold.folder)
    return fold


def quiet(*_):
    pass


def weights(model):
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def same(history):
    """A history without what the clock says."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in history]


def test_it_learns_and_leaves_its_files(fold):
    seen = []
    recipe = replace(SMALL, ensemble=2, epochs=25)
    n_images = n_images_to_see(recipe, fold)
    model, history = fit_fold(recipe, fold, on_epoch=lambda row, n: seen.append((row["epoch"], n)))
    assert [row["epoch"] for row in history] == list(range(1, 26))
    assert seen == [(epoch, len(fold.split.train)) for epoch in range(1, 26)]
    assert sum(n for _, n in seen) == n_images
    assert n_images_to_see(recipe, fold) == 0
    assert history[-1]["loss"] < 0.7 * history[0]["loss"]
    assert max(row["learning_rate"] for row in history) == pytest.approx(1e-3, rel=0.05)
    assert history[-1]["learning_rate"] < 1e-4
    says = outputs(model, fold.images, fold.split.test, batch_size=5)
    np.testing.assert_allclose(says.sum(axis=1), 1, rtol=1e-5)
    assert (says.argmax(axis=1) == fold.targets[fold.split.test].argmax(axis=1)).mean() > 0.6
    again = checkpoint.load(fold.folder / "last.keras", recipe, n_classes=3, size=(32, 32))
    np.testing.assert_allclose(outputs(again, fold.images, fold.split.test, batch_size=5), says, atol=1e-6)
    assert {path.name for path in fold.folder.iterdir()} == {"last.keras", "history.csv"}


def test_same_seed_same_history_and_weights(fold, trained):
    one, history = trained
    two, again = fit_fold(SMALL, fold, on_epoch=quiet)
    assert same(history) == same(again)
    assert all(np.array_equal(a, b) for a, b in zip(weights(one), weights(two), strict=True))
    other = _new_model(SMALL, replace(fold, seed=(1, 2)))
    assert not np.array_equal(weights(_new_model(SMALL, fold))[0], weights(other)[0])
    first = [next(make_batches(SMALL, replace(fold, seed=seed)).epochs(0, 1))[0] for seed in (fold.seed, (1, 2))]
    assert not np.array_equal(*first)


class Killed(BaseException):
    """As abrupt as a signal: nothing after it is done."""


FINE_TUNING = replace(SMALL, epochs=4, weights="FILE", unfreeze="5")


@pytest.mark.parametrize(
    ("recipe", "killed_at"),
    [
        (replace(SMALL, epochs=4, select="validation", dropout=0.3, augment=("image", "spectrogram")), [2]),
        (FINE_TUNING, [1, 3]),
    ],
    ids=["validation", "head and fine-tuning"],
)
def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(fold, tmp_path, monkeypatch, recipe, killed_at):
    if recipe.weights == "FILE":
        from train.models.build import build_model

        build_model(recipe.model, n_classes=3, size=(32, 32)).save_weights(tmp_path / "w.weights.h5")
        recipe = replace(recipe, weights=str(tmp_path / "w.weights.h5"))
    monkeypatch.setattr(callbacks, "SAVE_EVERY_S", 0)
    whole, history = fit_fold(recipe, replace(fold, folder=tmp_path / "whole"), on_epoch=quiet)

    def kill(row, _):
        if row["epoch"] in killed_at:
            raise Killed

    killed_at = [*killed_at, len(history)]
    for epoch in killed_at:
        with pytest.raises(Killed):
            fit_fold(recipe, fold, on_epoch=kill)
        kept = len(checkpoint.read_history(fold.folder / "last.keras"))
        is_averaged_later = epoch == len(history) and recipe.select == "last"
        assert kept == epoch - is_averaged_later
    resumed, resumed_history = fit_fold(recipe, fold, on_epoch=quiet)
    assert same(resumed_history) == same(history)
    assert all(np.array_equal(a, b) for a, b in zip(weights(resumed), weights(whole), strict=True))


@pytest.mark.parametrize("penalties", [{}, {"label_smoothing": 0.2, "l2": 0.01}, {"ensemble": 2, "l1": 0.001}])
def test_validation_tests_the_best_epoch(fold, penalties):
    recipe = replace(SMALL, select="validation", **penalties)
    model, history = fit_fold(recipe, fold, on_epoch=quiet)
    best = fold_history.tested_epoch(recipe, history)
    assert "cross_entropy" not in history[-1]
    assert history[best - 1]["val_loss"] == min(row["val_loss"] for row in history)
    assert len(checkpoint.read_history(fold.folder / "best.keras")) == best
    says = outputs(model, fold.images, fold.split.validation, batch_size=8)
    right = fold.targets[fold.split.validation]
    assert -np.log((says * right).sum(axis=1)).mean() == pytest.approx(history[best - 1]["val_loss"], rel=1e-3)


def test_each_epoch_has_dropout_masks_of_its_own(fold):
    recipe = replace(SMALL, dropout=0.3)
    save_and_report = callbacks.SaveAndReport(recipe, fold, Phase("all", 2, 1e-3), [], quiet, is_last=True)
    model = _new_model(recipe, fold)
    save_and_report.set_model(model)
    generators = [layer.seed_generator for layer in model._flatten_layers() if hasattr(layer, "seed_generator")]
    seeds = []
    for epoch in (0, 1, 0):
        save_and_report.on_epoch_begin(epoch)
        seeds.append([tuple(keras.ops.convert_to_numpy(generator.state)) for generator in generators])
    assert seeds[0] and seeds[0] == seeds[2] and not set(seeds[0]) & set(seeds[1])


def test_patience_ends_a_fold_early(fold, monkeypatch):
    recipe = replace(SMALL, select="validation", patience=2, epochs=40, learning_rate=0.3, warmup=0)
    _, history = fit_fold(recipe, fold, on_epoch=quiet)
    assert len(history) < 40
    assert len(history) - fold_history.tested_epoch(recipe, history) == 2
    _, again = fit_fold(recipe, fold, on_epoch=quiet)
    assert again == history


@pytest.mark.parametrize("multilabel", [False, True])
def test_the_recipe_reaches_the_optimizer_and_the_loss(fold, multilabel):
    model, phase = _new_model(SMALL, fold), Phase("all", 2, 1e-3)
    pretrained = replace(SMALL, weights="w.weights.h5", weight_decay=0.02, label_smoothing=0.15)
    _begin_training(model, phase, pretrained, 5, multilabel=multilabel)
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.AdamW) and optimizer.weight_decay == 0.02
    assert optimizer.use_ema and optimizer.ema_momentum == ema_momentum(10)
    losses = keras.losses.BinaryCrossentropy if multilabel else keras.losses.CategoricalCrossentropy
    assert type(model.loss) is losses and model.loss.label_smoothing == 0.15
    for other in (replace(pretrained, select="validation"), replace(pretrained, weights="none")):
        _begin_training(model, phase, other, 5, multilabel=multilabel)
        assert not model.optimizer.use_ema


def test_the_recipe_reaches_the_batches(fold):
    assert make_batches(SMALL, fold).spectrogram == SpectrogramTransforms()
    other = replace(SMALL, augment=("spectrogram", "image"), spectrogram_values=("mixup=0.7",), image_preset="paper")
    batches = make_batches(other, replace(fold, multilabel=True))
    assert batches.spectrogram == SpectrogramTransforms(mixup=0.7) and batches.multilabel
    assert isinstance(batches.image, ImageTransforms)
    without = make_batches(replace(SMALL, augment=()), fold)
    assert without.spectrogram is None and without.image is None and not without.multilabel


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow alone traces what it runs")
def test_a_step_is_traced_once(fold, monkeypatch):
    traced = []
    compute_loss = keras.Model.compute_loss

    def counted(self, *arguments, **options):
        traced.append(self.name)
        return compute_loss(self, *arguments, **options)

    monkeypatch.setattr(keras.Model, "compute_loss", counted)
    fit_fold(replace(SMALL, epochs=2), fold, on_epoch=quiet)
    assert len(traced) == 1


def test_a_loss_that_is_no_number_is_said(fold, monkeypatch):
    monkeypatch.setattr("train.training.fit.CrossEntropy", lambda **_: lambda y, p: p[:, 0] * float("nan"))
    with pytest.raises(ValueError, match="loss is not finite.*--learning-rate"):
        fit_fold(replace(SMALL, ensemble=2), fold, on_epoch=quiet)


def test_a_checkpoint_that_was_cut_short_is_said(finished):
    path = finished.folder / "last.keras"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="cannot be read"):
        fit_fold(SMALL, finished, on_epoch=quiet)


def test_a_save_that_fails_leaves_the_old_one(finished, trained, monkeypatch):
    fold, (model, history) = finished, trained
    path = fold.folder / "last.keras"
    before = path.read_bytes()
    (fold.folder / "last.99999.tmp.keras").write_bytes(b"half")
    checkpoint.remove_halves(fold.folder)
    monkeypatch.setattr(json, "dumps", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        checkpoint.save(model, path, history)
    assert path.read_bytes() == before
    assert {child.name for child in fold.folder.iterdir()} == {"last.keras", "history.csv"}


def test_class_weights_make_classes_count_the_same(fold):
    rows = fold.split.train
    few = np.concatenate([rows[fold.targets[rows][:, 0] == 1][:2], rows[fold.targets[rows][:, 0] == 0]])
    uneven = replace(fold, split=replace(fold.split, train=few))
    batches = make_batches(replace(SMALL, class_weights=True, augment=()), uneven)
    _, targets, per_image = (np.concatenate(part) for part in zip(*batches.epochs(0, 1), strict=True))
    by_class = per_image @ targets
    np.testing.assert_allclose(by_class, by_class[0], rtol=1e-5)
    assert per_image.mean() == pytest.approx(1)


def test_budget_counts_clips_not_variants():
    for n_images in (400, 2400):
        (phase,) = phases(Recipe(model="cnn9"), n_images=n_images, n_clips=400)
        assert phase.epochs * n_images == pytest.approx(VIEWS["none"] * 400, rel=0.05)
    head, rest = phases(Recipe(), n_images=400, n_clips=400)
    assert (head.name, head.epochs, rest.name, rest.epochs) == ("head", 1, "all", VIEWS["pretrained"])
    assert [phase.name for phase in phases(Recipe(views=0), n_images=400, n_clips=400)] == ["head"]
    for views in (20, 40):  # few clips are shown as often as it takes
        few = phases(Recipe(views=views), n_images=180, n_clips=30)[1]
        assert few.epochs * 180 == pytest.approx(views * LEAST_CLIPS, rel=0.05)
    (scratch,) = phases(Recipe(model="cnn9"), n_images=30, n_clips=30)
    assert scratch.epochs == VIEWS["none"]
    (whole,) = phases(Recipe(model="squeezenet"), n_images=400, n_clips=400)
    assert whole.name == "all", "its last layer is no dense one"


def test_models_that_were_not_compared_are_fine_tuned_at_a_low_rate():
    rates = {name: phases(Recipe(model=name), n_images=9, n_clips=9)[-1].learning_rate for name in ("vgg16", "cnn9")}
    assert rates == {"vgg16": 1e-4, "cnn9": 1e-3}
    assert phases(Recipe(learning_rate=0.5), n_images=9, n_clips=9)[-1].learning_rate == 0.5


def test_rate_rises_and_falls():
    rate = learning_rate(Phase("all", 10, 0.01), steps_per_epoch=10, warmup=0.1)
    values = [float(rate(step)) for step in range(101)]
    assert values[0] == 0 and np.argmax(values) == 10 and values[10] == pytest.approx(0.01)
    assert (np.diff(values[:11]) > 0).all() and (np.diff(values[10:]) <= 0).all()
    assert values[100] == pytest.approx(0, abs=1e-6)
    assert float(learning_rate(Phase("all", 10, 0.01), steps_per_epoch=10, warmup=0)(0)) == pytest.approx(0.01)


@pytest.mark.parametrize("n_steps", [4, 9, 27, 60, 200, 5000])
def test_few_steps_leave_little_of_the_first_weights_in_their_average(n_steps):
    """Keras begins the average with the weights of the first step."""
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    layer.build((None, 1))
    optimizer = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=ema_momentum(n_steps))
    optimizer.build(layer.trainable_variables)
    for step in range(min(n_steps, 300)):
        optimizer.apply([keras.ops.full((1, 1), -1.0 if step == 0 else 0.0)])  # 1 from the first step on
        layer.kernel.assign(keras.ops.full((1, 1), 1.0 if step == 0 else 0.0))
    optimizer.finalize_variable_values(layer.trainable_variables)
    share = float(keras.ops.convert_to_numpy(layer.kernel)[0, 0])
    assert share <= 0.03
    assert ema_momentum(200) == ema_momentum(5000) == 0.98


def test_what_fine_tuning_trains():
    from train.models.build import build_model

    recipe = Recipe(model="densenet121", weights="FILE")
    model = build_model(recipe.model, n_classes=3, size=(32, 32))
    set_trainable(model, recipe)
    trained = {variable.path for variable in model.trainable_weights}
    layers = model.get_layer(BASE)._flatten_layers(include_self=False)
    of_norm = {v.path for layer in layers if isinstance(layer, keras.layers.BatchNormalization) for v in layer.weights}
    assert of_norm and not trained & of_norm
    assert len(trained) == 2 + 120  # the dense layer, and one kernel each of 120 convolutions
    set_trainable(model, replace(recipe, unfreeze="10"))
    assert 2 < len(model.trainable_weights) < 2 + 10
    scratch = build_model("cnn9", n_classes=3, size=(32, 32))
    n = len(scratch.trainable_weights)
    set_trainable(scratch, Recipe(model="cnn9"))
    assert len(scratch.trainable_weights) == n


@pytest.mark.parametrize("number", [0, 1, 2])
def test_all_of_a_lite_model_is_fine_tuned_but_batch_normalisation(number):
    from train.models.build import build_model

    name = f"efficientnet_lite{number}"
    model = build_model(name, n_classes=3, size=(32, 32))
    set_trainable(model, Recipe(model=name))
    base = [layer for layer in model.get_layer(BASE).layers if isinstance(layer, keras.layers.DepthwiseConv2D)]
    assert all(layer.trainable for layer in base) and len(base) > 10
    assert not any(v.path.startswith("batch_normalization") for v in model.trainable_weights)


def test_a_best_model_that_was_lost_in_a_kill_is_made_again(fold, monkeypatch):
    """The kill fell between the two files; the last one is the best one then."""
    recipe = replace(SMALL, select="validation", epochs=3)
    monkeypatch.setattr(callbacks, "SAVE_EVERY_S", 0)
    saved = checkpoint.save

    def save(model, path, history, **options):
        if path.name == "best.keras":
            raise Killed
        saved(model, path, history, **options)

    monkeypatch.setattr(checkpoint, "save", save)
    with pytest.raises(Killed):
        fit_fold(recipe, fold, on_epoch=quiet)
    monkeypatch.setattr(checkpoint, "save", saved)
    _, history = fit_fold(recipe, fold, on_epoch=quiet)
    assert len(checkpoint.read_history(fold.folder / "best.keras")) == fold_history.tested_epoch(recipe, history)


def test_a_finished_model_takes_no_room_for_its_optimizer(finished, trained):
    fold, (model, history) = finished, trained
    n_bytes = 4 * sum(int(np.prod(weight.shape)) for weight in model.weights)
    assert (fold.folder / "last.keras").stat().st_size < 1.3 * n_bytes
    checkpoint.save(model, fold.folder / "whole.keras", history)
    assert (fold.folder / "whole.keras").stat().st_size > 2 * n_bytes


@pytest.mark.parametrize("first", [KeyboardInterrupt(), RuntimeError("RESOURCE_EXHAUSTED: out of memory")])
def test_an_interrupt_or_a_full_memory_is_raised_and_not_what_keras_fails_at_then(first):
    with pytest.raises(type(first)) as raised, first_error():
        try:
            raise first
        finally:
            int(None)
    assert raised.value is first


def test_the_accuracy_of_several_labels_takes_mixed_ones_as_those_they_are_nearer_to():
    truth, probabilities = (
        np.array([[1, 0.9, 0.1, 0], [0.5, 0, 1, 0]]),
        np.array([[0.9, 0.8, 0.2, 0.1], [0.6, 0.7, 1, 0]]),
    )
    np.testing.assert_allclose(share_of_labels_right(truth, probabilities), [1, 0.75])
    whole = (truth > 0.5).astype(np.float32)
    expected = np.mean(keras.metrics.binary_accuracy(whole, probabilities), axis=1)
    np.testing.assert_allclose(share_of_labels_right(whole, probabilities), expected)


def test_another_error_is_raised_as_it_is():
    with pytest.raises(TypeError, match="NoneType"), first_error():
        try:
            raise KeyError("x")
        finally:
            int(None)
