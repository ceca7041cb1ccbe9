"""With which model the images of a run are looked at again."""

from __future__ import annotations

import pytest

from tests.train.fake_runs import fake_run
from train.training.frozen_run import frozen_recipe


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
