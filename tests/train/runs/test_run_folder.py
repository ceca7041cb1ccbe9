"""Reading run folders back, those of earlier releases too."""

import json

import pytest

from tests.train.fake_runs import fake_run
from train.recipe import Recipe
from train.runs.new_run import check_ours, default_name
from train.runs.run_folder import read_run


def rename(path, **names):
    """Give keys of a JSON file the names that they had in earlier releases."""
    values = json.loads(path.read_text())
    path.write_text(json.dumps({names.get(key, key): value for key, value in values.items()}))


def test_a_run_of_an_earlier_release_is_read(tmp_path):
    run = fake_run(tmp_path / "run")
    fold = run.folds[0]
    now = read_run(run.folder), run.read_fold(fold)
    rename(run.fold_folder(fold) / "fold.json", images_seen="pictures_seen", n_leaked="relatives_in_training")
    config = json.loads((run.folder / "config.json").read_text())
    recipe = config["recipe"]
    recipe["nets"], recipe["keep_relatives"] = recipe.pop("ensemble"), recipe.pop("allow_recording_overlap")
    (run.folder / "config.json").write_text(json.dumps(config))
    assert (read_run(run.folder), read_run(run.folder).read_fold(fold)) == now


def test_a_value_of_an_earlier_name_is_checked(tmp_path):
    run = fake_run(tmp_path / "run")
    path = run.fold_folder(run.folds[0]) / "fold.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"images_seen": "many"}))
    rename(path, images_seen="pictures_seen")
    with pytest.raises(ValueError, match="'images_seen' must be .* Got 'many'"):
        run.read_fold(run.folds[0])
    path.write_text(json.dumps(json.loads(path.read_text()) | {"images_seen": 3}))
    with pytest.raises(ValueError, match="'pictures_seen' must not be beside 'images_seen'"):
        run.read_fold(run.folds[0])


def test_leaky_runs_are_named_so(tmp_path):
    assert default_name(tmp_path / "a", Recipe(model="cnn9", allow_recording_overlap=True)) == "a-cnn9-leaky"
    assert default_name(tmp_path / "a", Recipe()) == "a-efficientnet_lite0"


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="notes.txt"):
        check_ours(tmp_path)


def test_a_model_that_was_another_one_is_not_used(tmp_path):
    """Earlier releases padded some models otherwise, so their weights would predict something else today."""
    for model in ("resnet18", "cnn9"):
        run = fake_run(tmp_path / model, model=model)
        path = run.folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    assert read_run(tmp_path / "cnn9").recipe.model == "cnn9"
    with pytest.raises(ValueError, match="of an earlier release, whose 'resnet18' was not yet .*train it again"):
        read_run(tmp_path / "resnet18")


def test_the_images_of_a_run_are_found_through_a_link(tmp_path):
    """`outputs/runs` may be a link to another disk, at another depth."""
    place = tmp_path / "disk" / "a" / "b" / "runs"
    place.mkdir(parents=True)
    run = fake_run(place / "small")
    try:
        (tmp_path / "runs").symlink_to(place, target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    assert read_run(tmp_path / "runs" / "small").images == run.images == read_run(place / "small").images


def test_a_run_with_an_option_that_is_gone_is_to_be_trained_again(tmp_path):
    path = fake_run(tmp_path).folder / "config.json"
    config = json.loads(path.read_text())
    config["recipe"]["silent_ends"] = "keep"
    path.write_text(json.dumps(config))
    with pytest.raises(ValueError, match="The run .* those of this release. Got silent_ends. Train again without them"):
        read_run(tmp_path)
