"""The page of a run in a real browser, made by the command itself."""

import json
import re
import shutil
from pathlib import Path

import pytest
import soundfile

from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR, tone, white
from tests.train.conftest import draw, in_new_process
from train.report.command_line import main as report_main

NASTY = "<b>Hündin & \"吠\" 'x' 100% #1?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Three classes, one with a name of every kind of character, fanned out; a run of two folds that has
    learnt little."""
    folder = tmp_path_factory.mktemp("run")
    for label, hz in (("low", 300), (NASTY, 340), ("high", 6000)):
        (folder / "audio_folder" / label).mkdir(parents=True)
        for number in range(10):
            y = tone(hz * (1 + 0.02 * number), peak=0.3) + white(seed=hz + number, rms=0.05)
            soundfile.write(folder / "audio_folder" / label / f"{label[:4]}{number // 2}_{number % 2}.wav", y, SR)
    more = ("--source-pattern", "^(.+)_", "--variants", "trim", "--listen", "1", "--fan-out")
    draw(folder / "audio_folder", folder / "images", *more)
    recipe = ["--model", "cnn7", "--ensemble", "1", "--input-size", "32", "--epochs", "2", "--folds", "1,2"]
    done = in_new_process("train", str(folder / "images"), "--name", "first", *recipe, cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "outputs" / "runs").rename(folder / "runs")
    config = json.loads((folder / "runs" / "first" / "config.json").read_text())
    config["images"] = str(folder / "images")
    (folder / "runs" / "first" / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def page(browser, folder):  # noqa: F811
    """The page, open; all that it asks for must lie in its own folder."""
    run = folder / "runs" / "first"
    browser.open(run / "index.html")
    yield browser
    browser.collect()
    home = run.resolve().as_uri()
    assert [url for url in browser.requests if url.startswith("file:") and not url.startswith(home)] == []


def report_of(folder):
    return json.loads((folder / "runs" / "first" / "report.json").read_text())


def test_it_says_what_the_report_says(page, folder):
    report = report_of(folder)
    assert "honest" in page.one("#verdict").text
    assert f"{100 * report['pooled']['accuracy']:.1f} %" in page.one("#accuracy").text
    low, high = (f"{100 * report['pooled'][name]:.1f}" for name in ("low", "high"))
    assert f"{low} to {high}" in page.one("#tested").text
    assert len(page.all("#curves path")) == 4  # loss and accuracy of two folds
    cells = [int(text) for text in page.texts(".matrix button:not(:disabled)")]
    assert sum(cells) == report["pooled"]["n_images"]


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
    assert captions[:4] == ["this clip", "where the model looked", "what spoke for it", "to be heard"]
    assert captions[4].startswith("most similar")
    assert len(page.all(".test:first-child .bars span")) == 6  # three classes and their probabilities
    for audio in page.all(".test:first-child audio"):
        page.play(audio)


def test_filters(page, folder):
    n_right = round(report_of(folder)["pooled"]["accuracy"] * report_of(folder)["pooled"]["n_images"])
    page.choose("#answer", "right")
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


def test_a_leaky_run_says_so_first(browser, folder, tmp_path):  # noqa: F811
    run = tmp_path / "leaky"
    shutil.copytree(folder / "runs" / "first", run)
    for path in run.glob("fold-*/fold.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"is_leaky": True}))
    assert report_main([str(run), "--explain", "0"]) == 0
    browser.open(run / "index.html")
    assert "LEAKY" in browser.one("#verdict").text
    assert not (run / "explained").exists()


def test_without_its_images_the_page_still_has_its_figures(browser, folder, tmp_path, capsys):  # noqa: F811
    run = tmp_path / "moved"
    shutil.copytree(folder / "runs" / "first", run)
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps(config | {"images": "gone"}))
    assert report_main([str(run)]) == 0
    assert "lacks its images" in capsys.readouterr().err
    browser.open(run / "index.html")
    assert "its images" in browser.one("#lacks").text
    assert browser.all(".matrix button:not(:disabled)")
    assert not browser.all("main img")


def test_the_page_names_no_folder_of_this_computer(folder):
    page = (folder / "runs" / "first" / "index.html").read_text()
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1)
    assert json.loads(data)["report"]["pooled"]["n_clips"] == 12
