"""The gallery in a real browser: what a person clicks, types and hears."""

import os
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from generate.__main__ import main
from generate.audit import assess
from generate.dataset import settings_file, tables
from generate.gallery import page_data
from generate.gallery.make import make_gallery
from tests.axe import violations
from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR, tone, white

NASTY = "<b>Hündin & \"吠\" 'x' 100% #1?"


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    """Three classes, one of them with a name of every kind of character; a silent clip and a broken one."""
    folder = tmp_path_factory.mktemp("gallery")
    for label, hz in (("low", 200), ("high", 3000), (NASTY, 1000)):
        (folder / "audio_folder" / label).mkdir(parents=True)
        for number in range(30 if label == "low" else 4):
            y = tone(hz * (1 + 0.02 * number)) + white(seed=hz + number, rms=0.01)
            soundfile.write(folder / "audio_folder" / label / f"{label[:3]}{number // 2}_{number % 2} é.wav", y, SR)
    soundfile.write(folder / "audio_folder" / "high" / "still_0.wav", 0 * tone(200), SR)
    (folder / "audio_folder" / "high" / "broken_0.wav").write_text("<script>alert(1)</script>")
    small = ["--engine", "librosa", "--image-size", "64", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
    arguments = [
        "--source-pattern",
        "^(.+)_",
        "--variants",
        "pitch=+2",
        "trim",
        "--listen",
        "2",
        "--max-rejected",
        "50",
    ]
    assert main([str(folder / "audio_folder"), str(folder / "images"), *small, *arguments]) == 0
    return folder / "images"


@pytest.fixture
def page(browser, images):  # noqa: F811
    """The page, open; all that it asks for must lie in its own folder."""
    browser.open(images / "index.html")
    yield browser
    browser.collect()
    home = images.resolve().as_uri()
    assert [url for url in browser.requests if url.startswith("file:") and not url.startswith(home)] == []


def headings(page):
    return [text.rsplit(" ", 2)[0] for text in page.texts("section.class h2")]


def test_it_shows_all_classes_and_names_as_text(page):
    assert headings(page) == sorted(["low", "high", NASTY])
    assert "39 clips" in page.one("#summary").text
    assert page.all("b:not(.findings b)") == []  # no name has become an element
    assert NASTY in page.texts("#class option")


def test_images_are_loaded_where_they_are_looked_at(page):
    page.wait("[...document.querySelectorAll('.strip img')].slice(0, 5).every((i) => i.complete && i.naturalWidth)")
    assert page.run("return [...document.querySelectorAll('.strip img')].every((i) => i.loading === 'lazy')")


def test_every_filter(page):
    page.choose("#class", NASTY)
    page.wait("document.querySelectorAll('section.class').length === 1")
    assert headings(page) == [NASTY]
    page.one("button[type=reset]").click()
    page.wait("document.querySelectorAll('section.class').length === 3")

    page.choose("#flag", next(text for text in page.texts("#flag option") if text.startswith("silent")))
    page.wait("document.querySelectorAll('.strip a').length === 1")
    page.choose("#flag", "rejected (1)")
    page.wait("document.querySelector('#rejected table')")
    assert "broken_0.wav" in page.one("#rejected table").text
    page.one("button[type=reset]").click()
    page.wait("document.querySelectorAll('section.class').length === 3")

    page.one("#recording").send_keys("low3")
    page.wait("document.querySelectorAll('.strip a').length === 2")
    page.one("#recording").clear()

    page.press("/")
    page.one("#search").send_keys("low7_1")
    page.wait("document.querySelectorAll('.strip a').length === 1")
    page.choose("#variant", "every variant")
    page.wait("document.querySelectorAll('.strip a').length === 3")
    page.choose("#variant", "pitch=+2")
    page.wait("document.querySelectorAll('.strip a').length === 1")
    assert "pitch=+2" in page.one(".strip a").text
    page.one("#search").send_keys("nothing")
    page.wait("document.getElementById('classes').textContent.includes('No clip')")


def test_many_images_are_added_on_request(page):
    page.choose("#class", "low")
    page.wait("document.querySelectorAll('.strip a').length === 24")
    page.one("section.class button").click()
    page.wait("document.querySelectorAll('.strip a').length === 30")
    assert page.run("return document.activeElement === document.querySelectorAll('.strip a')[24]")


def test_the_view_of_a_clip_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    page.choose("#class", "low")
    page.wait("document.querySelectorAll('section.class').length === 1")
    page.run("document.querySelector('.strip a').focus()")
    page.press(Keys.ENTER)
    page.wait("document.getElementById('clip').open")
    first = page.one("#clip-title").text
    assert page.run("return document.activeElement.id") == "clip-title", "not on one of the buttons"
    assert len(page.all("#clip-plots figure")) == 3
    assert page.texts("#clip-plots strong") == ["original", "pitch=+2", "trim"]
    marks = page.texts("#clip-plots figure:first-child .hertz span")
    assert "1 kHz" in marks and "5 kHz" in marks
    assert page.texts("#clip-plots figure:first-child .seconds span")[-1] == "1 s"
    assert len(page.all("#clip-family a")) == 1  # the recording's other clip
    page.wait("document.querySelectorAll('#image-previews canvas').length === 9")
    assert "reverses time" in page.one("#image-previews").text
    assert len(page.all("#spectrogram-previews canvas")) == 7

    page.press(Keys.ARROW_RIGHT)
    page.wait(f"document.getElementById('clip-title').textContent !== {first!r}")
    page.press(Keys.ARROW_LEFT)
    page.wait(f"document.getElementById('clip-title').textContent === {first!r}")
    page.press(Keys.ESCAPE)
    page.wait("!document.getElementById('clip').open")
    assert page.run("return document.activeElement.matches('.strip a')")


def test_previews_show_the_image_changed(page):
    page.run("document.querySelector('.strip a').click()")
    page.wait("document.querySelectorAll('#image-previews canvas').length === 9")
    shots = {canvas.screenshot_as_base64 for canvas in page.all("#image-previews canvas, #spectrogram-previews canvas")}
    assert len(shots) >= 14  # a shear of 0.3 degrees is hardly any


def test_a_caption_tells_the_clip_and_its_variant(browser, images, tmp_path, monkeypatch):  # noqa: F811
    def long_names(*arguments, **options):
        data = page_data.page_data(*arguments, **options)
        clips = data["clips"]
        clips["id"] = [
            f"recordings-0_{name}_{'of a very long night ' * 2}{number}" for number, name in enumerate(clips["id"])
        ]
        clips["images"] = [[[*image[:3], 0] for image in of] for of in clips["images"]]  # no audio beside them
        clips["audio_address"] = [""] * len(clips["id"])
        clips["flags"] = ["silent clipped" if number == 1 else "short" for number in range(len(clips["id"]))]
        return data

    monkeypatch.setattr("generate.gallery.make.page_data", long_names)
    folder = tmp_path / "it's named $HOME"
    shutil.copytree(images, folder, copy_function=os.link)
    (folder / "index.html").unlink()
    make_gallery(folder, listen=0, workers=1)
    browser.open(folder / "index.html")
    browser.choose("#variant", "every variant")
    browser.wait("document.querySelectorAll('.strip a').length === 51")
    names, variants = browser.texts(".strip .name"), browser.texts(".strip .variant")
    assert len(set(names)) == 17 and not any("recordings-0" in name for name in names)
    assert "recordings-0_" in browser.one("#legend").text and "silent" in browser.one("#legend").text
    assert set(variants) == {"pitch=+2", "trim"}
    flagged = browser.all(".strip a.is-flagged .name")
    assert len(flagged) == 3 and all(name.text.startswith("⚑") for name in flagged), "not by colour alone"
    browser.run("document.querySelector('.strip a.is-flagged').click()")
    assert [text.split(":")[0] for text in browser.texts("#clip-flags .chip")] == ["silent", "clipped"]
    told = browser.one("#clip-silent code").text
    assert shlex.split(told) == ["python", "-m", "generate.gallery", str(folder), "--listen", "all"]
    browser.collect()
    browser.console.clear()  # no image has such a name


def test_a_line_runs_through_the_image_while_it_plays(page):
    page.choose("#class", "low")
    page.wait("document.querySelectorAll('section.class').length === 1")
    page.run("document.querySelector('.strip a').click()")
    page.wait("document.querySelectorAll('#clip-plots audio').length === 3")
    line = "document.querySelector('#clip-plots .playhead')"
    assert page.run(f"return {line}.hidden")
    audio = page.one("#clip-plots audio")
    page.play(audio)
    share = page.run(f"return parseFloat({line}.style.left) / 100")
    assert share == pytest.approx(page.run("return arguments[0].currentTime", audio), abs=0.05)  # of one second
    page.run(
        "const f = document.querySelector('#clip-plots .framed'), b = f.getBoundingClientRect();"
        "f.dispatchEvent(new MouseEvent('click', {clientX: b.left + b.width / 2, clientY: b.top + 9, bubbles: true}))"
    )
    page.wait("document.querySelector('#clip-plots audio').currentTime >= 0.49")


def test_what_is_listed_can_be_saved(page, tmp_path):
    page.choose("#class", NASTY)
    page.wait("document.querySelectorAll('section.class').length === 1")
    table = pd.read_csv(page.downloaded(tmp_path / "saved", page.one("#saved button").click))
    assert list(table["class"]) == [NASTY] * 4 and table["recording"].nunique() == 2


def test_every_player_of_a_clip_with_sounds_plays(page):
    page.choose("#class", "low")
    page.wait("document.querySelectorAll('section.class').length === 1")
    page.run("document.querySelector('.strip a').click()")
    page.wait("document.querySelectorAll('#clip-plots audio').length === 3")
    for audio in page.all("#clip-plots audio"):
        page.play(audio)


def test_a_piece_of_a_long_recording_plays_its_own_part(browser, tmp_path):  # noqa: F811
    for name in ("a", "b"):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        soundfile.write(tmp_path / "sounds" / name / f"{name}.wav", white(3.0, seed=ord(name)), SR)
    small = ["--engine", "librosa", "--image-size", "32", "--sr", str(SR), "--seconds", "1", "--workers", "1"]
    more = ["--long", "split", "--variants", "none", "--listen", "0"]
    assert main([str(tmp_path / "sounds"), str(tmp_path / "images"), *small, *more]) == 0
    first = tables.read_metadata(tmp_path / "images" / tables.METADATA)["clip_id"].min()
    browser.open(tmp_path / "images" / "index.html", fragment=f"#{first}")
    browser.wait("document.querySelectorAll('#clip-plots audio').length === 1")
    for start_s in (0, 1, 2):
        audio = browser.one("#clip-plots audio")
        assert audio.get_attribute("src").endswith(f"a.wav#t={start_s},{start_s + 1}")
        browser.run("arguments[0].play()", audio)
        browser.wait("document.querySelector('#clip-plots audio').currentTime > 0")
        browser.wait("document.querySelector('#clip-plots audio').paused")
        assert browser.run("return arguments[0].currentTime", audio) == pytest.approx(start_s + 1, abs=0.4)
        browser.one("#next-clip").click()


def test_a_image_that_is_not_there_is_said_in_words(browser, images, tmp_path):  # noqa: F811
    folder = tmp_path / "images"
    shutil.copytree(images, folder, copy_function=os.link)
    absent = next(folder.glob("low/*__trim.png"))
    absent.unlink()
    browser.open(folder / "index.html", fragment="#" + absent.name.removesuffix("__trim.png").replace(" ", "%20"))
    browser.wait("document.querySelectorAll('#clip-plots figure').length === 3")
    browser.run("document.querySelectorAll('#clip-plots figure')[2].scrollIntoView()")
    browser.wait("document.querySelectorAll('#clip-plots .absent').length === 1")
    assert browser.texts("#clip-plots .absent") == ["This image is missing."]
    browser.wait("[...document.querySelectorAll('#clip-plots img')].every((image) => image.naturalWidth)")
    browser.collect()
    assert all(absent.name.rpartition("_")[2] in line for line in browser.console)
    browser.console.clear()  # that it is not there


def test_what_is_to_be_fixed_is_seen_at_once(page, images):
    assert "silent" in page.one("#findings").text
    assert not any(text.startswith("ok") for text in page.texts("#findings li"))
    page.one("#passed summary").click()
    assert all(text.startswith("ok") for text in page.texts("#passed-findings li"))
    assert f"python -m train {images}" in page.one("#next").text
    page.one("#settings summary").click()
    assert "22,050 Hz" in page.one("#settings-table").text


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("width", [400, 1400])
def test_axe_finds_nothing_serious(page, is_dark, width):
    page.dark(is_dark=is_dark)
    page.resize(width)
    page.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert violations(page) == []
    page.run("document.querySelector('.strip a').click()")
    page.wait("document.querySelectorAll('#image-previews canvas').length === 9")
    assert violations(page) == []


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_telephone(page, is_dark):
    page.dark(is_dark=is_dark)
    page.resize(360)
    assert page.run("return document.documentElement.scrollWidth") <= 360
    page.run("document.querySelector('.strip a').click()")
    page.wait("document.querySelectorAll('#image-previews canvas').length === 9")
    assert page.run("const d = document.getElementById('clip'); return d.scrollWidth - d.clientWidth") <= 0
    background = page.run("return getComputedStyle(document.documentElement).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 200) == is_dark


@pytest.mark.slow
def test_twelve_thousand_images_are_there_within_a_second(browser, images, tmp_path, monkeypatch):  # noqa: F811
    many = tmp_path / "many"
    shutil.copytree(images, many, copy_function=os.link)
    table = tables.read_metadata(many / tables.METADATA)
    one = table[table["clip_id"] == table["clip_id"].iloc[-1]]
    # Silent, so that they are not compared with each other, which is another test's concern.
    copies = [one.assign(silent=True, clip_id=f"clip{k}", source_id=f"clip{k}", fold=str(k % 5), label=f"class{k % 50}",
              file_name=one["file_name"].str.replace(one["clip_id"].iloc[0], f"clip{k}")) for k in range(4000)]  # fmt: skip
    from generate.gallery.fill_page import fill
    from generate.gallery.make import TEMPLATE
    from generate.gallery.page_data import page_data

    every = pd.concat(copies, ignore_index=True)
    assert len(every) == 12000
    original = many / one.loc[one["variant"] == "original", "file_name"].item()
    for name in every.loc[every["variant"] == "original", "file_name"]:
        os.link(original, many / name)
    measure_file, measures = assess._measure_file, []

    def measure_once(path, settings):  # they are all the same image
        return measures[0] if measures else measures.append(measure_file(path, settings)) or measures[0]

    monkeypatch.setattr(assess, "_measure_file", measure_once)
    data = page_data(many, settings_file.read_settings(many / settings_file.SETTINGS), every)
    (many / "index.html").unlink()
    (many / "index.html").write_text(fill(TEMPLATE, data), encoding="utf-8")
    browser.open(many / "index.html")
    browser.wait("performance.getEntriesByName('first-contentful-paint').length")
    painted_ms = browser.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
    browser.collect()
    browser.console.clear()  # these clips have no files
    assert painted_ms < 1000
    browser.choose("#fold", "3")
    browser.wait("document.getElementById('found').textContent === '800 clips'")
    browser.choose("#fold", "all")
    browser.one("#search").send_keys("clip3999")
    browser.wait("document.querySelectorAll('.strip a').length === 1")
    browser.collect()
    browser.console.clear()


def test_a_page_of_very_many_clips_shows_some_of_each_class(browser, images, tmp_path, monkeypatch):  # noqa: F811
    many = tmp_path / "many"
    shutil.copytree(images, many, copy_function=os.link)
    (many / "index.html").unlink()
    monkeypatch.setattr(page_data, "MOST_CLIPS", 6)
    make_gallery(many, listen=0, workers=1)
    browser.open(many / "index.html")
    browser.wait("document.querySelectorAll('section.class').length === 3")
    assert "18 images of 6 clips" in browser.one("#summary").text
    assert "leaves out 33 clips" in browser.one("#summary").text
    table = tables.read_metadata(many / tables.METADATA)
    originals = table[(table["variant"] == "original") & (table["label"] == "low")]
    recordings = originals.set_index("clip_id")["source_id"]
    shown = browser.texts("section.class:nth-of-type(3) .strip a .name")
    assert len(shown) == 2 and len(set(recordings[shown])) == 2


def test_a_page_that_is_made_anew_is_the_same(images):
    before = (images / "index.html").read_bytes()
    make_gallery(images, listen=2, workers=1, audio_folder=images.parent / "audio_folder")
    assert (images / "index.html").read_bytes() == before
