"""The page of runs that were not trained, in a real browser; `tests/train/test_run_page.py` has that of a whole run."""

import json
import os
import re
import shlex
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generate.gallery.fill_page import as_json
from tests.browser import browser, chromium  # noqa: F401
from tests.train.fake_runs import fake_run
from train.predict.recording_page.listening import address_of
from train.report.make_report import make_report
from train.report.page import write_page
from train.report.page_tests import cells_of, columns_of, shown_tests
from train.report.results import build_report, read_predictions
from train.runs.run_folder import PROBABILITY
from train.suspects.review import write_suspects_page
from train.wording import percent


def data_of(run, page="index.html"):
    """What is filled into a page."""
    page = (run.folder / page).read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))


def fill_again(run, data):
    """Write the page with other data."""
    page = run.folder / "index.html"
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'(?<=id="data">).*?(?=</script>)', lambda _: as_json(data), text, count=1, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")


def written(folder, **options):
    """A run with its page alone, and its report."""
    run = fake_run(folder / "run", **options)
    return run, write_again(run)


def write_again(run):
    """Write the page without thresholds, whose plot is not there."""
    report = replace(build_report(run, read_predictions(run)), calibration=None)
    write_page(run, report, n_explained=0)
    return report


@pytest.mark.parametrize("is_known", [True, False])
def test_the_calibration_error_and_what_it_would_be_by_chance(browser, tmp_path, is_known):  # noqa: F811
    run = fake_run(tmp_path / "run")
    report = make_report(run, n_explained=0)
    found = report.calibration
    if not is_known:
        found = replace(found, error_by_chance=None, error_before_by_chance=None)
        write_page(run, replace(report, calibration=found), n_explained=0)
    browser.open(run.folder / "index.html")
    words = [
        percent(error) + ("" if by_chance is None else f" (by chance up to {percent(by_chance)})")
        for error, by_chance in (
            (found.error, found.error_by_chance),
            (found.error_before, found.error_before_by_chance),
        )
    ]
    assert (
        f"Calibration error: {words[0]}, before temperature scaling {words[1]}."
        in browser.one("#thresholds-words").text
    )
    assert ("by chance" in words[0]) == is_known


def test_numbers_are_rounded_as_in_the_model_card(browser, tmp_path):  # noqa: F811
    run, _ = written(tmp_path)
    browser.open(run.folder / "index.html")
    fractions = [k / 2000 for k in range(2001)] + [k / 800 for k in range(801)] + [k / 299 for k in range(300)]
    shown = browser.run("return arguments[0].map(percent)", fractions)
    assert shown == [percent(fraction) for fraction in fractions]


def test_the_matrix_and_the_most_confident_errors(browser, tmp_path):  # noqa: F811
    run, report = written(tmp_path)
    predictions = read_predictions(run)
    browser.open(run.folder / "index.html")
    cells = {(i, j): n for i, j, n in data_of(run)["cells"]}
    pairs = zip(predictions["label"], predictions["predicted"], strict=True)
    numbers = pd.Series([(run.classes.index(label), run.classes.index(answer)) for label, answer in pairs])
    assert cells == numbers.value_counts().to_dict()
    assert sorted(int(text) for text in browser.texts(".matrix button")) == sorted(cells.values())
    errors = predictions[predictions["label"] != predictions["predicted"]]
    confidences = [row[PROBABILITY + row["predicted"]] for _, row in errors.iterrows()]
    assert browser.run("return matching.map(confidence)") == pytest.approx(sorted(confidences, reverse=True), rel=1e-3)
    assert not browser.one("#lacking").text.startswith("This page")


def test_a_page_of_very_many_clips_shows_the_errors_and_some_of_each_class(browser, tmp_path, monkeypatch):  # noqa: F811
    run = fake_run(tmp_path / "run", right=0.8)
    predictions = read_predictions(run)
    n_wrong = int((predictions["label"] != predictions["predicted"]).sum())
    shown = shown_tests(run, predictions, most=n_wrong + 6)
    is_wrong = shown["label"] != shown["predicted"]
    assert is_wrong.sum() == n_wrong and shown["label"][~is_wrong].value_counts().to_dict() == dict.fromkeys(
        run.classes, 2
    )
    pd.testing.assert_frame_equal(shown_tests(run, predictions), predictions)
    assert len(shown_tests(run, predictions, most=3)) == 3

    monkeypatch.setattr("train.report.page.shown_tests", lambda *_: shown)
    write_again(run)
    browser.open(run.folder / "index.html")
    assert browser.one("#lacking").text.startswith(
        f"This page shows {n_wrong + 6} test clips of 72, errors first; all are in predictions.csv."
    )
    assert sum(int(text) for text in browser.texts(".matrix button")) == 72, "the matrix counts all of them"


def test_a_page_of_several_labels_and_many_classes_opens_soon(browser, tmp_path):  # noqa: F811
    n_classes, n_clips = 200, 10_000
    classes = tuple(f"c{k:03}" for k in range(n_classes))
    run, report = written(tmp_path, classes=classes, recordings=1, clips_per_recording=1, all_folds=("1",))
    run = replace(run, multilabel=True)
    rng = np.random.default_rng(0)
    labels = [";".join(sorted(rng.choice(classes, 2, replace=False))) for _ in range(n_clips)]
    predicted = [label if rng.random() < 0.5 else classes[0] for label in labels]
    columns = {name: [str(k) for k in range(n_clips)] for name in ("clip_id", "source_id", "file_name")}
    table = pd.DataFrame(columns | {"fold": "1", "variant": "original", "label": labels, "predicted": predicted})
    p = pd.DataFrame(rng.random((n_clips, n_classes)), columns=[PROBABILITY + name for name in classes])
    table = pd.concat([table, p], axis=1)
    tests = columns_of(run, table)
    for k in (0, 17):
        values = p.loc[k].to_numpy()
        true = [classes.index(name) for name in labels[k].split(";")]
        worst = max(1 - value if j in true else value for j, value in enumerate(values))
        assert tests["confidence"][k] == pytest.approx(worst, rel=1e-3)
        best = [int(j) for j in np.argsort(-values)[:5]]
        assert [j for j, _ in tests["probabilities"][k]] == [*best, *(j for j in true if j not in best)]
        assert [value for _, value in tests["probabilities"][k]] == pytest.approx(
            [values[j] for j, _ in tests["probabilities"][k]], rel=1e-3
        )
    data = data_of(run) | {"tests": tests, "cells": cells_of(run, table), "n_tests": n_clips}
    assert len(json.dumps(tests)) < 400 * n_clips
    data["report"]["multilabel"] = {
        "mean_average_precision": 0.5, "low": 0.4, "high": 0.6, "chance": 0.1,
        "labels": [{"average_precision": 0.5, "low": None, "high": None}] * n_classes,
    }  # fmt: skip
    fill_again(run, data)
    began = time.monotonic()
    browser.open(run.folder / "index.html")
    browser.choose("#answer", "all")
    browser.wait("document.getElementById('found').textContent.startsWith('10,000 test')")
    assert time.monotonic() - began < 15  # 60 s where each comparison of two clips looked at all classes


def test_a_fold_of_background_alone_has_no_accuracy(browser, tmp_path):  # noqa: F811
    run, report = written(tmp_path)
    second = replace(report.folds[1], is_background_only=True)
    write_page(run, replace(report, folds=(report.folds[0], second)), n_explained=0)
    browser.open(run.folder / "index.html")
    rows = [browser.texts(f"#folds tbody tr:nth-child({k}) > *")[:3] for k in (1, 2)]
    assert rows[0][:2] == ["1", percent(report.folds[0].accuracy)]
    assert rows[1] == ["2 (only background, which does not count)", "–", "none"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "On the training images with augmentation; epoch 1, shaded, is the fit of the last layer, without augm"),
        (
            {"augment": ()},
            "On the training images without augmentation; epoch 1, shaded, is the fit of the last layer.",
        ),
        ({"views": 0, "epochs": 1}, "On the training images without augmentation, to which the last layer was fitted."),
        (
            {"weights": "none", "model": "cnn9", "epochs": 3},
            "On the training images with augmentation. The test images",
        ),
    ],
)
def test_the_curves_say_which_images_they_are_of(browser, tmp_path, options, words):  # noqa: F811
    options = {"model": "efficientnet_lite0", "weights": "imagenet", "epochs": 4} | options
    n_epochs = options.pop("epochs")
    run = fake_run(tmp_path / "run", **options)
    for fold in run.folds:
        path = run.fold_folder(fold) / "history.csv"
        history = pd.read_csv(path).iloc[:n_epochs]
        history["phase"] = ["head" if options["weights"] == "imagenet" else "all"] + ["all"] * (n_epochs - 1)
        history.to_csv(path, index=False)
    write_again(run)
    browser.open(run.folder / "index.html")
    assert browser.one("#curves-words").text.startswith(words)
    assert len(browser.all("#curves .fitted")) == (2 if "shaded" in words else 0)


def test_curves_of_ten_folds_can_be_told_apart_and_from_their_validation(browser, tmp_path):  # noqa: F811
    folds = tuple(str(k) for k in range(1, 11))
    run, _ = written(tmp_path, all_folds=folds, recordings=1, clips_per_recording=1, select="validation")
    browser.open(run.folder / "index.html")
    looks = "(one) => { const style = getComputedStyle(one); return [style.stroke, style.strokeDasharray, style.strokeWidth]; }"
    lines = [
        tuple(look)
        for look in browser.run(f"return [...document.querySelectorAll('#curves svg:first-child path')].map({looks})")
    ]
    assert len(lines) == len(set(lines)) == 20
    marks = [
        tuple(look[:2])
        for look in browser.run(f"return [...document.querySelectorAll('#curves-legend path')].map({looks})")
    ]
    assert len(set(marks)) == 10
    assert "thick: on the validation images" in browser.one("#curves-words").text


@pytest.mark.parametrize("n_heard", [0, 3, None])
def test_the_errors_are_to_be_listened_to_only_where_they_can_be_heard(browser, tmp_path, n_heard):  # noqa: F811
    folder = tmp_path / "$& {images}"
    run, _ = written(folder)
    data = data_of(run)
    tests = data["tests"]
    wrong = [k for k, label in enumerate(tests["label"]) if label != tests["predicted"][k]]
    data["has_images"] = True
    if n_heard != 0:
        data["audio_of"] = {tests["file"][k]: "rain.mp3" for k in wrong[1:n_heard]}
        tests["explained"][wrong[0]] = {"stem": "rain", "completeness_error": 0.0, "has_audio": True}
    (run.folder / "images" / "rain").mkdir(parents=True)
    fill_again(run, data)
    browser.open(run.folder / "index.html")
    step = browser.texts("#next li")[0]
    errors = f"the {len(wrong)} errors, the most confident first: some may be wrong labels."
    if n_heard is None:
        assert step == f"Listen to {errors}"
    else:
        assert step.startswith(f"Look at {errors} {'None' if n_heard == 0 else '3 of them'} can be heard")
    assert [shlex.split(text)[2:] for text in browser.texts("#unheard code")] == [
        ["generate.gallery", str(folder / "images"), "--listen", "all"],
        ["train.report", str(folder / "run")],
    ]
    browser.driver.get_log("browser")  # the images of these clips are not there


def test_the_audio_of_an_explained_clip_begins_with_its_image(browser, tmp_path):  # noqa: F811
    """Its silence before is in its file already; a file beside an image has none."""
    run, _ = written(tmp_path)
    data = data_of(run)
    tests = data["tests"]
    data["starts"] = dict.fromkeys(tests["file"][:2], 1.5)
    data["audio_of"] = {tests["file"][1]: "b.flac"}
    tests["explained"][:2] = [{"stem": "a", "completeness_error": 0.0, "has_audio": True}] * 2
    data["has_images"] = True
    fill_again(run, data)
    browser.open(run.folder / "index.html")
    starts = browser.run("""
        const starts = [];
        window.followed = (shown, audio, { before = 0 } = {}) => {
          starts.push([audio.getAttribute("src").split("/").pop(), before]);
          return shown;
        };
        testCard(0); testCard(1);
        return starts;""")
    explained = [["a__what_mattered.mp3", 0], ["a__original.mp3", 0]]
    assert starts == [*explained, explained[0], ["b.flac", 1.5]]
    browser.driver.get_log("browser")  # the images of these clips are not there


def test_pages_behind_a_link_find_the_images_and_the_recordings(tmp_path):
    """A browser takes `..` off an address before any link is followed."""
    for name in ("disk/far/away", "project/outputs/images/bird", "project/sounds"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project" / "outputs" / "runs").symlink_to(tmp_path / "disk" / "far" / "away")
    images, recording = tmp_path / "project" / "outputs" / "images", tmp_path / "project" / "sounds" / "night.wav"
    runs = tmp_path / "project" / "outputs" / "runs"
    run = replace(fake_run(runs / "run", all_folds=("1",)), images=images)

    def leads_to(place):
        return Path(os.path.normpath(run.folder / place))

    write_again(run)
    assert leads_to(data_of(run)["images_at"]) == images
    assert leads_to(address_of(recording, run.folder)) == recording
    row = {
        "label": "bird",
        "suggested": "saw",
        "p_label": 0.02,
        "p_suggested": 0.9,
        "nearest_labels": "",
        "reviewed": "",
    }
    (images / "bird" / "a__original.png").touch()
    suspects = pd.DataFrame([row | {"clip_id": "a", "file_name": "bird/a__original.png", "audio_file": "a.wav"}])
    data = data_of(run, write_suspects_page(run, suspects.assign(start_s=0.0, end_s=5.0)).name)
    assert leads_to(data["items"][0]["image"]) == images / "bird" / "a__original.png"
    assert leads_to(data["images"]) == images
