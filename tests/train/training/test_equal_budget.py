import pytest

from train.recipe import Recipe
from train.training.equal_budget import images_seen, with_budget
from train.training.prepare import prepare


@pytest.mark.parametrize("options", [{}, {"epochs": 7}])
def test_runs_with_other_variants_see_as_many_images(images, options):
    whole = prepare(images, Recipe(model="cnn7", input_size=32, **options))
    seen = images_seen(whole)
    assert set(seen) == {"all"}
    originals = prepare(images, Recipe(model="cnn7", input_size=32, train_variants=()))
    n_train = len(originals.splits[0].train)
    assert n_train < len(whole.splits[0].train)
    recipe = with_budget(originals.run.recipe, seen, n_train=n_train)
    assert abs(recipe.epochs * n_train - seen["all"]) <= n_train / 2
    assert recipe.train_variants == ()


def test_of_pretrained_models_only_fine_tuning_is_adjusted():
    recipe = Recipe(model="resnet50")
    assert with_budget(recipe, {"head": 100, "all": 1000}, n_train=300).epochs == 3
    assert with_budget(recipe, {"head": 100, "all": 100}, n_train=300).epochs == 1, "not less than one"
    assert with_budget(recipe, {"head": 100}, n_train=300).epochs == 0
