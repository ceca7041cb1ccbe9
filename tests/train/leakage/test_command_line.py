import re

import pytest

from generate.dataset import tables
from tests.train.conftest import draw
from tests.train.predict.test_windows import record
from train.leakage.command_line import main
from train.leakage.leakage import difference_text
from train.recipe import Recipe
from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
from train.training.prepare import prepare


def test_the_quick_baseline_is_the_one_of_a_run(images, capsys):
    assert main([str(images), "--quick", "--input-size", "48"]) == 0
    out = capsys.readouterr().out
    prepared = prepare(images, Recipe(input_size=48))
    shrunk, labels = shrink(prepared.images.pixels), prepared.table["label"].to_numpy()
    right = sum(nearest_neighbour_accuracy(shrunk, labels, split) * len(split.test) for split in prepared.splits)
    n_tested = sum(len(split.test) for split in prepared.splits)
    (grouped,) = [line for line in out.splitlines() if "grouped folds" in line]
    assert f"{100 * right / n_tested:.1f} %" in grouped and ", 0 of them of a recording in training" in grouped
    assert "does not hold on new recordings" in out
    assert main([str(images), "--quick", "--input-size", "48", "--cache", "disk"]) == 0
    assert capsys.readouterr().out == out
    (pixels,) = images.glob(".pixels-*.npy")
    pixels.unlink()


def test_clips_of_background_are_not_counted_as_tested(images, capsys, monkeypatch):
    monkeypatch.setattr("generate.dataset.background_classes.NOT_EVENTS", frozenset({"high"}))
    assert main([str(images), "--quick"]) == 0
    (leaky,) = (line for line in capsys.readouterr().out.splitlines() if "paper" in line)
    n_tested, n_shared = re.search(r"of (\d+) test images, (\d+) of them of a recording in training", leaky).groups()
    assert n_tested == n_shared


def test_one_clip_per_recording_and_no_variants_leak_nothing(tmp_path, capsys):
    for k, label in enumerate(("high", "low")):
        for number in range(6):
            record(tmp_path / "audio_folder" / label / f"{number}.wav", 1.0, seed=number, hz=300 + 3000 * k)
    draw(tmp_path / "audio_folder", tmp_path / "images", "--variants", "none")
    assert tables.read_metadata(tmp_path / "images" / "metadata.csv")["source_id"].is_unique
    assert main([str(tmp_path / "images"), "--quick"]) == 0
    assert "No split leaks here" in capsys.readouterr().out


def test_a_protocol_cannot_be_given(images, capsys):
    with pytest.raises(SystemExit) as caught:
        main([str(images), "--quick", "--protocol", "paper"])
    assert caught.value.code == 2


@pytest.mark.parametrize("unused", [["--epochs", "3"], ["--folds", "1"], ["--name", "x"]])
def test_quick_refuses_options_that_only_training_uses(images, capsys, unused):
    assert main([str(images), "--quick", *unused]) == 1
    assert f"{unused[0]} must be left out with --quick" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["sub/first", "a/../../b", ".."])
def test_a_name_is_one_of_a_folder(images, capsys, name):
    assert main([str(images), "--name", name]) == 1
    assert f"--name must be the name of a folder in 'outputs/runs', such as first-try. Got {name!r}" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "accuracies, grouped, leaky, expected",
    [
        ((0.80, 0.99), (0.75, 0.84), (0.97, 1.0), "+19.0 percentage points, which would be lost on new recordings."),
        ((0.80, 0.85), (0.70, 0.88), (0.75, 0.92), "+5.0 percentage points: the intervals overlap"),
        ((0.80, 0.99), (None, None), (0.97, 1.0), "+19.0 percentage points; too few recordings to tell"),
        ((0.90, 0.70), (0.85, 0.94), (0.60, 0.79), "-20.0 percentage points: the leak did not help"),
    ],
)
def test_the_difference_is_told_from_noise(accuracies, grouped, leaky, expected):
    assert difference_text(*accuracies, grouped, leaky).startswith(expected)
