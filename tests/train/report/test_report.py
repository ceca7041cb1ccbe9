import json
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from PIL import Image

from generate.runtime.atomic_write import write_json
from tests.train.fake_runs import SETTINGS, fake_run
from train.report.calibration_results import calibrate
from train.report.command_line import main as report_main
from train.report.make_report import make_report
from train.report.model_card import card_text
from train.report.report import FORMAT, Report, read_report
from train.report.result_records import Confusion
from train.report.results import build_report, probabilities_and_truth, read_predictions
from train.report.summary import summary_text
from train.runs import run_folder
from train.wording import percent

WRITTEN = (
    "predictions.csv",
    "report.json",
    "confusion_matrix.csv",
    "confusion_matrix.png",
    "curves.png",
    "README.md",
    "index.html",
)
OF_FOLDS = ("calibration.json", "calibration.png")
"""With two folds or more, and not of a leaky run."""


def built(run):
    """The report of a run; no file is written."""
    return build_report(run, read_predictions(run))


def warned(report, words):
    return [warning for warning in report.warnings if words in warning]


def change_fold(run, fold, **values):
    path = run.fold_folder(fold) / run_folder.FOLD
    write_json(path, json.loads(path.read_text()) | values)


def test_everything_is_written_and_nothing_else(tmp_path):
    run = fake_run(tmp_path / "run")
    before = {path.name for path in run.folder.iterdir()}
    report = make_report(run)
    assert {path.name for path in run.folder.iterdir()} == before | {*WRITTEN, *OF_FOLDS, "suspects.csv"}
    assert json.loads((run.folder / "report.json").read_text(encoding="utf-8")) == report.to_json()
    for name in ("confusion_matrix.png", "curves.png"):
        with Image.open(run.folder / name) as image:
            image.verify()


def test_pooled_results_are_those_of_all_test_images(tmp_path):
    run = fake_run(tmp_path / "run", right=0.7)
    report = make_report(run)
    table = run_folder.read_predictions(run.folder / "predictions.csv")
    both = [run.read_fold_predictions(fold) for fold in ("1", "2")]
    pd.testing.assert_frame_equal(table.drop(columns="split"), pd.concat(both, ignore_index=True))
    right = table["label"] == table["predicted"]
    pooled = report.pooled
    assert pooled.accuracy == right.mean()
    assert pooled.low < pooled.accuracy < pooled.high
    assert (pooled.n_images, pooled.n_clips, pooled.n_recordings) == (72, 72, 36)
    assert [fold.accuracy for fold in report.folds] == [right[table["fold"] == fold].mean() for fold in "12"]
    assert pooled.nearest_neighbour_accuracy == pytest.approx(0.6)
    times = report.times
    assert (times.train_seconds, times.images_seen, times.images_per_second) == (120, 8000, 8000 / 120)
    assert set(table["split"]) == {"grouped"}
    assert [row.n_recordings for row in report.classes] == [12, 12, 12]


def test_the_baseline_is_weighted_by_the_size_of_the_folds(tmp_path):
    run = fake_run(tmp_path / "run")
    path = run.fold_folder("2") / "predictions.csv"
    run_folder.read_predictions(path).head(12).to_csv(path, index=False)
    change_fold(run, "1", nearest_neighbour_accuracy=1.0)
    assert built(run).pooled.nearest_neighbour_accuracy == pytest.approx((1.0 * 36 + 0.6 * 12) / 48)
    change_fold(run, "2", nearest_neighbour_accuracy=None)
    report = built(run)
    assert report.pooled.nearest_neighbour_accuracy is None
    assert "nearest neighbour on the pixels -" in summary_text(report)


def test_calibration_is_over_recordings(tmp_path):
    """Some have clips in two folds: none of them may be fitted to and judged by."""
    run = fake_run(tmp_path / "run", right=0.7, recordings=8, clips_per_recording=5)
    predictions = read_predictions(run)
    predictions["source_id"] = predictions["source_id"].str.replace("^[12]-(.-[01])$", r"\1", regex=True)
    assert (predictions.groupby("source_id")["fold"].nunique() == 2).sum() == 6
    p, truth = probabilities_and_truth(run, predictions)
    of = {name: predictions[name].to_numpy() for name in ("fold", "source_id", "clip_id")}
    expected, of_clips = (
        calibrate(p, truth, folds=of["fold"], groups=of[name], classes=run.classes) for name in ("source_id", "clip_id")
    )
    assert build_report(run, predictions).calibration == expected != of_clips


def test_a_grouped_run_never_says_leaky(tmp_path):
    run = fake_run(tmp_path / "run", right=0.7)
    report = make_report(run)
    assert report.is_leaky is False and report.warnings == ()
    text = summary_text(report) + (run.folder / "README.md").read_text() + (run.folder / "predictions.csv").read_text()
    assert "leaky" not in text.lower()


@pytest.mark.parametrize(
    "options",
    [
        {"protocol": "paper", "all_folds": ("1",)},
        {"protocol": "random-clips", "all_folds": ("1",)},
        {"allow_recording_overlap": True, "leaky_folds": ("2",)},
    ],
)
def test_a_leaky_run_says_so_in_every_file_and_line(tmp_path, options):
    run = fake_run(tmp_path / "run", right=0.8, recordings=3, **options)
    report = make_report(run)
    assert report.is_leaky is True
    for name in WRITTEN:
        if name.endswith(".png"):
            continue  # see test_plots
        text = (run.folder / name).read_text(encoding="utf-8")
        assert "leaky" in text.lower(), name
    lines = (run.folder / "predictions.csv").read_text().splitlines()
    assert all(",leaky," in line for line in lines[1:])
    assert "(leaky)" in (run.folder / "confusion_matrix.csv").read_text().splitlines()[0]
    assert all("leaky" in line.lower() for line in summary_text(report).splitlines())
    for line in (run.folder / "README.md").read_text().splitlines():
        assert "%" not in line or "leaky" in line.lower(), line
    n_tested = sum(fold.n_images for fold in report.folds if fold.is_leaky)
    assert warned(report, f"Leaky: {n_tested} of {report.pooled.n_images} test images have images of the same")


def test_allow_recording_overlap_where_there_are_none_is_grouped(tmp_path):
    assert built(fake_run(tmp_path / "run", allow_recording_overlap=True)).is_leaky is False


def test_missing_folds_are_named_and_the_results_are_of_the_others(tmp_path):
    run = fake_run(tmp_path / "run", all_folds=("1", "2", "3", "10"), folds=("1", "3"), finished=("3",))
    report = make_report(run)
    assert report.folds_missing == ("1", "2", "10")
    assert [fold.name for fold in report.folds] == ["3"]
    assert report.pooled.n_clips == 36
    assert report.pooled.std_of_folds is None
    assert warned(report, "Only 1 of 4 folds finished") and warned(report, "--folds 1,2,10")
    assert "1 of 4 folds only" in summary_text(report)
    assert "1 of 4 folds only" in (run.folder / "README.md").read_text()


def test_a_run_without_a_finished_fold_has_no_report(tmp_path):
    run = fake_run(tmp_path / "run", finished=())
    with pytest.raises(ValueError, match="No fold of the run .* is finished"):
        make_report(run)
    assert not (run.folder / "report.json").exists()


def test_too_high_an_accuracy_from_scratch_is_suspicious(tmp_path):
    from_scratch = built(fake_run(tmp_path / "a", right=1))
    assert warned(from_scratch, "is unusually high for a model trained from scratch")
    assert warned(from_scratch, "--source-pattern")
    assert warned(from_scratch, "this test does not rule out 90.3 %")
    pretrained = built(fake_run(tmp_path / "b", right=1, weights="imagenet"))
    assert not warned(pretrained, "from scratch")
    leaky = built(fake_run(tmp_path / "c", right=1, protocol="paper", all_folds=("1",)))
    assert not warned(leaky, "Look for a leak")


def test_a_nearest_neighbour_that_is_too_good_is_suspicious(tmp_path):
    run = fake_run(tmp_path / "run", right=0.8)
    change_fold(run, "1", nearest_neighbour_accuracy=0.99)
    change_fold(run, "2", nearest_neighbour_accuracy=0.85)
    assert warned(built(run), "which only compares pixels, reaches 92.0 %")
    change_fold(run, "1", nearest_neighbour_accuracy=0.94)
    assert not warned(built(run), "Look for a leak")


def test_weak_classes_are_named(tmp_path):
    run = fake_run(
        tmp_path / "run", all_folds=("1",), recordings=4, answers=lambda _, label: "rain" if label == "saw" else label
    )
    report = built(run)
    assert warned(report, "Not one test image was recognised of: saw.")
    assert warned(report, "Fewer than 6 test recordings") and warned(report, "bird (4), rain (4), saw (4)")
    assert report.classes[2].precision is None, "nothing was predicted as saw"
    assert report.confusions == (Confusion(label="saw", predicted="rain", count=8, n_images=8),)
    assert "saw predicted as rain 8 of 8" in summary_text(report)


def test_two_recordings_give_no_interval_but_say_how_many_it_takes(tmp_path):
    run = fake_run(tmp_path / "run", classes=("a", "b"), all_folds=("1",), recordings=1, clips_per_recording=70)
    report = make_report(run)
    pooled = report.pooled
    assert (pooled.n_clips, pooled.n_recordings, pooled.low, pooled.high) == (140, 2, None, None)
    assert [fold.low for fold in report.folds] == [None]
    assert "(no interval: 2 recordings; at least 6 are needed, 4 more; 140 clips of 2 recordings)" in summary_text(
        report
    )
    assert warned(report, "an interval takes at least 6 recordings, 4 more")
    card, page = ((run.folder / name).read_text(encoding="utf-8") for name in ("README.md", "index.html"))
    assert "no interval: 2 recordings; at least 6 are needed, 4 more" in card
    assert "anything from" not in card
    assert "no interval: 2 recordings; at least 6 are needed, 4 more" in page


def test_always_the_same_prediction_is_named(tmp_path):
    run = fake_run(tmp_path / "run", answers=lambda *_: "bird")
    assert warned(built(run), "no better than always predicting")


def test_a_report_is_read_back_and_one_of_another_format_is_not(tmp_path):
    run = fake_run(tmp_path / "run", right=0.7, classes=tuple("abcde"), ensemble=2)
    report = make_report(run)
    assert read_report(run.folder) == report
    values = report.to_json()
    write_json(run.folder / "report.json", values | {"format": FORMAT - 1})
    with pytest.raises(
        ValueError, match=f"'format' must be {FORMAT}. Got {FORMAT - 1}.*train.report .* writes it again"
    ):
        read_report(run.folder)
    del values["trained_on"]
    with pytest.raises(ValueError, match="it lacks 'trained_on'"):
        Report.from_json(values)


def test_groups_of_classes_are_those_of_the_collection(tmp_path):
    run = fake_run(tmp_path / "run", right=0.6, classes=("bird", "cow", "rain", "saw"))
    groups = {"Animals": ["bird", "cow", "dog"], "Water": ["rain"], "Music": ["flute"]}
    settings = SETTINGS | {"collection": SETTINGS["collection"] | {"class_groups": groups}}
    write_json(run.folder / "settings.json", settings)
    report = make_report(run)
    assert [(row.name, row.n_classes, row.n_images) for row in report.groups] == [("Animals", 2, 48), ("Water", 1, 24)]
    table = run_folder.read_predictions(run.folder / "predictions.csv")
    animals, water = table[table["label"].isin(["bird", "cow"])], table[table["label"] == "rain"]
    first, second = report.groups
    assert first.accuracy == (animals["label"] == animals["predicted"]).mean() and first.low < first.accuracy
    assert first.accuracy_of_group == animals["predicted"].isin(["bird", "cow"]).mean() > first.accuracy
    assert second.accuracy == second.accuracy_of_group == (water["predicted"] == "rain").mean()
    assert read_report(run.folder) == report
    card = (run.folder / "README.md").read_text()
    assert f"| Animals | 2 | {percent(first.accuracy)} |" in card and "by group of classes" in card
    assert "by group" not in card_text(built(fake_run(tmp_path / "other")), SETTINGS)


def test_a_report_has_a_short_repr(tmp_path):
    report = built(fake_run(tmp_path / "run", right=0.7, model="cnn7"))
    assert repr(report).startswith("<Report of cnn7 on Small: accuracy 6") and "95 % interval" in repr(report)


@pytest.mark.parametrize("path", [("pooled",), ("pooled", "accuracy"), ("folds", 0, "epochs"), ("recipe", "epochs")])
def test_a_report_with_another_value_is_refused(tmp_path, path):
    run = fake_run(tmp_path / "run")
    values = built(run).to_json()
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = "x"
    write_json(run.folder / "report.json", values)
    with pytest.raises(ValueError, match=f"'{path[-1]}' must be .*train.report {run.folder}"):
        read_report(run.folder)
    (run.folder / "report.json").unlink()
    with pytest.raises(FileNotFoundError, match="train.report"):
        read_report(run.folder)


def test_a_class_without_a_test_image_is_named(tmp_path):
    run = fake_run(tmp_path / "run", all_folds=("1",))
    path = run.fold_folder("1") / "predictions.csv"
    table = run_folder.read_predictions(path)
    table[(table["label"] != "saw") & (table["predicted"] != "saw")].to_csv(path, index=False)
    report = make_report(run)
    assert warned(report, "Not tested at all: saw.")
    assert report.classes[2].recall is None
    assert "NaN" not in (run.folder / "report.json").read_text()


def test_left_out_relatives_and_foreign_weights_are_reported(tmp_path):
    run = fake_run(tmp_path / "run", weights="other/last.weights.h5")
    change_fold(run, "1", n_left_out=6)
    change_fold(run, "2", n_left_out=1200)
    report = built(run)
    assert report.protocol.n_left_out == 1206
    assert warned(report, "1,206 images left out of training because images of the same recording are in the test")
    assert warned(report, "other/last.weights.h5")


def test_class_names_of_any_kind_come_through(tmp_path):
    classes = ('<&"', "a|b", "käse 鳥 $x_1$", "NA", "1", "a$_$b", "_b")
    run = fake_run(tmp_path / "run", classes=classes, right=0.6)
    report = make_report(run)
    assert [row.label for row in report.classes] == list(classes)
    matrix = pd.read_csv(run.folder / "confusion_matrix.csv", index_col=0, keep_default_na=False)
    assert list(matrix.index) == list(matrix.columns) == list(classes)
    assert matrix.to_numpy().sum() == report.pooled.n_images
    assert set(run_folder.read_predictions(run.folder / "predictions.csv")["label"]) == set(classes)


def test_the_report_may_be_written_again(tmp_path):
    run = fake_run(tmp_path / "run")
    make_report(run)
    first = {name: (run.folder / name).read_bytes() for name in WRITTEN}
    make_report(run_folder.read_run(run.folder))
    assert {name: (run.folder / name).read_bytes() for name in WRITTEN} == first


@pytest.mark.parametrize("name", ["../../../evil", "/tmp/evil.png", "a/../../b__original.png", ""])
def test_a_table_of_a_stranger_names_no_file_elsewhere(tmp_path, name):
    run = fake_run(tmp_path / "run")
    path = run.fold_folder("2") / "predictions.csv"
    table = pd.read_csv(path)
    table.loc[3, "file_name"] = name
    table.to_csv(path, index=False)
    with pytest.raises(ValueError, match=r"predictions\.csv' is not as .* holds what is no name of an image"):
        make_report(run)


@pytest.mark.parametrize("change", ["column", "class", "fold"])
def test_damaged_files_are_named(tmp_path, change):
    run = fake_run(tmp_path / "run")
    path = run.fold_folder("2") / "predictions.csv"
    table = run_folder.read_predictions(path)
    if change == "column":
        table.drop(columns="p:rain").to_csv(path, index=False)
    elif change == "class":
        table.assign(predicted="wind").to_csv(path, index=False)
    else:
        path = run.fold_folder("2") / "fold.json"
        path.write_text('{"name": "2"}')
    with pytest.raises(ValueError, match="fold-2") as error:
        make_report(run)
    assert path.name in str(error.value) and "--resume" in str(error.value)
    assert not list(run.folder.glob("*.tmp"))


def test_the_command_makes_the_report_and_prints_it(tmp_path, capsys):
    run = fake_run(tmp_path / "run")
    assert report_main([str(run.folder)]) == 0
    assert "macro F1" in capsys.readouterr().out
    assert (run.folder / "report.json").is_file()


def test_the_command_names_what_is_wrong(tmp_path, capsys):
    assert report_main([str(tmp_path / "absent")]) == 1
    assert report_main([str(tmp_path)]) == 1
    assert report_main([str(fake_run(tmp_path / "run", finished=()).folder)]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3 and all(line.startswith("train.report: ") for line in errors)


def test_no_report_needs_keras():
    code = "import sys, train.report.make_report, train.compare.table, train.report.plots, train.report.model_card; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_with_one_fold_nothing_is_calibrated_and_an_earlier_calibration_goes(tmp_path):
    """It would be fitted on the recordings that it is reported for."""
    run = fake_run(tmp_path / "run")
    report = make_report(run)
    assert report.calibration is not None and (run.folder / "calibration.json").is_file()
    assert {row.label for row in report.calibration.thresholds} == set(run.classes)
    one = replace(run, folds=run.folds[:1])
    assert make_report(one).calibration is None
    assert not (run.folder / "calibration.json").exists() and not (run.folder / "calibration.png").exists()


def test_predictions_are_scaled_and_judged_by_the_calibration(tmp_path):
    from train.calibration.saved import read_calibration

    run = fake_run(tmp_path / "run")
    report = make_report(run)
    saved = read_calibration(run.folder, run.classes)
    assert saved.temperature == report.calibration.temperature
    for row in report.calibration.thresholds:
        assert saved.threshold(row.label) == pytest.approx(1.0 if row.threshold is None else row.threshold, abs=1e-6)
