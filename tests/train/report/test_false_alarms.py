"""Clips of background are reported apart: as false alarms an hour, not in the accuracy."""

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score

from tests.train.fake_runs import fake_run
from train.calibration.thresholds import fit
from train.report.false_alarms import false_alarms
from train.report.intervals import share_interval
from train.report.make_report import make_report
from train.report.model_card import card_text
from train.report.paired_differences import Finished, paired_clips
from train.report.report import Report
from train.report.results import build_report, probabilities_and_truth, read_predictions
from train.report.summary import summary_text

CLASSES = ("bird", "saw", "_background")


def built(folder, **options):
    run = fake_run(folder, **{"classes": CLASSES, "right": 0.7} | options)
    predictions = read_predictions(run)
    return run, predictions, build_report(run, predictions)


def test_the_accuracy_counts_the_clips_of_the_classes_alone(tmp_path):
    run, predictions, report = built(tmp_path / "run")
    shown = predictions[predictions["label"] != "_background"]
    assert report.pooled.accuracy == pytest.approx((shown["label"] == shown["predicted"]).mean())
    assert (report.pooled.n_images, report.pooled.n_recordings) == (len(shown), shown["source_id"].nunique())
    assert sum(fold.n_images for fold in report.folds) == len(shown)
    assert (shown["predicted"] == "_background").any(), "which is an error"
    # Over all clips, so that background that is predicted as a class lowers its precision.
    both = f1_score(predictions["label"], predictions["predicted"], labels=["bird", "saw"], average="macro")
    assert report.pooled.macro_f1 == pytest.approx(both)
    assert report.pooled.most_frequent_class_accuracy == 0.5


def test_one_class_beside_background_has_no_majority_to_be_compared_with(tmp_path):
    run, _, report = built(tmp_path / "run", classes=("wren", "_background"), right=0.95)
    assert report.pooled.most_frequent_class_accuracy is None and report.pooled.accuracy > 0.9
    assert not any("no better" in warning for warning in report.warnings)
    said = summary_text(report) + card_text(report, run.image_settings())
    assert "the most frequent class" not in said


def test_false_alarms_are_counted_with_what_the_other_folds_give(tmp_path):
    run, predictions, report = built(tmp_path / "run", all_folds=("1", "2", "3"), right=0.93, clips_per_recording=8)
    probabilities, truth = probabilities_and_truth(run, predictions)
    alarms = []
    for fold in "123":  # each clip by itself
        here = (predictions["fold"] == fold).to_numpy()
        fitted = fit(probabilities[~here], truth[~here])
        for row in np.flatnonzero(here & (truth == 2)):
            scaled = probabilities[row] ** (1 / fitted.temperature)
            scaled /= scaled.sum()
            alarms.append((predictions["source_id"][row], bool((scaled[:2] >= fitted.thresholds[:2]).any())))
    found = report.false_alarms
    assert 0 < sum(is_alarm for _, is_alarm in alarms) < len(alarms)
    assert (found.n_alarms, found.n_clips) == (sum(is_alarm for _, is_alarm in alarms), len(alarms))
    assert found.hours == pytest.approx(len(alarms) * 5 / 3600)  # clips of 5 s
    assert found.per_hour == pytest.approx(found.n_alarms / found.hours)
    interval = share_interval([is_alarm for _, is_alarm in alarms], [group for group, _ in alarms])
    assert (found.low, found.high) == pytest.approx((interval.low * 720, interval.high * 720))
    assert found.low < found.per_hour < found.high


def of_clips(probabilities, truth, folds, classes=CLASSES, groups=None):
    groups = np.arange(len(truth)) if groups is None else groups
    arrays = (np.array(probabilities, float), np.array(truth))
    return false_alarms(*arrays, folds=np.array(folds), groups=groups, classes=classes, seconds=3.0)


def test_with_one_fold_the_threshold_is_that_of_its_predictions():
    p = [[0.5, 0.1, 0.4], [0.49, 0.02, 0.49], [0.0, 0.0, 1.0], [0.9, 0.1, 0.0]]
    found = of_clips(p, [2, 2, 2, 0], ["1"] * 4)
    assert (found.n_alarms, found.n_clips, found.is_calibrated) == (1, 3, False)
    assert found.per_hour == pytest.approx(400)
    assert (found.low, found.high) == (None, None), "three recordings"


def test_both_classes_of_none_count_and_neither_raises_an_alarm():
    p = [[0.1, 0.0, 0.9], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]
    found = of_clips(p, [1, 2, 0], ["1"] * 3, classes=("wren", "_background", "_other"))
    assert (found.labels, found.n_alarms, found.n_clips) == (("_background", "_other"), 1, 2)
    assert of_clips(p, [0, 0, 0], ["1"] * 3, classes=("wren", "_background", "_other")) is None, "none was tested"


def test_with_several_labels_clips_of_other_sounds_count_too():
    p = [[0.9, 0.9], [0.1, 0.9], [0.9, 0.1], [0.9, 0.2]]
    truth = np.array([[False, True], [False, True], [False, False], [True, False]])
    found = of_clips(p, truth, ["1"] * 4, classes=("wren", "_other"))
    assert (found.labels, found.n_alarms, found.n_clips) == (("_background", "_other"), 2, 3)


def test_it_is_said_everywhere(tmp_path):
    run, _, _ = built(tmp_path / "run")
    report = make_report(run)
    found = report.false_alarms
    assert Report.from_json(json.loads((run.folder / "report.json").read_text())) == report
    said = f"{found.per_hour:.1f} an hour of _background"
    assert said in summary_text(report) and "without those of _background" in summary_text(report)
    card = (run.folder / "README.md").read_text()
    assert said.replace("_", "\\_") in card and "| \\_background | " not in card.partition("## Thresholds")[0]
    page = (run.folder / "index.html").read_text()
    assert said in page and ", without those of _background" in page


def test_a_run_without_such_a_class_is_as_it_was(tmp_path):
    run, _, report = built(tmp_path / "run", classes=("bird", "saw"))
    assert report.false_alarms is None and "false_alarms" not in report.to_json()
    said = summary_text(report) + card_text(report, run.image_settings()) + repr(report)
    assert "larm" not in said.replace("alarms tested", "").partition("## Thresholds")[0]
    assert "without those" not in said


def test_a_leaky_run_has_none(tmp_path):
    assert built(tmp_path / "run", leaky_folds=("1",))[2].false_alarms is None


def test_a_fold_of_background_alone_is_tested_on_it(tmp_path):
    run, predictions, _ = built(tmp_path / "run")
    predictions = predictions[(predictions["fold"] == "1") | (predictions["label"] == "_background")]
    report = build_report(run, predictions.reset_index(drop=True))
    first, second = report.folds
    assert second.n_images == 12 and (first.is_background_only, second.is_background_only) == (False, True)
    pooled = report.pooled
    assert pooled.n_images == 24
    assert pooled.accuracy == pooled.mean_of_folds == first.accuracy and pooled.std_of_folds is None
    assert pooled.nearest_neighbour_accuracy == first.nearest_neighbour_accuracy
    said = "only background, which does not count"
    assert summary_text(report).count(said) == card_text(report, run.image_settings()).count(said) == 1


def test_runs_are_compared_by_the_same_clips(tmp_path):
    runs = [
        Finished(name, report, predictions)
        for name in ("a", "b")
        for _, predictions, report in [built(tmp_path / name, seed=ord(name))]
    ]
    assert set(paired_clips(*runs)["label"]) == {"bird", "saw"}
