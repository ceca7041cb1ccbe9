"""The page of a recording: strips against one spectrogram of the whole, and a browser in which a person clicks."""

import json
import re
import shlex
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
import soundfile

from generate.dataset import mp3, png
from generate.dataset.settings import Settings
from generate.features import FEATURES
from generate.workers import processes
from tests.axe import violations
from tests.browser import browser, chromium  # noqa: F401
from tests.conftest import SR, tone, white
from train.predict.events import DetectedEvent
from train.predict.recording_page import blocks as blocks_module
from train.predict.recording_page import strips as strips_module
from train.predict.recording_page.blocks import drawing_settings, pooled, read_block, read_blocks
from train.predict.recording_page.listening import is_played
from train.predict.recording_page.strips import STEPS, STRIP_PX, coloured, draw_strips
from train.predict.recording_page.write_pages import LONGEST_S, RecordingPage, write_pages
from train.predict.recordings import find_recordings

SETTINGS = Settings(sr=SR, seconds=1.0, n_bands=32, reference="peak")
NASTY = "<b>Hündin & \"吠\" 'x' 100% #1?"
LENGTH_S = 100.0


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Read without worker processes, which the tests of windows cover."""

    def map_here(work, parts, **_):
        rejected = set()
        for part in parts:
            if part[0] not in rejected:
                outcome = processes.try_job(work, *part)
                if isinstance(outcome, str):
                    rejected.add(part[0])
                yield part, outcome

    monkeypatch.setattr(blocks_module, "map_ordered", map_here)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A recording of 100 s whose pitch tells the second: 500 Hz and 20 Hz more each second."""
    y = np.concatenate([tone(500 + 20 * second, peak=0.3) for second in range(int(LENGTH_S))])
    path = tmp_path_factory.mktemp("recording") / f"{NASTY.replace('/', '-')}.wav"
    soundfile.write(path, y + white(LENGTH_S, rms=0.001), SR)
    return path


def draw(recording, folder, settings=SETTINGS, length_s=LENGTH_S):
    folder.mkdir(exist_ok=True)
    drawn = drawing_settings(settings)
    with read_blocks([(recording, length_s, False)], drawn, workers=1) as blocks:
        return draw_strips(next(blocks), drawn, folder, palette=png.palette("magma"), on_block=lambda block: None)


def pixels_of(folder, level):
    return np.concatenate([png.read(path)[0] for path in sorted(folder.glob(f"{level}-*.png"))], axis=1)


@pytest.mark.parametrize("feature", ["mel", "log", "mfcc", "pcen", "cqt"])
def test_strips_are_one_spectrogram_of_the_whole(recording, tmp_path, monkeypatch, feature):
    ends = (-100.0, -10.0) if FEATURES[feature].is_db else (0.0, 1.0)
    monkeypatch.setattr(strips_module, "colour_range", lambda *_, **__: ends)
    settings = Settings(sr=SR, seconds=1.0, n_bands=32, n_mfcc=16, feature=feature)
    levels, why_not = draw(recording, tmp_path / "strips", settings)
    assert why_not == "" and [level.pixel_s for level in levels] == [0.02, 0.16, 1.28]

    y, _ = soundfile.read(recording, dtype="float32")
    drawn = drawing_settings(settings)
    whole = FEATURES[feature](y, drawn)[:, : levels[0].n_px]
    if FEATURES[feature].is_db:
        whole = 150 * (whole - 1)
    if feature == "log":
        assert len(whole) > 256 and pixels_of(tmp_path / "strips", 0).shape[0] == 256
        return
    step = 255 / (STEPS - 1)
    for number, columns in enumerate([whole, pooled(whole, 8, is_db=FEATURES[feature].is_db)]):
        found = pixels_of(tmp_path / "strips", number)
        assert found.shape[1] == levels[number].n_px
        difference = np.abs(found.astype(float) - coloured(columns, *ends))
        assert difference.max() <= step + 1 and (difference > 0).mean() < 0.01, "blocks meet without a seam"


def test_power_is_averaged_so_that_a_short_sound_is_seen_from_afar():
    columns = np.full((1, 64), -100.0)
    columns[0, 5] = -20
    assert pooled(columns, 64, is_db=True)[0, 0] == pytest.approx(-20 - 10 * np.log10(64), abs=0.01)
    np.testing.assert_allclose(pooled(np.array([[1.0, 0.0, 0.5]]), 2, is_db=False), [[0.5, 0.5]])


def test_a_block_is_the_same_wherever_the_reading_begins(recording):
    drawn = drawing_settings(SETTINGS)
    one, other = read_block(recording, 1000, 200, drawn), read_block(recording, 1100, 100, drawn, with_audio=True)
    np.testing.assert_allclose(one.values[:, 100:], other.values, atol=0.5)
    y, _ = soundfile.read(recording, dtype="float32", start=22 * SR, frames=2 * SR)
    np.testing.assert_allclose(other.y, y, atol=1e-4)


def test_faint_recordings_are_as_bright_as_loud_ones(tmp_path):
    y = white(30.0, rms=0.02) + np.tile(np.concatenate([tone(3000, peak=0.3), np.zeros(2 * SR, np.float32)]), 10)
    for name, factor in (("loud", 1.0), ("faint", 0.01)):
        soundfile.write(tmp_path / f"{name}.wav", y * factor, SR, subtype="PCM_24")
        draw(tmp_path / f"{name}.wav", tmp_path / name, length_s=30.0)
    loud, faint = (pixels_of(tmp_path / name, 0).astype(float) for name in ("loud", "faint"))
    assert np.abs(loud - faint).mean() < 3
    assert loud.max() > 200 and loud.min() == 0


def test_memory_does_not_hold_the_recording(recording, tmp_path, monkeypatch):
    """Whatever its length, a level holds at most a strip and a block of columns."""
    held = []
    add = strips_module.LevelWriter.add
    monkeypatch.setattr(
        strips_module.LevelWriter,
        "add",
        lambda self, pixels: (add(self, pixels), held.append(sum(part.shape[1] for part in self._parts)))[0],
    )
    draw(recording, tmp_path / "strips")
    assert max(held) < STRIP_PX
    assert len(list((tmp_path / "strips").glob("0-*.png"))) == 3


@pytest.mark.parametrize(
    ("suffix", "options", "expected"),
    [
        (".wav", {"subtype": "PCM_24"}, True),
        (".flac", {}, True),
        (".ogg", {}, True),
        (".wav", {"subtype": "IMA_ADPCM"}, False),
        (".mp3", {}, False),
        (".aiff", {}, False),
    ],
)
def test_which_recordings_browsers_play(tmp_path, suffix, options, expected):
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, white(1.0), SR, **options)
    assert is_played(path) == expected


def test_what_browsers_do_not_play_has_a_copy_of_the_same_length(recording, tmp_path):
    y, _ = soundfile.read(recording, dtype="float32")
    path = tmp_path / "a.aiff"
    soundfile.write(path, y, SR)
    page_of(path, tmp_path)
    copy = tmp_path / "a.strips" / "audio.mp3"
    assert mp3.is_ours(copy)
    heard, rate = soundfile.read(copy, dtype="float32")
    assert rate == SR and len(heard) == pytest.approx(LENGTH_S * SR, abs=0.5 * SR)
    for second in (10, 57, 90):  # the pitch tells the second
        part = heard[round((second + 0.3) * SR) : round((second + 0.7) * SR)]
        peak = np.abs(np.fft.rfft(part * np.hanning(len(part)))).argmax() * SR / len(part)
        assert peak == pytest.approx(500 + 20 * second, abs=4)
    assert data_of(tmp_path / "a.html")["audio"] == "./a.strips/audio.mp3"
    found, _, skipped = find_recordings([tmp_path])  # a second run on the folder
    assert found == [path] and skipped["copies of recordings, on pages of events"] == 1


def test_the_rest_that_cannot_be_read_is_named(recording, tmp_path):
    path = tmp_path / "cut.wav"
    y, _ = soundfile.read(recording, dtype="float32")
    y[60 * SR] = np.nan
    soundfile.write(path, y, SR, subtype="FLOAT")
    why_not = page_of(path, tmp_path)
    assert "NaN" in why_not
    data = data_of(tmp_path / "cut.html")
    assert 40 <= data["seconds"] < 60 and "could not be read" in data["notes"][0]


def test_too_long_a_recording_has_no_page_and_advice(recording, tmp_path):
    night = tmp_path / "my night" / "all of it.wav"
    longer = replace(page_in(tmp_path, recording), length_s=LONGEST_S + 1, recording=night)
    why_not = write_pages([longer, page_in(tmp_path / "other", recording)], SETTINGS, workers=1)
    command = shlex.split(re.search("`(ffmpeg .*)`", why_not[0])[1])
    assert "up to 12 h" in why_not[0] and command[:3] == ["ffmpeg", "-i", str(night)] and command[-1] == "part-%03d.wav"
    assert why_not[1] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_several_recordings_are_read_in_turn(recording, tmp_path):
    y, _ = soundfile.read(recording, dtype="float32")
    soundfile.write(tmp_path / "short.wav", y[: 3 * SR], SR)
    (tmp_path / "broken.wav").write_bytes((tmp_path / "short.wav").read_bytes()[:30])
    pages = [
        replace(page_in(tmp_path, tmp_path / f"{name}.wav"), length_s=3.0, events=()) for name in ("broken", "short")
    ]
    reasons = write_pages([*pages, page_in(tmp_path, recording)], SETTINGS, workers=1)
    assert reasons[0] and reasons[1:] == ["", ""]
    assert not pages[0].page.exists()
    assert data_of(pages[1].page)["levels"][0]["n_px"] == 150
    assert data_of(tmp_path / f"{recording.stem}.html")["levels"][0]["n_px"] == 5000


def test_strips_of_an_earlier_longer_recording_are_removed_and_other_files_stay(recording, tmp_path):
    page_of(recording, tmp_path)
    folder = tmp_path / f"{recording.stem}.strips"
    for name in ("0-0009.png", "notes.txt"):
        (folder / name).write_bytes(b"")
    page_of(recording, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"0-000{k}.png" for k in range(3)),
        "1-0000.png",
        "2-0000.png",
        "notes.txt",
    ]


# In a browser

EVENTS = [(5.0, 8.0, "low", 0.6), (20.0, 23.0, NASTY, 0.95), (61.0, 64.5, "low", 0.8)]


def page_in(folder, recording, begins_at=None):
    folder.mkdir(exist_ok=True)
    events = [DetectedEvent(str(recording), start, end, label, p, p) for start, end, label, p in EVENTS]
    page, strips = (folder / f"{recording.stem}{ending}" for ending in (".html", ".strips"))
    thresholds = {"low": 0.5, NASTY: 0.9}
    return RecordingPage(recording, LENGTH_S, events, thresholds, page, strips, begins_at, "Events of a test.")


def page_of(recording, folder, begins_at=None):
    (why_not,) = write_pages([page_in(folder, recording, begins_at)], SETTINGS, workers=1)
    return why_not


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1])


@pytest.fixture
def page(browser, recording, tmp_path):  # noqa: F811
    """The page, open, of a recording that began shortly before midnight, two hours east of Greenwich."""
    begins_at = datetime(2021, 5, 5, 23, 59, 30, tzinfo=timezone(timedelta(hours=2)))
    assert page_of(recording, tmp_path, begins_at) == ""
    browser.open(tmp_path / f"{recording.stem}.html")
    browser.wait("document.querySelectorAll('#rows tr').length === 3")
    return browser


def test_the_page_says_which_recording_it_shows(page, recording):
    """Recordings of several folders may have one name."""
    assert page.texts("#summary")[0].startswith(f"{recording}: ")


def test_a_click_plays_from_there(page):
    page.wait("find('audio').readyState >= 1")
    box = page.run("const b = scroller.getBoundingClientRect(); return [b.left, b.top, b.width]")
    page.run("zoom(20); scroller.scrollLeft = 40 * scale; draw()")
    page.driver.execute_cdp_cmd(
        "Input.dispatchMouseEvent",
        {"type": "mousePressed", "x": box[0] + 200, "y": box[1] + 120, "button": "left", "clickCount": 1},
    )
    page.driver.execute_cdp_cmd(
        "Input.dispatchMouseEvent",
        {"type": "mouseReleased", "x": box[0] + 200, "y": box[1] + 120, "button": "left", "clickCount": 1},
    )
    page.wait("!find('audio').paused && find('audio').currentTime > 50.05")
    assert page.run("return find('audio').currentTime") < 53
    page.press(" ")
    page.wait("find('audio').paused")


def test_zoom_shows_other_strips(page):
    page.wait("[...document.querySelectorAll('#strips img, #whole img')].every((i) => i.complete && i.naturalWidth)")
    assert page.run("return scale") == 12
    page.run("zoom(6)")
    assert page.run("return [level, document.querySelectorAll('#strips img').length]") == [1, 1]
    page.run("goTo(50); scroller.scrollLeft = 50 * scale - width() / 2")
    for _ in range(3):
        page.press("+")
    assert page.run("return [level, document.querySelectorAll('#strips img').length]") == [0, 3]
    assert page.run("return [...document.querySelectorAll('#strips img')].every((i) => i.loading === 'lazy')")
    assert page.run("return (scroller.scrollLeft + width() / 2) / scale") == pytest.approx(50, abs=0.5)
    page.wait("[...document.querySelectorAll('#strips img')].some((i) => i.complete && i.naturalWidth)")
    page.press("0")
    assert page.run("return [scroller.scrollWidth <= width() + 1, scale * data.seconds <= width() + 1]") == [True, True]


def test_from_event_to_event(page):
    from selenium.webdriver.common.keys import Keys

    def place():
        return page.run("return [chosen, Math.round(10 * position) / 10]")

    page.run("zoom(50)")
    for expected in ([0, 5.0], [1, 20.0], [2, 61.0], [2, 61.0]):
        page.press("n")
        assert place() == expected
        assert page.run("return isSeen(position)")
    page.press("p")
    assert place() == [1, 20.0]
    page.press(Keys.ARROW_RIGHT)
    assert 20 < place()[1] < 25
    page.run("goTo(70)")
    page.press("p")
    assert place() == [2, 61.0]


def test_the_list_sorts_and_filters(page):
    assert page.texts("#rows td.name") == ["low", NASTY, "low"]
    assert page.texts("#rows tr:nth-child(3) td")[:2] == [
        "1:01.0",
        "00:00:31",
    ]  # past midnight, by the recorder's clock
    page.choose("#sort", "probability")
    page.wait("find('rows').children[0].id === 'row-1'")
    page.choose("#sort", "class")
    page.wait("find('rows').children[2].id === 'row-1'")
    page.choose("#class", "low")
    page.run("find('least').value = 70; find('least').dispatchEvent(new Event('input'))")
    assert page.texts("#count") == ["1 of 3 events"]
    page.one("#rows button").click()
    page.wait("!find('audio').paused && find('audio').currentTime > 61")
    assert page.run("return document.querySelectorAll('.found').length") == 1
    page.press(" ")


def test_events_that_overlap_are_one_below_the_other(page):
    page.run(
        "data.events = [[0, 10, 0, 0.9], [5, 15, 1, 0.9], [10, 20, 0, 0.9], [15, 15.2, 1, 0.9], [16, 17, 1, 0.9]];"
        "filter(); zoom(20, 0)"
    )
    assert page.run("return [...document.querySelectorAll('#band button')].map((b) => getComputedStyle(b).top)") == [
        "0px",
        "26px",
        "0px",
        "26px",
        "26px",
    ]
    boxes = page.run(
        "return [...document.querySelectorAll('#band button')].map((b) => {"
        " const r = b.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; })"
    )
    for k, (left, top, right, bottom) in enumerate(boxes):
        for other_left, other_top, other_right, other_bottom in boxes[k + 1 :]:
            apart = right <= other_left + 0.1 or other_right <= left + 0.1
            assert apart or bottom <= other_top or other_bottom <= top
    assert max(box[3] for box in boxes) <= page.run("return find('strips').getBoundingClientRect().top")
    page.one("#band button:nth-child(5)").click()
    assert page.run("return chosen") == 4


def test_names_are_text_and_what_is_gone_is_named(browser, recording, tmp_path):  # noqa: F811
    path = tmp_path / recording.name
    path.write_bytes(recording.read_bytes())
    page_of(path, tmp_path)
    path.unlink()
    browser.open(tmp_path / f"{recording.stem}.html")
    browser.wait("find('notes').textContent.includes('cannot be played')")
    assert browser.all("b, #rows i i") == [] and browser.one("#title").text == NASTY
    browser.press("n", "n")
    assert browser.run("return position") == 20
    browser.collect()
    assert all("wav" in line for line in browser.console)
    browser.console.clear()  # that it is not there


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_telephone(page, is_dark):
    page.dark(is_dark=is_dark)
    page.resize(360)
    page.wait("document.documentElement.scrollWidth <= 360")
    assert page.run("return find('strips').querySelector('img').getBoundingClientRect().height") == 256
    assert violations(page) == []
