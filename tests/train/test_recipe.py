import json
from dataclasses import fields
from pathlib import Path

import pytest

from train.command_line import build_parser, parse
from train.models.registry import MODELS
from train.recipe import FROM_SCRATCH, OF_FINE_TUNING, Recipe
from train.recipe_options import recipe_from


def test_json_and_back():
    recipe = Recipe(model="densenet121", augment=("image",), train_variants=("trim",), epochs=3, select="validation")
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    with pytest.raises(ValueError, match="it holds 'speed', which is not known here"):
        Recipe.from_json(recipe.to_json() | {"speed": 3})
    with pytest.raises(ValueError, match="it lacks 'weights'"):
        Recipe.from_json({"model": "cnn9"})


def test_pretrained_weights_where_there_are_some():
    assert {name for name, model in MODELS.items() if not model.has_imagenet} == FROM_SCRATCH
    assert Recipe().weights == Recipe(model="resnet50").weights == "imagenet"
    assert Recipe(model="cnn9").weights == Recipe(model="resnet50", weights="none").weights == "none"


def test_every_option_of_a_recipe_is_of_fine_tuning_or_is_used_without():
    used = {"model", "weights", "ensemble", "input_size", "train_variants", "classes", "leave_out"}
    used |= {"protocol", "ignore_folds", "n_folds", "allow_recording_overlap", "views", "epochs", "batch_size"}
    used |= {"class_weights", "mixed_precision", "seed"}
    assert {field.name for field in fields(Recipe)} - OF_FINE_TUNING == used


def test_views_and_epochs_from_python():
    with pytest.raises(ValueError, match="--views must not be combined with --epochs"):
        Recipe.of_quality(None, {"views": 3, "epochs": 3})


def test_values_as_one_writes_them_in_python():
    assert Recipe(augment="image") == Recipe(augment=["image"]) == Recipe(augment=("image",))
    assert Recipe(train_variants="pitch=+2", classes="ab").train_variants == ("pitch=+2",)
    assert Recipe(weights=Path("a", "b.keras")).weights == str(Path("a", "b.keras"))
    assert Recipe(unfreeze=30) == Recipe(unfreeze="30")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"model": 3}, "'model' must be a text. Got 3"),
        ({"weights": 5}, "'weights' must be a text"),
        ({"classes": 3}, "'classes' must be a list"),
        ({"classes": [1]}, "'classes' must be a list"),
        ({"augment": None}, "'augment' must be a list"),
        ({"seed": 1.5}, "'seed' must be a whole number"),
        ({"class_weights": 1}, "'class_weights' must be true or false"),
        ({"unfreeze": -1}, "unfreeze must be all, or a number of layers"),
        ({"unfreeze": True}, "'unfreeze' must be a text"),
    ],
)
def test_values_of_other_types(values, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**values)
    with pytest.raises(ValueError, match=words.partition(" ")[0].strip("'")):
        Recipe.from_json(Recipe().to_json() | values)


def test_no_transforms_may_be_named_where_there_are_none():
    assert recipe_from(parse(["images", "--quality", "fast", "--augment", "none"])) == Recipe(
        views=0, input_size=160, augment=()
    )
    assert Recipe.of_quality("fast", {"augment": "none"}).augment == ()
    assert Recipe.from_json(Recipe().to_json() | {"augment": ["none"]}).augment == ()
    assert Recipe(train_variants="none").train_variants == ()
    with pytest.raises(ValueError, match="--augment must be none, or names without it. Got none spectrogram"):
        Recipe(augment=["none", "spectrogram"])


def test_quality_stands_for_other_options():
    assert recipe_from(parse(["images", "--quality", "fast"])) == Recipe(views=0, input_size=160)
    assert recipe_from(parse(["images", "--quality", "standard"])) == Recipe(views=20)
    assert recipe_from(parse(["images", "--quality", "fast", "--input-size", "96"])).input_size == 96
    assert recipe_from(parse(["images", "--quality", "fast", "--model", "resnet152"])).input_size is None
    assert recipe_from(parse(["images", "--quality", "best"])) == Recipe(
        model="efficientnet_lite2", input_size=224, views=40
    )
    assert recipe_from(parse(["images", "--quality", "best", "--model", "densenet121"])) == Recipe(
        model="densenet121", views=40
    )


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
        ({"augment": ("blur",)}, "augment must be one of spectrogram, image, none. Got 'blur'"),
        ({"batch_size": 1}, "batch_size must be a number from 2 to 65536: images. Got 1"),
        ({"dropout": 1}, "dropout must .* Got 1"),
        ({"dropout": "much"}, "dropout must be a number .* Got 'much'"),
        ({"epochs": True}, "epochs must .* Got True"),
        ({"input_size": 8}, "input_size must be a number from 32 .* Got 8"),
        ({"protocol": "honest"}, "protocol must be one of folds, random-clips, paper. Got 'honest'"),
        ({"select": "test"}, "select must be one of last, validation"),
        ({"unfreeze": "-1"}, "unfreeze must be all, or a number"),
        ({"seed": -1}, "seed must .* Got -1"),
        ({"patience": 5}, "--patience must be combined with --select validation.* Got --select last"),
        ({"epochs": 0, "model": "cnn9"}, "epochs must be a number from 1 .* Got 0"),
        ({"unfreeze": "10", "weights": "none"}, "--unfreeze 10 must be combined with pretrained weights"),
        ({"ensemble": 0}, "ensemble must be a number from 1 to 16: models. Got 0"),
        ({"ensemble": 2, "weights": "imagenet"}, "ensemble must be 1 with pretrained weights.* Got 2"),
        ({"protocol": "paper", "n_folds": 3}, "--n-folds 3 must be combined with --protocol folds"),
        (
            {"protocol": "random-clips", "allow_recording_overlap": True},
            "--allow-recording-overlap must be combined with --protocol folds",
        ),
        ({"image_values": ("rotation_range=5",)}, "--image-values must be .*give --augment spectrogram image"),
        ({"image_preset": "paper", "augment": ()}, "--image-preset must be .*give --augment image"),
        (
            {"spectrogram_values": ("mixup=0",), "augment": ("image",)},
            "--spectrogram-values must be .*give --augment image spectrogram",
        ),
    ],
)
def test_bad_values(values, words):
    with pytest.raises(ValueError, match=words):
        Recipe(**values)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--image-preset sound", "--image-preset must be combined with --augment image"),
        (
            "--quality standard --model cnn9",
            "--quality must be combined with pretrained weights. Got standard for a model from scratch",
        ),
        ("--quality fast --epochs 3", "--quality fast must not be combined with --epochs"),
        ("--views 3 --epochs 3", "--views must not be combined with --epochs"),
        ("--quality fast --views 3", "--quality fast must not be combined with --views"),
        ("--quality fast --learning-rate 0.01", "--learning-rate must be combined with fine-tuning"),
        ("--epochs 0 --augment image", "--augment must be combined with fine-tuning"),
        ("--epochs 0 --select validation", "--select must be combined with fine-tuning"),
        ("--weights=", "--weights must be imagenet, none, or a file of weights. Got ''"),
        ("--quality fast --augment spectrogram", "--augment must be combined with fine-tuning"),
        ("--epochs 0 --warmup 0.05", "--warmup must be combined with fine-tuning"),
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
                "--augment",
                "image",
                "--image-preset",
                "sound",
            ]
        )
    )
    recipe_from(parse(["images", "--allow-recording-overlap"]))
    recipe_from(parse(["images", "--quality", "fast", "--augment", "none"]))


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


def test_numbers_in_a_config_file_are_checked_as_on_the_command_line(tmp_path):
    (tmp_path / "c.toml").write_text("explain = 5\nlearning-rate = 1\nfolds = 2")
    options = parse(["images", "--config", str(tmp_path / "c.toml")])
    assert options.explain == 5 and options.learning_rate == 1.0 and options.folds == ("2",)
    (tmp_path / "c.toml").write_text("explain = 1.5")
    with pytest.raises(ValueError, match=r"explain is 1.5: must be a whole number of 0 or more. Got '1.5'"):
        parse(["images", "--config", str(tmp_path / "c.toml")])


@pytest.mark.parametrize("text", ["learning-rate = true", "l2 = false", "model = true"])
def test_switches_are_no_values(tmp_path, text):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(ValueError, match="must have a value"):
        parse(["images", "--config", str(tmp_path / "c.toml")])
