import pytest

from generate.dataset import tables
from tests.train.conftest import draw
from tests.train.predict.test_windows import record
from train.leakage.command_line import gap_text, main
from train.recipe import Recipe
from train.report.knn_baseline import nearest_neighbour_accuracy, shrink
from train.report.result_records import Evaluation
from train.training.prepare import prepare


def test_the_quick_meter_is_the_one_of_a_run(images, capsys):
    assert main([str(images), "--quick", "--input-size", "48"]) == 0
    out = capsys.readouterr().out
    prepared = prepare(images, Recipe(input_size=48))
    shrunk, labels = shrink(prepared.images.pixels), prepared.table["label"].to_numpy()
    right = sum(nearest_neighbour_accuracy(shrunk, labels, split) * len(split.test) for split in prepared.splits)
    n_tested = sum(len(split.test) for split in prepared.splits)
    (honest,) = [line for line in out.splitlines() if "honest folds" in line]
    assert f"{100 * right / n_tested:.1f} %" in honest and "0 of them with a relative" in honest
    assert "any model can" in out
    assert main([str(images), "--quick", "--input-size", "48", "--cache", "disk"]) == 0
    assert capsys.readouterr().out == out
    (pixels,) = images.glob(".pixels-*.npy")
    pixels.unlink()


def test_where_there_are_no_relatives_nothing_is_said_to_leak(tmp_path, capsys):
    for k, label in enumerate(("high", "low")):
        for number in range(6):
            record(tmp_path / "audio_folder" / label / f"{number}.wav", 1.0, seed=number, hz=300 + 3000 * k)
    draw(tmp_path / "audio_folder", tmp_path / "images", "--variants", "none")
    assert tables.read_metadata(tmp_path / "images" / "metadata.csv")["source_id"].is_unique
    assert main([str(tmp_path / "images"), "--quick"]) == 0
    assert "so nothing leaks" in capsys.readouterr().out


def test_a_protocol_cannot_be_given(images, capsys):
    with pytest.raises(SystemExit) as caught:
        main([str(images), "--quick", "--protocol", "paper"])
    assert caught.value.code == 2


@pytest.mark.parametrize("idle", [["--epochs", "3"], ["--folds", "1"], ["--name", "x"], ["--weight-decay", "0.1"]])
def test_the_quick_meter_refuses_what_it_does_not_use(images, capsys, idle):
    assert main([str(images), "--quick", *idle]) == 1
    assert f"{idle[0]} is not used with --quick" in capsys.readouterr().err


@pytest.mark.parametrize(
    "honest, leaky, expected",
    [
        ((0.80, 0.75, 0.84), (0.99, 0.97, 1.0), "+19.0 percentage points, which no new recording would give."),
        ((0.80, 0.70, 0.88), (0.85, 0.75, 0.92), "+5.0 percentage points: the intervals overlap"),
        ((0.80, None, None), (0.99, 0.97, 1.0), "+19.0 percentage points; these are too few recordings to tell"),
        ((0.90, 0.85, 0.94), (0.70, 0.60, 0.79), "-20.0 percentage points: here memory was no help"),
    ],
)
def test_what_the_leak_gives_is_told_from_noise(honest, leaky, expected):
    pooled = [
        Evaluation(
            **dict(zip(("accuracy", "low", "high"), values, strict=True)),
            **dict.fromkeys(("n_images", "n_clips", "n_recordings", "nearest_neighbour_accuracy"), 1),
        )
        for values in (honest, leaky)
    ]
    assert gap_text(*pooled).startswith(expected)
