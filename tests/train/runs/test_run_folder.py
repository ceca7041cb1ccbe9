"""Reading run folders back."""

import json

import pytest

from tests.train.fake_runs import fake_run
from train.recipe import Recipe
from train.runs.new_run import check_ours, default_name
from train.runs.run_folder import read_run


def change(path, **values):
    """Change values of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"format": 1}, "'format' must be 2. Got 1"),
        ({"format": 3}, "'format' must be 2. Got 3"),
        ({"devices": {}}, "it holds 'devices', which is not known here"),
        ({"recipe": Recipe().to_json() | {"nets": 2}}, "it holds 'nets', which is not known here"),
        ({"recipe": {"model": "cnn9"}}, "it lacks 'weights'"),
    ],
)
def test_a_run_of_another_format_is_refused(tmp_path, values, words):
    run = fake_run(tmp_path / "run")
    change(run.folder / "config.json", **values)
    with pytest.raises(ValueError, match=f"{words}.*train it again: `python -m train IMAGES`"):
        read_run(run.folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"images_seen": "many"}, "'images_seen' must be .* Got 'many'"),
        ({"pictures_seen": 3}, "it holds 'pictures_seen', which is not known here"),
    ],
)
def test_values_of_a_fold_are_checked(tmp_path, values, words):
    run = fake_run(tmp_path / "run")
    change(run.fold_folder("1") / "fold.json", **values)
    with pytest.raises(ValueError, match=f"{words}.*Delete the folder of this fold, and train it again"):
        run.read_fold("1")


def test_leaky_runs_are_named_so(tmp_path):
    assert default_name(tmp_path / "a", Recipe(model="cnn9", allow_recording_overlap=True)) == "a-cnn9-leaky"
    assert default_name(tmp_path / "a", Recipe()) == "a-efficientnet_lite0"


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="notes.txt"):
        check_ours(tmp_path)


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
    with pytest.raises(ValueError, match="The run .*it holds 'silent_ends', which is not known here.*train it again"):
        read_run(tmp_path)
