"""With which model the images of a run are looked at again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.train.conftest import fitted
from tests.train.fake_runs import fake_run
from train.data.split import splits_of
from train.recipe import Recipe
from train.runs.run_folder import read_run, write_run
from train.training.frozen_run import frozen_recipe, prepare_frozen
from train.training.prepare import prepare, resume


@pytest.mark.parametrize(
    ("model", "weights", "expected"),
    [
        ("efficientnet_lite1", "imagenet", "efficientnet_lite1"),
        ("cnn9", "none", "efficientnet_lite0"),
        ("squeezenet", "imagenet", "efficientnet_lite0"),  # its last layer is a convolution
    ],
)
def test_the_runs_own_model_where_its_last_layer_can_be_fitted(tmp_path, model, weights, expected):
    recipe = frozen_recipe(fake_run(tmp_path / "run", model=model, weights=weights))
    assert recipe.model == expected and recipe.views == 0


def test_the_folds_are_those_of_the_run(images, tmp_path, monkeypatch):
    """Folds that were made with one for validation may be others than those without."""
    began = prepare(images, Recipe(select="validation", ignore_folds=True, n_folds=3, seed=4), runs=tmp_path)
    write_run(began.run, began.settings)
    real, asked = splits_of, []

    def other_without_validation(recipe, table, **options):
        asked.append(recipe.select)
        changed = recipe if recipe.select == "validation" else Recipe(ignore_folds=True, n_folds=3, seed=9)
        return real(changed, table, **options)

    monkeypatch.setattr("train.training.prepare.splits_of", other_without_validation)
    frozen = prepare_frozen(began.run)
    assert asked == ["last"]

    def tested(prepared):
        return {split.name: sorted(prepared.table["clip_id"].iloc[split.test]) for split in prepared.splits}

    assert tested(frozen) == tested(began)
    originals = (frozen.table["variant"] == "original").to_numpy()
    for split in frozen.splits:
        together = np.sort(np.concatenate([split.train, split.test]))
        assert (together == np.flatnonzero(originals)).all() and not len(split.validation)


def test_folds_that_another_version_would_divide_otherwise_are_refused(images, tmp_path, monkeypatch):
    """What a fold trained on would be tested, or compared with its test clips as if it had not been."""
    run = fitted(images, model="cnn7", ensemble=1, epochs=1, folds=["1"], n_folds=3, runs=tmp_path, name="a")
    assert prepare_frozen(read_run(run.folder)).splits
    real = splits_of

    def by_another_version(recipe, table, **options):
        return real(replace(recipe, seed=recipe.seed + 1), table, **options)

    monkeypatch.setattr("train.training.prepare.splits_of", by_another_version)
    for again in (lambda: prepare_frozen(read_run(run.folder)), lambda: resume(run.folder, folds=["2"])):
        with pytest.raises(ValueError, match="no longer those that it began with: fold 1 would test other images"):
            again()
