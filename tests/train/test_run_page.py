"""The page of a run in a real browser, made by the command itself."""

import contextlib
import json
import re
import shutil
from pathlib import Path

import pytest
import soundfile

import train
from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from train.recipe import Recipe
from train.report.command_line import main as report_main
from train.report.report import read_report
from train.trained_run import TrainedRun
from train.training.cross_validation import execute
from train.training.prepare import prepare

N_EXPLAINED = 3
NASTY = "<b>Hündin & \"吠\" 'x' 100% #1?"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> TrainedRun:
    """Three classes of four clips, one with a name of every kind of character, fanned out; a run of two folds."""
    folder = tmp_path_factory.mktemp("run")
    for label, hz in (("low", 300), (NASTY, 340), ("high", 6000)):
        (folder / "audio_folder" / label).mkdir(parents=True)
        for number in range(4):
            y = tone(hz * (1 + 0.02 * number), peak=0.3) + white(seed=hz + number, rms=0.05)
            soundfile.write(folder / "audio_folder" / label / f"{label[:4]}{number}.wav", y, SR)
    recipe = Recipe(model="cnn7", ensemble=1, input_size=32, epochs=1, n_folds=2)
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        draw(Path("audio_folder"), Path("images"), "--variants", "none", "--listen", "1", "--fan-out")
        # The training has decoded all images already.
        patch.setattr("train.report.page.decode", lambda images, names, *_, **__: names and pytest.fail(str(names)))
        execute(prepare(Path("images"), recipe, name="first", runs=folder / "runs"), n_explained=N_EXPLAINED)
    return train.load_run(folder / "runs" / "first")


@pytest.fixture
def page(browser, run):  # noqa: F811
    """The page, open; all that it asks for must lie in its own folder."""
    browser.open(run.folder / "index.html")
    yield browser
    browser.collect()
    home = run.folder.resolve().as_uri()
    assert [url for url in browser.requests if url.startswith("file:") and not url.startswith(home)] == []


def test_it_says_what_the_report_says(page, run):
    report = run.report
    assert "Grouped split" in page.one("#verdict").text
    assert f"{100 * report.pooled.accuracy:.1f} %" in page.one("#accuracy").text
    low, high = (f"{100 * getattr(report.pooled, name):.1f}" for name in ("low", "high"))
    assert f"{low} to {high}" in page.one("#tested").text
    assert page.run("return document.getElementById('groups-part').hidden") is True
    assert len(page.all("#curves path")) == 4  # loss and accuracy of two folds
    cells = [int(text) for text in page.texts(".matrix button:not(:disabled)")]
    assert sum(cells) == report.pooled.n_images


def test_names_are_text(page):
    assert NASTY in page.texts(".matrix th[scope=row]")
    assert page.run("return [...document.querySelectorAll('b')].every((b) => b.closest('.findings'))")


def test_a_cell_lists_its_clips(page):
    cell = page.one(".matrix button:not(:disabled)")
    n = int(cell.text)
    cell.click()
    page.wait(f"document.querySelectorAll('.test').length === {min(n, 20)}")
    assert cell.get_attribute("aria-pressed") == "true"
    assert f"{n} test" in page.one("#found").text
    page.wait("[...document.querySelectorAll('.test img')].slice(0, 2).every((i) => i.complete && i.naturalWidth)")


def test_what_a_test_shows(page):
    page.one("button[type=reset]").click()
    page.choose("#answer", "all")
    page.wait("document.getElementById('found').textContent.startsWith('12 test')")
    captions = page.texts(".test:first-child figcaption strong")
    assert captions[:4] == ["this clip", "what the model attends to", "evidence for the prediction", "audio"]
    assert captions[4].startswith("most similar")
    assert len(page.all(".test:first-child .bars span")) == 6  # three classes and their probabilities
    for audio in page.all(".test:first-child audio"):
        page.play(audio)


def test_filters(page, run):
    n_right = round(run.report.pooled.accuracy * run.report.pooled.n_images)
    page.choose("#answer", "correctly")
    page.wait(f"document.getElementById('found').textContent.startsWith('{n_right} test')")
    page.choose("#answer", "all")
    page.choose("#true", NASTY)
    page.wait("document.getElementById('found').textContent.startsWith('4 test')")
    page.choose("#fold", "2")
    page.wait("document.getElementById('found').textContent.startsWith('2 test')")
    page.press("/")
    page.one("#search").send_keys("nothing")
    page.wait("document.querySelector('main').textContent.includes('No test')")


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_telephone(page, is_dark):
    page.dark(is_dark=is_dark)
    page.resize(360)
    page.choose("#answer", "all")
    page.wait("document.querySelectorAll('.test').length > 1")
    assert page.run("return document.documentElement.scrollWidth") <= 360


def test_a_leaky_run_says_so_first(browser, run):  # noqa: F811
    copy = run.folder.parent / "leaky"  # from where the images are found
    shutil.copytree(run.folder, copy)
    for path in copy.glob("fold-*/fold.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"is_leaky": True}))
    assert report_main([str(copy), "--explain", "0"]) == 0
    browser.open(copy / "index.html")
    assert "LEAKY" in browser.one("#verdict").text
    assert not (copy / "explained").exists()


def test_without_its_images_the_page_still_has_its_results(browser, run, tmp_path, caplog):  # noqa: F811
    copy = tmp_path / "moved"
    shutil.copytree(run.folder, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"images": "gone"}))
    settings = json.loads((copy / "settings.json").read_text())
    settings["collection"]["class_groups"] = {"Tones": ["low", "high"], "Animals": ["dog"]}
    (copy / "settings.json").write_text(json.dumps(settings))
    assert report_main([str(copy)]) == 0
    assert "lacks the images" in caplog.text
    browser.open(copy / "index.html")
    assert "the images" in browser.one("#lacking").text
    assert browser.all(".matrix button:not(:disabled)")
    assert not browser.all("main img")
    # The collection's groups of classes have a table; without any (see `run`) there is none.
    (row,) = read_report(copy).groups
    assert browser.run("return document.getElementById('groups-part').hidden") is False
    cells = browser.run("return [...document.querySelectorAll('#groups tbody td')].map((cell) => cell.textContent)")
    low, high = (f"{100 * value:.1f}" for value in (row.low, row.high))
    right = f"{100 * row.accuracy_of_group:.1f} %"
    assert cells == ["Tones", "2", f"{100 * row.accuracy:.1f} %", f"{low} to {high}", right, "8", "8"]


def test_the_page_names_no_folder_of_this_computer(run):
    page = (run.folder / "index.html").read_text()
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    assert json.loads(data)["report"]["pooled"]["n_clips"] == 12
    assert str(run.folder.parent) not in data
