"""With which model the images of a run are looked at again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.fake_runs import fake_run
from train.data.split import splits_of
from train.recipe import Recipe
from train.training.frozen_run import frozen_recipe, prepare_frozen
from train.training.prepare import prepare


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
