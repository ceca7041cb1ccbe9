"""The page of a run in a real browser, made by the command itself."""

import contextlib
import json
import logging
import math
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import soundfile

import train
from generate.dataset.settings import Settings
from generate.features.spectrogram import padded_before
from tests.axe import violations
from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR, tone, white
from tests.train.conftest import draw
from train.recipe import Recipe
from train.report.command_line import main as report_main
from train.report.page import starts_of
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
    assert page.texts("#curves-legend li") == ["fold 1", "fold 2"]
    assert {"0 %", "50 %", "100 %"} <= set(page.texts("#curves text"))
    cells = [int(text) for text in page.texts(".matrix button")]
    assert sum(cells) == report.pooled.n_images


def test_the_first_screen_has_the_result_the_confusions_and_what_to_do(page, run):
    page.resize(1400, 900)
    for place in ("#verdict", "#accuracy", "#tested", "#confused", "#next"):
        assert page.run("return arguments[0].getBoundingClientRect().bottom", page.one(place)) <= 900, place
    first = run.report.confusions[0]
    assert page.texts("#confused li")[0] == f"{first.label} → {first.predicted}{first.count} of {first.n_images}"
    steps = page.texts("#next li")
    assert "errors" in steps[0] and f"python -m train.predict {run.folder.resolve()} new.wav" in steps[-1]


def test_names_are_text(page):
    assert NASTY in page.texts(".matrix th[scope=row]")
    assert page.run(
        "return [...document.querySelectorAll('b')].every((b) => b.closest('.findings, #accuracy, .range'))"
    )


def test_a_cell_lists_its_clips_and_back_goes_back(page):
    from selenium.webdriver.common.keys import Keys

    first = page.one("#found").text
    assert "wrong" in first
    cell = page.one(".matrix button")
    n, place = int(cell.text), [cell.get_attribute(f"data-{name}") for name in ("true", "answer")]
    cell.click()
    page.wait(f"document.querySelectorAll('.test').length === {min(n, 10)}")
    assert cell.get_attribute("aria-pressed") == "true"
    assert f"{n} test" in page.one("#found").text
    page.wait("[...document.querySelectorAll('.test img')].slice(0, 2).every((i) => i.complete && i.naturalWidth)")
    for go_back in (page.driver.back, lambda: page.one("#back").click()):
        go_back()
        page.wait(f"document.getElementById('found').textContent === {first!r}")
        page.wait("document.activeElement.matches('.matrix button')")
        assert [page.run(f"return document.activeElement.dataset.{name}") for name in ("true", "answer")] == place
        assert page.one("#back").get_attribute("hidden")
        page.press(Keys.ENTER)
        page.wait(f"document.getElementById('found').textContent.startsWith('{n} test')")


def test_the_matrix_is_one_stop_of_the_tab_key(page):
    from selenium.webdriver.common.keys import Keys

    page.press(Keys.TAB)
    assert page.run("return document.activeElement.textContent").startswith("Skip")
    assert len(page.all(".matrix button[tabindex='0']")) == 1
    page.run("document.querySelector(\".matrix button[tabindex='0']\").focus()")
    places = set()
    for _ in range(3):
        for key in (Keys.ARROW_RIGHT, Keys.ARROW_DOWN):
            page.press(key)
            places.add(page.run("return document.activeElement.ariaLabel"))
    assert len(places) > 1 and all("predicted as" in place for place in places)
    assert len(page.all(".matrix button[tabindex='0']")) == 1


def test_tables_sort_and_are_saved(page, run, tmp_path):
    def column(number):
        return page.texts(f"#class-table tbody tr > :nth-child({number})")

    recalls = [float(text.split()[0]) for text in column(2)]
    assert recalls == sorted(recalls), "the worst first"
    page.one("#class-table thead th:first-child button").click()
    assert column(1) == sorted(column(1), key=str.lower)
    page.one("#class-table thead th:first-child button").click()
    assert page.one("#class-table thead th:first-child").get_attribute("aria-sort") == "descending"
    tables = page.all("table")
    buttons = [button for button in page.all("button") if button.get_property("textContent") == "download as CSV"]
    assert len(buttons) == len(tables) + 1  # and the list of clips
    found = [
        page.downloaded(tmp_path / "saved", lambda button=button: page.run("arguments[0].click()", button))
        for button in buttons
    ]
    saved = {path.stem.removeprefix("first-"): pd.read_csv(path) for path in found}
    classes = saved["classes"].set_index("class")
    for row in run.report.classes:
        expected = [math.nan if value is None else value for value in (row.recall, row.low, row.high)]
        assert list(classes.loc[row.label, ["recall", "low", "high"]]) == pytest.approx(expected, nan_ok=True)
    assert saved["confusion-matrix"].iloc[:, 1:].to_numpy().sum() == 12
    assert len(saved["tests"]) == 12 - round(12 * run.report.pooled.accuracy)


def test_what_a_test_shows(page):
    card = ".test:first-child"  # of the errors, of which the most confident are explained
    captions = page.texts(f"{card} figcaption strong")
    assert captions[:3] == ["this clip", "what the model attends to", "evidence for the prediction"]
    assert captions[3].startswith("most similar")
    assert len(page.all(f"{card} .bars span")) == 6  # three classes and their probabilities
    assert len(page.all(f"{card} audio")) >= 2
    for audio in page.all(f"{card} audio"):
        page.play(audio)
        line = page.run("return arguments[0].closest('figure').querySelector('.playhead')", audio)
        assert 0 < page.run("return parseFloat(arguments[0].style.left)", line) < 100


def test_the_order_and_what_it_is_called(page):
    page.choose("#answer", "all")
    page.wait("document.getElementById('found').textContent.startsWith('12 test')")

    def confidences():
        return page.run("return matching.map(confidence)")

    assert confidences() == sorted(confidences(), reverse=True)
    page.choose("#sort", "least confident first")
    page.wait("matching.map(confidence)[0] <= matching.map(confidence)[1]")
    assert confidences() == sorted(confidences())
    page.choose("#answer", "correctly")
    page.wait("document.getElementById('found').textContent.endsWith('all right')")


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
    page.wait("document.getElementById('tests').textContent.includes('No test')")


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_telephone(page, is_dark):
    page.dark(is_dark=is_dark)
    page.resize(360)
    page.choose("#answer", "all")
    page.wait("document.querySelectorAll('.test').length > 1")
    assert page.run("return document.documentElement.scrollWidth") <= 360
    assert page.run("return document.documentElement.scrollHeight") < 20000
    # No number and no word is broken into two lines.
    heights = "[...document.querySelectorAll('.number, .matrix button')].map((e) => e.getClientRects().length)"
    assert page.run(f"return Math.max(...{heights})") == 1
    assert page.run("return document.querySelector('.matrix').scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("width", [400, 1400])
def test_axe_finds_nothing_serious(page, is_dark, width):
    page.dark(is_dark=is_dark)
    page.resize(width)
    page.choose("#answer", "all")
    page.wait("document.querySelectorAll('.test').length > 1")
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert violations(page) == []


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
    assert not logging.getLogger("train.report.make_report").handlers, "Python prints a warning that nobody handles"
    browser.open(copy / "index.html")
    assert browser.one("#lacking").text == "Not shown: the images. python -m train.report RUN says why."
    assert browser.all(".matrix button")
    assert not browser.all("#tests img")
    # The collection's groups of classes have a table; without any (see `run`) there is none.
    (row,) = read_report(copy).groups
    assert browser.run("return document.getElementById('groups-part').hidden") is False
    cells = browser.run(
        "return [...document.querySelectorAll('#groups tbody :is(th, td)')].map((cell) => cell.textContent.trim())"
    )
    low, high = (f"{100 * value:.1f}" for value in (row.low, row.high))
    right = f"{100 * row.accuracy_of_group:.1f} %"
    assert cells == ["Tones", "2", f"{100 * row.accuracy:.1f} %", f"{low} to {high}", right, "8", "8"]


def test_the_page_names_no_folder_of_this_computer(run):
    page = (run.folder / "index.html").read_text()
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    assert json.loads(data)["report"]["pooled"]["n_clips"] == 12
    assert str(run.folder.parent) not in data
    assert json.loads(data)["images_at"] == "../../images"


def test_the_page_of_an_unfinished_run_resumes_it_where_it_lies(browser, run, tmp_path):  # noqa: F811
    copy = tmp_path / "first" / "half"
    shutil.copytree(run.folder, copy)
    (copy / "fold-2" / "fold.json").unlink()
    assert report_main([str(copy), "--explain", "0"]) == 0
    assert str(tmp_path) not in (copy / "index.html").read_text()
    copy = copy.rename(tmp_path / "moved $& here")
    browser.open(copy / "index.html")
    resumes = f"python -m train --resume '{copy}' --folds 2"
    assert any(text.endswith(f"To train the others: {resumes}") for text in browser.texts("#warnings li"))
    assert resumes in browser.texts("#next code")


def test_where_silence_comes_first_the_line_begins_later():
    table = pd.DataFrame({"file_name": ["a", "b"], "clip_id": ["a", "b"], "seconds": [0.4, 1.0]})
    settings = Settings(seconds=1.0, pad="random")
    assert starts_of(settings, table) == {"a": pytest.approx(padded_before(settings, "a") * 0.6, abs=1e-4)}
