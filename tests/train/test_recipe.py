import json
from dataclasses import fields

import pytest

from train.command_line import build_parser, parse, recipe_from
from train.recipe import Recipe


def test_json_and_back():
    recipe = Recipe(model="densenet121", augment=("image",), train_variants=("trim",), epochs=3, select="validation")
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    with pytest.raises(ValueError, match="Unknown options of a recipe: speed"):
        Recipe.from_json({"speed": 3})


def test_every_option_of_a_recipe_is_on_the_command_line():
    assert {field.name for field in fields(Recipe)} <= {action.dest for action in build_parser()._actions}


def test_defaults_are_the_recipes_alone():
    assert recipe_from(parse(["images"])) == Recipe()


def test_what_is_given_is_taken():
    line = "images --augment spectrogram image --train-variants pitch=+2 trim --epochs 7 --l2 0.001 --class-weights"
    recipe = recipe_from(parse(line.split()))
    assert recipe == Recipe(
        augment=("spectrogram", "image"), train_variants=("pitch=+2", "trim"), epochs=7, l2=0.001, class_weights=True
    )
    assert recipe_from(parse(["images", "--augment", "none", "--train-variants", "none"])) == Recipe(
        augment=(), train_variants=()
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"augment": ("blur",)}, "no augmentation 'blur'"),
        ({"batch_size": 1}, "batch_size is 1; expected 2"),
        ({"dropout": 1}, "dropout is 1"),
        ({"dropout": "much"}, "dropout is 'much'; expected a number"),
        ({"epochs": True}, "epochs is True"),
        ({"input_size": 8}, "input_size is 8; expected 32"),
        ({"protocol": "honest"}, "choose from folds, random-clips, paper"),
        ({"select": "test"}, "choose from last, validation"),
        ({"silent_ends": "cut"}, "choose from"),
        ({"unfreeze": "-1"}, "write all, or a number"),
        ({"seed": -1}, "seed is -1"),
        ({"patience": 5}, "there is none with --select last"),
        ({"head_epochs": 2}, "nothing is kept frozen"),
        ({"unfreeze": "10"}, "nothing is kept frozen"),
        ({"ensemble": 0}, "models is 0; expected 1"),
        ({"image_values": ("rotation_range=5",)}, "--image-values changes.*add --augment spectrogram image"),
        ({"image_preset": "paper", "augment": ()}, "--image-preset changes.*add --augment image"),
        (
            {"spectrogram_values": ("mixup=0",), "augment": ("image",)},
            "--spectrogram-values.*--augment image spectrogram",
        ),
    ],
)
def test_bad_values(values, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**values)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--image-preset sound", "--image-preset is not used by this recipe. It goes with --augment image"),
        ("--head-learning-rate 0.01", "--head-learning-rate is not used .* It goes with --weights imagenet or a file"),
        ("--head-learning-rate 0.01 --weights imagenet --head-epochs 0", "--head-learning-rate is not used"),
        ("--keep-relatives --protocol paper", "--keep-relatives is not used .* --protocol folds"),
    ],
)
def test_an_option_that_the_recipe_does_not_use(line, words):
    with pytest.raises(ValueError, match=words):
        recipe_from(parse(["images", *line.split()]))


def test_options_that_the_recipe_uses():
    recipe_from(
        parse(
            [
                "images",
                "--weights",
                "imagenet",
                "--head-learning-rate",
                "0.01",
                "--augment",
                "image",
                "--image-preset",
                "audio_file",
            ]
        )
    )
    recipe_from(parse(["images", "--keep-relatives"]))


def test_nothing_to_train_on(capsys):
    with pytest.raises(SystemExit) as ended:
        parse([])
    assert ended.value.code == 2
    assert "python -m generate demo" in capsys.readouterr().err


@pytest.mark.parametrize("folds", ["", ","])
def test_bad_folds(folds):
    with pytest.raises(SystemExit):
        parse(["images", "--folds", folds])


@pytest.mark.parametrize("text", ["folds = [1, 3]", "folds = ['1', '3']", "folds = '1,3'"])
def test_folds_in_a_config_file(tmp_path, text):
    (tmp_path / "c.toml").write_text(text + "\nweights = 'imagenet'\nunfreeze = 30\n")
    options = parse(["images", "--config", str(tmp_path / "c.toml")])
    assert options.folds == ("1", "3") and recipe_from(options).unfreeze == "30"


def test_folds_with_commas_in_their_names():
    assert parse(["images", "--folds", '"a,b", c']).folds == ("a,b", "c")


@pytest.mark.parametrize("text", ["learning-rate = true", "l2 = false", "model = true"])
def test_switches_are_no_values(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ValueError, match="must have a value"):
        parse(["images", "--config", str(tmp_path / "c.toml")])
