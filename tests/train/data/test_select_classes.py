import pandas as pd
import pytest

from train.data.select_classes import leave_out_option, select_classes
from train.recipe import Recipe

TABLE = pd.DataFrame({"label": ["dog", "cat", "007", "great tit", "dog"], "clip_id": list("abcde")})


def chosen(**recipe):
    return list(select_classes(TABLE, Recipe(**recipe))["clip_id"])


def test_all_some_and_all_but_some():
    assert chosen() == list("abcde")
    assert chosen(classes=("dog", "007")) == ["a", "c", "e"]
    assert chosen(leave_out=("dog", "007")) == ["b", "d"]
    assert list(select_classes(TABLE, Recipe(leave_out=("dog",))).index) == [0, 1, 2]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"classes": ("Dog", "cat")}, "--classes must name .*007, cat, dog, great tit. Got 'Dog'. Do you mean 'dog'?"),
        ({"leave_out": ("graet tit",)}, "--leave-out must name .*Do you mean 'great tit'?"),
        ({"leave_out": ("zebra",)}, "Got 'zebra'. Give names as they are written there"),
        ({"classes": ("dog",)}, "two or more. Got only the class 'dog' by --classes"),
        ({"leave_out": ("dog", "cat", "007", "great tit")}, "two or more. Got no class"),
    ],
)
def test_what_is_not_there_is_refused(recipe, words):
    with pytest.raises(ValueError, match=words):
        chosen(**recipe)


def test_the_option_can_be_pasted():
    assert leave_out_option(["dog", "great tit"]) == "--leave-out dog 'great tit'"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"classes": ("a", "b"), "leave_out": ("c",)}, "must not be combined with --leave-out"),
        (
            {"protocol": "paper", "n_folds": 5},
            "--n-folds 5 must be combined with --protocol folds. Got --protocol paper",
        ),
        ({"protocol": "random-clips", "ignore_folds": True}, "--ignore-folds must be combined with --protocol folds"),
        ({"n_folds": 1}, "n_folds must be a number from 2 to 1000"),
    ],
)
def test_options_that_contradict_each_other(values, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**values)


def test_json_and_back():
    recipe = Recipe(classes=("007", "b"), ignore_folds=True, n_folds=7)
    assert Recipe.from_json(recipe.to_json()) == recipe
