"""Multiplications against published counts and by hand, and what follows from them for the time."""

import time
from dataclasses import replace

import keras
import pytest
from keras import layers

from train import backend
from train.models.build import BASE, build_model
from train.recipe import Recipe
from train.training import expected_time
from train.training.expected_time import expected_s, multiplications_per_s
from train.training.plan import plan_text
from train.training.prepare import prepare, settled
from train.training.work import work_of


@pytest.mark.parametrize(
    ("name", "published"),
    [  # https://github.com/tensorflow/tpu/blob/master/models/official/efficientnet/lite, https://arxiv.org/abs/1512.03385
        ("efficientnet_lite0", 407e6),
        ("resnet18", 1.8e9),
    ],
)
def test_multiplications_are_the_published_ones(name, published):
    model = build_model(name, n_classes=1000, size=(224, 224))
    recipe = settled(Recipe(model=name, weights="none", ensemble=1))
    assert work_of(model, recipe).forward == pytest.approx(published, rel=0.07)
    assert work_of(model, recipe).trained == work_of(model, recipe).forward
    assert work_of(model, replace(recipe, ensemble=3)).forward == pytest.approx(3 * published, rel=0.07)


def test_frozen_layers_are_not_trained():
    x = keras.Input((8, 8, 3))
    inner = keras.Sequential(
        [x, layers.Conv2D(4, 3), layers.DepthwiseConv2D(3), layers.GlobalAveragePooling2D()], name=BASE
    )
    model = keras.Sequential([keras.Input((8, 8, 3)), inner, layers.Dense(5)])
    work = work_of(model, Recipe(weights="imagenet", unfreeze="1", ensemble=1))
    assert work.forward == 36 * 27 * 4 + 16 * 9 * 4 + 4 * 5
    assert work.trained == 16 * 9 * 4 + 4 * 5


def test_a_recurrent_layer_counts_once_a_time_step():
    model = keras.Sequential([keras.Input((7, 6)), layers.GRU(5), layers.Dense(2)])
    assert work_of(model, Recipe(weights="none", ensemble=1)).forward == 7 * 3 * (6 * 5 + 5 * 5) + 5 * 2


@pytest.mark.parametrize("name", ["alexnet", "cnn7", "cnn9", "crnn", "squeezenet"])
def test_each_model_of_ours_has_a_plan(images, name):
    prepared = prepare(images, Recipe(model=name, weights="none", input_size=64))
    assert "  time " in plan_text(prepared)


def test_the_time_follows_from_the_work(images, tmp_path, monkeypatch):
    monkeypatch.setattr(expected_time, "multiplications_per_s", lambda: 1e6)
    recipe = Recipe(model="cnn7", ensemble=1, input_size=32, epochs=2)
    one, two = (expected_s(prepare(images, replace(recipe, epochs=n), runs=tmp_path)) for n in (10, 20))
    some = expected_s(prepare(images, replace(recipe, epochs=10), folds=["1"], runs=tmp_path))
    assert two == pytest.approx(2 * one, rel=0.15)
    assert some < 0.7 * one
    prepared = prepare(images, recipe, runs=tmp_path)
    assert "time      about" in plan_text(prepared)
    monkeypatch.setattr(backend, "has_gpu", lambda: True)
    assert "time " not in plan_text(prepared)


def test_the_probe_is_short_and_measures_this_machine():
    assert 1e8 < multiplications_per_s() < 1e14


def test_a_first_repetition_that_loads_libraries_does_not_count(monkeypatch):
    real, calls = keras.ops.depthwise_conv, []

    def slow_at_first(*arguments, **options):
        calls.append(None)
        time.sleep(0.6 if len(calls) == 1 else 0)
        return real(*arguments, **options)

    monkeypatch.setattr(keras.ops, "depthwise_conv", slow_at_first)
    measured = multiplications_per_s()
    assert len(calls) >= expected_time.LEAST_PROBES
    assert measured > 1.07e9 / 0.6, "more than the first alone would give"


def test_the_fit_of_the_last_layer_takes_no_more_than_its_images(images, monkeypatch):
    monkeypatch.setattr(expected_time, "multiplications_per_s", lambda: 1e6)
    prepared = prepare(images, Recipe.of_quality("fast", {"input_size": 32}))
    all_of_them = expected_s(prepared)
    n_train = len(prepared.splits[0].train)
    monkeypatch.setattr(expected_time, "MOST_IMAGES", n_train // 4)
    assert 0.25 * all_of_them < expected_s(prepared) < 0.55 * all_of_them  # all originals are tested
