"""Reviewing real clips by keyboard in a real browser, and the file that is saved."""

from __future__ import annotations

import csv
import json
import re
import shutil
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import soundfile

from generate.__main__ import main
from generate.dataset import tables
from generate.dataset.own_files import clear, foreign_files, remove_temporary
from generate.dataset.settings import Settings
from generate.gallery.fill_page import address
from generate.gallery.review.items import ReviewItem
from generate.gallery.review.write_page import BEGINS, write_review_page
from generate.readers.review import REVIEW_COLUMNS
from tests.axe import violations
from tests.browser import Browser, browser, chromium, started  # noqa: F401
from tests.conftest import SR, white

NASTY = "<b>Hahn, \"der\" 'x' 100% #1?"
CLASSES = ["Dog bark", "Rain", NASTY]
FROM = {"Dog bark": "001 - Dog bark", "Rain": "002 - Rain", NASTY: "009 - Rooster"}


@pytest.fixture(scope="module")
def images(esc10, tmp_path_factory) -> Path:
    """Nine clips of ESC-10, three a class, one class with a name of every kind of character."""
    folder = tmp_path_factory.mktemp("review")
    for label, source in FROM.items():
        (folder / "sounds" / label).mkdir(parents=True)
        for path in sorted((esc10 / source).glob("*.ogg"))[:3]:
            shutil.copy(path, folder / "sounds" / label / f'{path.stem}, "é".ogg')
    small = ["--variants", "none", "--image-size", "64", "--sr", str(SR), "--workers", "1", "--listen", "1"]
    assert main([str(folder / "sounds"), str(folder / "images"), *small]) == 0
    return folder / "images"


@pytest.fixture
def page(browser, images):  # noqa: F811
    """The page, open, and nothing kept of earlier tests."""
    browser.open(images / "review.html")
    browser.run("localStorage.clear()")
    browser.open(images / "review.html")
    return browser


def question(page: Browser) -> str:
    return page.texts("#question")[0]


def progress(page: Browser) -> str:
    return page.texts("#progress")[0]


def saved(page: Browser, folder: Path) -> list[dict[str, str]]:
    """Press `w`, and read what was downloaded with Python's csv."""
    (folder / "review.csv").unlink(missing_ok=True)
    path = page.downloaded(folder, lambda: page.press("w"))
    assert path.name == "review.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = list(reader)
    assert tuple(reader.fieldnames or ()) == REVIEW_COLUMNS
    return rows


def open_file(page: Browser, path: Path) -> None:
    page.run("find('file').hidden = false")
    page.one("#file").send_keys(str(path))


def test_clips_are_reviewed_by_keyboard_and_saved(page, images, tmp_path):
    from selenium.webdriver.common.keys import Keys

    table = tables.read_metadata(images / tables.METADATA).sort_values("label", kind="stable").reset_index(drop=True)
    labels = list(table["label"])
    assert labels == [NASTY] * 3 + ["Dog bark"] * 3 + ["Rain"] * 3
    for key, label in zip(["y", "3", "n", Keys.ENTER, "s", "1", Keys.ARROW_RIGHT, "2"], labels, strict=False):
        assert question(page) == f"Is this {label}?"
        page.press(key)
    assert page.all("#question b b") == [], "names are text"
    assert progress(page) == "6 of 9 reviewed, 3 left; 3 changed, 1 dropped"
    before = datetime.now(UTC)
    rows = saved(page, tmp_path)
    chosen = [0, 1, 2, 3, 5, 7]  # 4 and 6 were skipped, 8 is not seen
    for column, name in (("clip_id", "clip_id"), ("file", "audio_file"), ("label", "label")):
        assert [row[column] for row in rows] == list(table[name][chosen]), column
    assert all("," in row["file"] and '"' in row["file"] for row in rows)
    starts, ends = ([float(row[name]) for row in rows] for name in ("start_s", "end_s"))
    assert starts == list(table["start_s"][chosen])
    assert ends == pytest.approx(list((table["start_s"] + table["seconds"])[chosen]))
    decisions = ["confirmed", "changed", "dropped", "confirmed", "changed", "changed"]
    assert [row["decision"] for row in rows] == decisions
    assert [row["new_label"] for row in rows] == [NASTY, "Rain", "", "Dog bark", NASTY, "Dog bark"]
    assert {(row["found_by"], row["run"]) for row in rows} == {("gallery", "")}
    times = [datetime.fromisoformat(row["reviewed_at"]) for row in rows]
    assert times == sorted(times) and abs((before - times[-1]).total_seconds()) < 60


def test_it_plays_when_a_clip_arrives_and_again_by_space(page):
    page.wait("audioShown().currentTime > 0.05 && !audioShown().paused")
    first = page.run("return audioShown().src")
    page.press("s")
    page.wait("audioShown().currentTime > 0.05 && !audioShown().paused")
    assert page.run("return audioShown().src") != first
    page.wait("parseFloat(document.querySelector('.playhead').style.left) > 0")
    page.press(" ")
    page.wait("audioShown().paused")
    page.press(" ")
    page.wait("!audioShown().paused")
    page.one("#autoplay").click()
    page.press("s")
    time.sleep(0.3)
    assert page.run("return audioShown().paused && audioShown().currentTime === 0")
    page.press(" ")
    page.wait("audioShown().currentTime > 0.05")


def test_undo_takes_back_the_last_decisions_and_reload_keeps_the_others(page, images):
    from selenium.webdriver.common.keys import Keys

    page.press("y", "3", Keys.ARROW_LEFT, "n")  # the second one is decided twice
    assert progress(page) == "2 of 9 reviewed, 7 left; 0 changed, 1 dropped"
    page.press("u")
    assert progress(page) == "2 of 9 reviewed, 7 left; 1 changed, 0 dropped", "what was decided before counts again"
    assert page.texts("#said") == ["You decided: changed to Rain"]
    page.open(images / "review.html")
    assert progress(page) == "2 of 9 reviewed, 7 left; 1 changed, 0 dropped"
    assert page.texts("#place")[0].startswith("3 of 9")
    page.press("u", "u", "u")
    assert progress(page) == "0 of 9 reviewed, 9 left; 0 changed, 0 dropped"
    assert "nothing to undo" in page.texts("#notice")[0]


def test_a_class_is_typed_and_a_new_one_is_asked_for(page, tmp_path):
    from selenium.webdriver.common.keys import Keys

    page.press("/")
    page.press("rain", Keys.ENTER)  # of another case
    page.press("/")
    page.press("  Owl  hoot", Keys.ENTER)
    assert "“Owl hoot” is none of the classes" in page.texts("#unknown-words")[0]
    assert progress(page).startswith("1 of 9"), "not before it is confirmed"
    page.press(Keys.ENTER)
    page.press("4")  # it has a key from now on
    page.press("/")
    page.press("dog", Keys.ENTER)
    assert page.texts("#unknown-buttons button") == ["Dog bark", "Make the new class “dog”", "Cancel"]
    page.press(Keys.ENTER)
    assert [row["new_label"] for row in saved(page, tmp_path)] == ["Rain", "Owl hoot", "Owl hoot", "Dog bark"]


def test_a_saved_file_is_opened_in_another_browser(page, images, tmp_path):
    page.press("y", "3", "n", "1")
    rows = saved(page, tmp_path)
    page.run("localStorage.clear()")
    page.open(images / "review.html")
    page.press("n")  # later than the file's
    table = pd.read_csv(tmp_path / "review.csv", keep_default_na=False, dtype=str)
    other = table.iloc[[1]].assign(clip_id="another")
    pd.concat([table, other]).to_csv(tmp_path / "more.csv", index=False)
    open_file(page, tmp_path / "more.csv")
    page.wait("find('notice').textContent.includes('opened')")
    words = page.texts("#notice")[0]
    assert (
        words.startswith("3 decisions opened. Of 1 item the decision here is as late or later") and "1 row is" in words
    )
    assert progress(page) == "4 of 9 reviewed, 5 left; 2 changed, 2 dropped"
    again = saved(page, tmp_path / "again")
    assert again[1:] == rows[1:], "the same to the last field"
    assert again[0]["decision"] == "dropped"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("clip_id;file\n", "The file must be a review.csv"),
        (",".join(REVIEW_COLUMNS) + "\na,b,0,1,Rain,perhaps,,gallery,,2026-01-01T00:00:00Z\n", "Row 2 of the file"),
        (",".join(REVIEW_COLUMNS) + '\n"a', "The file must be a review.csv"),
    ],
)
def test_what_is_no_saved_file_is_refused_and_nothing_lost(page, tmp_path, content, why):
    page.press("y")
    (tmp_path / "review.csv").write_text(content, encoding="utf-8")
    open_file(page, tmp_path / "review.csv")
    page.wait("find('notice').classList.contains('bad')")
    assert why in page.texts("#notice")[0] and "Nothing was opened" in page.texts("#notice")[0]
    assert progress(page).startswith("1 of 9")


def test_a_part_is_reviewed_and_the_end_says_what_is_next(page, images):
    page.choose("#choice", "Rain (3)")
    page.wait("find('progress').textContent.startsWith('0 of 3')")
    page.press("y", "2", "s")
    assert page.texts("#end-title") == ["That was the last one; 1 item is not decided"]
    assert page.run("return document.activeElement.id") == "end-title"
    page.one("#left").click()
    page.press("y")
    assert page.texts("#end-title") == ["All 3 are reviewed"]
    counts = page.texts("#end-table tr")
    assert counts == ["confirmed2", "changed1", "Rain → Dog bark1", "dropped0", "not decided0"]
    assert page.texts("#next code") == [
        f"python -m generate {images.parent / 'sounds'} {images} --labels-from review.csv"
    ]


def test_keys_of_buttons_are_their_own_and_help_is_a_dialog(page):
    from selenium.webdriver.common.keys import Keys

    page.run("find('skip').focus()")
    page.press(Keys.ENTER)
    assert progress(page).startswith("0 of 9") and page.texts("#place")[0].startswith("2 of 9")
    page.press("?")
    page.wait("find('help').open")
    page.press("y")
    assert progress(page).startswith("0 of 9"), "nothing is decided behind it"
    page.press(Keys.ESCAPE)
    page.wait("!find('help').open")
    page.press("y")
    assert progress(page).startswith("1 of 9")


def test_without_storage_it_says_so_once_and_warns_before_leaving(images, tmp_path):
    with started() as other:
        refuse = "Storage.prototype.setItem = () => { throw new DOMException('refused', 'SecurityError'); }"
        other.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": refuse})
        other.open(images / "review.html")
        assert "refuses to keep decisions" in other.texts("#notice")[0]
        leaving = "const e = new Event('beforeunload', { cancelable: true }); window.dispatchEvent(e); return e.defaultPrevented"
        assert not other.run(leaving), "nothing is lost yet"
        other.press("y")
        assert "refuses" not in other.texts("#notice")[0] and progress(other).startswith("1 of 9")
        assert other.run(leaving)
        assert len(saved(other, tmp_path)) == 1
        assert not other.run(leaving)


def written_page(path: Path, images: Path, items: Sequence[ReviewItem], *, run: str = "r") -> Path:
    write_review_page(
        path,
        items,
        classes=["a", "b"],
        title="t",
        found_by="suspects",
        run=run,
        settings=Settings(),
        images=images,
    )
    return path


def items_of(clips: str, label: str = "a") -> list[ReviewItem]:
    return [ReviewItem(clip_id=c, file=f"{c}.wav", start_s=0, end_s=1, label=label, image="data:,") for c in clips]


def test_decisions_are_kept_by_run_and_clip(browser, images, tmp_path):  # noqa: F811
    pages = (("one.html", "xyz", "r", 0), ("two.html", "xyz", "s", 0), ("again.html", "xyz", "r", 1))
    # Written again after clips were added and removed: what was decided of the others is still there.
    for name, clips, run, kept in (*pages, ("fewer.html", "wy", "r", 1), ("all.html", "wxyz", "r", 3)):
        browser.open(written_page(tmp_path / name, images, items_of(clips), run=run))
        if name == "one.html":
            browser.run("localStorage.clear()")
            browser.open(tmp_path / name)
        assert progress(browser).startswith(f"{kept} of {len(clips)}"), name
        browser.press("y")
    (tmp_path / "other project").mkdir()
    browser.open(written_page(tmp_path / "other project" / "one.html", images, items_of("xyz"), run="r"))
    assert progress(browser).startswith("0 of 3"), "clips of another project may have the same names"
    browser.collect()
    browser.console.clear()  # the images are none


def test_pages_of_one_name_keep_each_others_decisions(browser, images, tmp_path):  # noqa: F811
    """As two tabs do: each has read what was kept before the other decided."""
    browser.open(written_page(tmp_path / "one.html", images, items_of("xy"), run="tabs"))
    browser.press("y")
    ours = browser.run("return localStorage.getItem(KEY)")
    browser.open(written_page(tmp_path / "two.html", images, items_of("vw"), run="tabs"))
    browser.run("localStorage.setItem(KEY, arguments[0])", ours)  # decided in the other tab, after this one was opened
    browser.press("y")
    assert [json.loads(key)[0] for key, *_ in json.loads(browser.run("return localStorage.getItem(KEY)"))] == ["x", "v"]
    browser.collect()
    browser.console.clear()


def test_a_decision_that_was_applied_does_not_come_back(browser, images, tmp_path):  # noqa: F811
    """From a to b, and in a later review back to a."""
    for name, label, keys in (("1.html", "a", "2"), ("2.html", "b", "1"), ("3.html", "a", "")):
        browser.open(written_page(tmp_path / name, images, items_of("x", label)))
        if name == "1.html":
            browser.run("localStorage.clear()")
            browser.open(tmp_path / name)
        assert progress(browser).startswith("0 of 1"), name
        if keys:
            browser.press(keys)
    browser.collect()
    browser.console.clear()


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("width", [400, 1400])
def test_axe_finds_nothing_serious(page, is_dark, width):
    page.dark(is_dark=is_dark)
    page.resize(width)
    page.press("y", "3", "n", "/")
    page.run("find('typed').value = 'Owl'; find('other').requestSubmit()")
    assert violations(page) == []
    assert page.run("return document.documentElement.scrollWidth") <= width
    page.press("?")
    page.wait("find('help').open")
    assert violations(page) == []
    page.run("help(); at = list.length; show()")
    assert violations(page) == []
    assert page.run("return document.documentElement.scrollWidth") <= width


def test_a_part_of_a_recording_plays_from_there(browser, images, tmp_path):  # noqa: F811
    """The playhead begins at the image's left, and the player stops at the end of the part."""
    y, rate = soundfile.read(next((images.parent / "sounds" / "Rain").iterdir()), dtype="float32")
    soundfile.write(tmp_path / "long.wav", y, rate)
    item = ReviewItem(
        clip_id="", file="/x/long.wav", start_s=2, end_s=3, label="Rain", image="data:,", audio="./long.wav#t=2,3"
    )
    settings = Settings(seconds=1)
    write_review_page(
        tmp_path / "p.html",
        [item],
        classes=["Rain"],
        title="t",
        found_by="events",
        run="r",
        settings=settings,
        images=images,
    )
    browser.open(tmp_path / "p.html")
    browser.wait("audioShown().currentTime > 2.05")
    left = browser.run("return parseFloat(document.querySelector('.playhead').style.left)")
    assert 0 < left < 100
    for _ in range(2):  # space plays the part again, and no more than it
        browser.wait("audioShown().paused && audioShown().currentTime > 2.9")
        assert browser.run("return audioShown().currentTime") < 3.4
        browser.press(" ")
        browser.wait("!audioShown().paused && audioShown().currentTime < 2.5")
    browser.collect()
    browser.console.clear()


def test_recordings_of_one_name_are_told_apart(browser, images, tmp_path):  # noqa: F811
    files = ["/nights/A/x.wav", "/nights/A/x.wav", "/nights/B/x.wav", "/nights/B/y.wav"]
    items = [ReviewItem(clip_id="", file=file, start_s=2, end_s=3, label="Rain", image="data:,") for file in files]
    how = {"classes": ["Rain"], "title": "t", "run": "r", "settings": Settings(seconds=1), "images": images}
    write_review_page(tmp_path / "p.html", items, found_by="events", **how)
    browser.open(tmp_path / "p.html")
    for k, name in enumerate(["/nights/A/x.wav", "/nights/A/x.wav", "/nights/B/x.wav", "y.wav"], start=1):
        assert browser.texts("#place") == [f"{k} of 4 · {name}, 0:02.0 to 0:03.0"]
        browser.press("s")
    browser.console.clear()


@pytest.mark.parametrize("found_by", ["gallery", "suspects"])
def test_what_cannot_be_heard_is_told_with_what_to_do(browser, images, found_by):  # noqa: F811
    image = next(images.glob("Rain/*.png")).relative_to(images).as_posix()
    item = ReviewItem(clip_id="a", file="x.mp3", start_s=2, end_s=3, label="Rain", image=address(image))
    page, how = images / "cannot.html", {"classes": ["Rain"], "title": "t", "run": "", "settings": Settings(seconds=1)}
    write_review_page(page, [item], found_by=found_by, images=images, **how)
    browser.open(page)
    assert "It cannot be heard from here" in browser.texts("#seen")[0]
    assert browser.texts("#seen code")[0] == f"python -m generate.gallery {images} --listen all"
    page.unlink()
    browser.console.clear()


def data_of(page: Path) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])


def test_it_plays_files_beside_images_and_recordings_where_the_gallery_may(images):
    audio = [item["audio"] for item in data_of(images / "review.html")["items"]]
    beside = [name for name in audio if name.endswith("__original.flac")]
    assert len(beside) == 3, "of one clip a class, by --listen 1"
    assert all(name.startswith("./../sounds/") and name.endswith("#t=0,5") for name in set(audio) - {*beside})


def test_the_gallery_links_to_it(browser, images):  # noqa: F811
    browser.open(images / "index.html")
    browser.one("#review-link").click()
    browser.wait("document.title === 'Review of sounds'")


def test_the_page_is_the_folders_own(images, tmp_path):
    folder = tmp_path / "images"
    shutil.copytree(images, folder)
    names = frozenset(tables.read_metadata(folder / tables.METADATA)["file_name"])
    assert (folder / "review.html").read_text(encoding="utf-8").startswith(BEGINS)
    (folder / "review.html.123.tmp").write_text("of a run that was killed")
    assert foreign_files(folder, names) == []
    remove_temporary(folder)
    clear(folder, names)
    assert {path.name for path in folder.iterdir() if path.is_file()} == {"settings.json", ".lock"}


def test_clips_of_several_labels_have_no_page(tmp_path):
    (tmp_path / "sounds").mkdir()
    for name in ("a", "b"):
        soundfile.write(tmp_path / "sounds" / f"{name}.wav", white(1.0, seed=ord(name)), SR)
    (tmp_path / "labels.csv").write_text("file,label\na.wav,bird;rain\nb.wav,rain\n")
    arguments = ["--labels", str(tmp_path / "labels.csv"), "--label-separator", ";", "--variants", "none"]
    small = ["--sr", str(SR), "--seconds", "1", "--image-size", "32", "--workers", "1", "--listen", "0"]
    assert main([str(tmp_path / "sounds"), str(tmp_path / "images"), *arguments, *small]) == 0
    assert (tmp_path / "images" / "index.html").is_file() and not (tmp_path / "images" / "review.html").exists()
    assert data_of(tmp_path / "images" / "index.html")["review_page"] == ""
