"""Review pages of windows, of suggestions, events and suspects: what is on them, and that it is what it says."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

from generate.dataset import mp3
from generate.dataset.settings import Settings
from generate.features.spectrogram import padded_before
from generate.workers import processes
from tests.conftest import loudest_hz, tone
from tests.train.fake_runs import fake_run
from train.predict import review_events, review_page
from train.predict.event_files import check_events_folder, names_of
from train.predict.events import DetectedEvent
from train.predict.predict_events import EventOptions
from train.predict.predictions import Predictions, WindowPrediction
from train.predict.review_events import write_events_review
from train.predict.windows import front_end, read_window
from train.suggest.review import write_suggestions_page
from train.suggest.suggest import Suggestions
from train.suspects.review import write_suspects_page

SR = 44100
NAME = 'night, "é".wav'


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Read without worker processes, which the tests of windows cover."""

    def map_here(work, parts, **_):
        for part in parts:
            yield part, processes.try_job(work, *part)

    monkeypatch.setattr(review_page, "map_ordered", map_here)


@pytest.fixture
def run(tmp_path):
    """Of three classes, `bird`, `rain` and `saw`."""
    return fake_run(tmp_path / "runs" / "first")


@pytest.fixture
def recording(tmp_path, monkeypatch) -> str:
    """30 s whose pitch tells the window: 400 Hz in the first 5 s, 500 Hz in the next. As its relative path."""
    y = np.concatenate([tone(400 + 100 * k, seconds=5, sr=SR) for k in range(6)])
    soundfile.write(tmp_path / NAME, y, SR)
    monkeypatch.chdir(tmp_path)
    return NAME


def data_of(page: Path) -> dict:
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)[1])


def content(address: str, kind: str) -> io.BytesIO:
    assert address.startswith(f"data:{kind};base64,")
    return io.BytesIO(base64.b64decode(address.partition(",")[2]))


def predictions_of(run, file: str, rows: list[tuple[float, float, float]]) -> Predictions:
    windows = [WindowPrediction(file, 5.0 * k, 5.0 * k + 5, np.array(row)) for k, row in enumerate(rows)]
    return Predictions(run, ("1",), 5.0, tuple(windows), ())


PROBABILITIES = [
    (0.1, 0.8, 0.1),
    (0.55, 0.35, 0.1),
    (0.9, 0.05, 0.05),
    (0.1, 0.2, 0.7),
    (0.2, 0.2, 0.6),
    (0.98, 0.01, 0.01),
]


def events_of(file: str) -> list[DetectedEvent]:
    """`bird` from 5 to 15 s, `rain` in the first window, `saw` from 15 to 25 s and `bird` again at the end."""
    return [
        DetectedEvent(file, 0.0, 5.0, "rain", 0.8, 0.8),
        DetectedEvent(file, 5.0, 15.0, "bird", 0.9, 0.72),
        DetectedEvent(file, 15.0, 25.0, "saw", 0.7, 0.65),
        DetectedEvent(file, 25.0, 30.0, "bird", 0.98, 0.98),
    ]


def test_a_box_is_where_the_event_is():
    window = WindowPrediction("a.wav", 10.0, 15.0, np.array([1.0]))
    event = DetectedEvent("a.wav", 11.25, 13.75, "bird", 0.9, 0.9)
    assert review_events.event_box(event, window, 5.0) == (0.25, 0.75, 0.0, 1.0, "event")
    assert review_events.event_box(replace(event, start_s=5.0), window, 5.0) == (0.0, 0.75, 0.0, 1.0, "← event")
    assert review_events.event_box(replace(event, end_s=16.0), window, 5.0) == (0.25, 1.0, 0.0, 1.0, "event →")


def test_a_box_ends_where_padding_begins():
    """The last window of a recording is as wide an image as the others."""
    window = WindowPrediction("a.wav", 10.0, 13.0, np.array([1.0]))
    event = DetectedEvent("a.wav", 8.0, 13.0, "bird", 0.9, 0.9)
    assert review_events.event_box(event, window, 5.0) == (0.0, 0.6, 0.0, 1.0, "← event")
    assert review_events.event_box(replace(event, end_s=13.5), window, 5.0)[1:] == (0.6, 0.0, 1.0, "← event →")


def test_an_event_of_no_length_has_the_window_that_it_is_in():
    window = WindowPrediction("a.wav", 0.0, 0.0003, np.array([0.9]))
    assert review_events.peak_window(DetectedEvent("a.wav", 0.0, 0.0, "bird", 0.9, 0.9), [window], 0) is window


def test_events_are_there_with_the_window_of_their_peak_the_most_doubtful_first(run, recording, tmp_path, monkeypatch):
    monkeypatch.setattr(review_events, "MOST_EVENTS", 3)
    text = write_events_review(
        tmp_path, predictions_of(run, recording, PROBABILITIES), {recording: events_of(recording)}, EventOptions()
    )
    assert "1 event is not on the page" in text and "open review.html" in text
    data = data_of(tmp_path / "review.html")
    assert (data["found_by"], data["run"], data["classes"]) == ("events", "first", ["bird", "rain", "saw"])
    items = data["items"]
    assert [(item["label"], item["start_s"], item["end_s"]) for item in items] == [
        ("saw", 15.0, 20.0),
        ("rain", 0.0, 5.0),
        ("bird", 10.0, 15.0),
    ]
    assert {item["file"] for item in items} == {str(tmp_path / NAME)} and items[0]["clip_id"] == ""
    assert items[0]["why"] == "saw 70.0 % (an event from 50.0 % on), rain 20.0 %. The event lasts from 0:15.0 to 0:25.0"
    assert items[0]["suggested"] == "rain"
    boxes = [[0.0, 1.0, 0.0, 1.0, "event →"], [0.0, 1.0, 0.0, 1.0, "event"], [0.0, 1.0, 0.0, 1.0, "← event"]]
    assert [item["boxes"] for item in items] == [[box] for box in boxes]
    for item, hz in zip(items, (700, 400, 600), strict=True):
        y, rate = soundfile.read(content(item["audio"], "audio/mpeg"), dtype="float32")
        assert loudest_hz(y[rate : 3 * rate], rate) == pytest.approx(hz, abs=2)
        front = front_end(run)
        image = Image.open(content(item["image"], "image/png"))
        expected = read_window(tmp_path / NAME, item["start_s"], front).pixels
        np.testing.assert_array_equal(np.array(image.convert("RGB")), front.palette[expected])


def test_a_page_does_not_grow_without_bounds_and_what_is_gone_is_named(run, recording, tmp_path, monkeypatch):
    predictions, found = predictions_of(run, recording, PROBABILITIES), {recording: events_of(recording)}
    write_events_review(tmp_path, predictions, found, EventOptions())
    items = data_of(tmp_path / "review.html")["items"]
    size = sum(len(item["image"]) + len(item["audio"]) for item in items[:2])
    monkeypatch.setattr(review_page, "MOST_BYTES", size)
    text = write_events_review(tmp_path, predictions, found, EventOptions())
    data = data_of(tmp_path / "review.html")
    assert len(data["items"]) == 2 and "2 windows more would make the page larger" in text
    assert data["note"] in text
    os.rename(NAME, "moved.wav")
    text = write_events_review(tmp_path, predictions, found, EventOptions())
    assert data_of(tmp_path / "review.html")["items"] == [] and "4 windows could not be read again" in text


def test_without_an_event_there_is_no_page(run, recording, tmp_path):
    predictions = predictions_of(run, recording, PROBABILITIES)
    write_events_review(tmp_path, predictions, {recording: events_of(recording)}, EventOptions())
    assert write_events_review(tmp_path, predictions, {recording: []}, EventOptions()) == ""
    assert not (tmp_path / "review.html").exists()


def test_a_recording_called_review_has_another_page(tmp_path):
    assert names_of(["nights/review.wav"]) == {"nights/review.wav": "nights-review.wav"}
    (tmp_path / "review.html").write_text("mine")
    with pytest.raises(ValueError, match=r"whose 'review\.html' it did not write"):
        check_events_folder(tmp_path, ["a.wav"], ["html"])
    check_events_folder(tmp_path, ["a.wav"], ["csv"])


def test_suggestions_are_there_in_the_order_of_the_table(run, recording, tmp_path):
    row = {
        "distance": 0.4,
        "unlike": 0.93,
        "nearest_label": "saw",
        "nearest_clip": "1-7-A",
        "top_2": "rain",
        "p_2": 0.3,
    }
    table = pd.DataFrame(
        [
            row | {"rank": 1, "chosen": "useful", "start_s": 10.0, "end_s": 15.0, "top_1": "bird", "p_1": 0.4},
            row | {"rank": 2, "chosen": "random", "start_s": 0.0, "end_s": 5.0, "top_1": "saw", "p_1": 0.6},
        ]
    ).assign(file=recording)
    assert write_suggestions_page(tmp_path / "s.html", run, Suggestions(table, 6, 0, (), {}, 5.0)) == ""
    data = data_of(tmp_path / "s.html")
    first, second = data["items"]
    assert data["found_by"] == "suggestions" and first["file"] == second["file"] == str(tmp_path / NAME)
    assert (first["label"], first["start_s"], first["kinds"]) == ("bird", 10.0, ["useful"])
    assert first["why"].startswith(
        "Useful: bird 40.0 %, rain 30.0 %; nearest training clip 1-7-A (saw), farther from it than 93.0 %"
    )
    assert second["kinds"] == ["at random"] and second["label"] == "saw"
    y, rate = soundfile.read(content(first["audio"], "audio/mpeg"), dtype="float32")
    assert loudest_hz(y[rate : 3 * rate], rate) == pytest.approx(600, abs=2)


def test_suspects_show_and_play_what_is_there(run, tmp_path):
    """Copies in the run's folder, files beside the images, the audio of an explanation, the recording."""
    settings = json.loads((run.folder / "settings.json").read_text())
    settings["collection"]["audio_folder"] = "../../sounds"
    (run.folder / "settings.json").write_text(json.dumps(settings))
    (tmp_path / "sounds" / "bird").mkdir(parents=True)
    files = ["runs/first/images/bird/a__original.png", "runs/first/images/bird/a__original.flac"]
    files += [f"runs/images/bird/{name}__original.png" for name in "abcd"] + ["runs/images/bird/b__original.flac"]
    files += ["runs/first/explained/c__original__original.mp3", "sounds/bird/d, 1.ogg"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    row = {"label": "bird", "suggested": "saw", "p_label": 0.02, "p_suggested": 0.91, "nearest_labels": "saw 4, bird 1"}
    suspects = pd.DataFrame(
        [row | {"clip_id": name, "file_name": f"bird/{name}__original.png"} for name in "abcd"]
    ).assign(audio_file="bird/d, 1.ogg", start_s=2.5, end_s=9.0, reviewed="")
    suspects.loc[4] = suspects.loc[3].replace("", "confirmed")  # that a person gave the label: it is not asked again
    (tmp_path / "sounds" / "bird" / "e.mp3").write_bytes(b"")  # a part of it may begin seconds beside the place
    suspects.loc[5] = suspects.loc[3].replace("bird/d, 1.ogg", "bird/e.mp3")
    suspects.loc[6] = suspects.loc[5].replace(2.5, 0.0)
    with contextlib.chdir(tmp_path):  # the recordings of this project may be read
        page = write_suspects_page(run, suspects)
    data = data_of(page)
    *shown, later, beginning = data["items"]
    assert "audio" not in later and beginning["audio"] == "./../../sounds/bird/e.mp3#t=0,5"
    assert page == run.folder / "suspects.html" and data["sounds"] == "../../sounds"
    assert [item["image"] for item in data["items"]] == [
        "./images/bird/a__original.png",
        *(f"./../images/bird/{name}__original.png" for name in "bcddd"),
    ]
    assert [item["audio"] for item in shown] == [
        "./images/bird/a__original.flac",
        "./../images/bird/b__original.flac",
        "./explained/c__original__original.mp3",
        "./../../sounds/bird/d%2C%201.ogg#t=2.5,7.5",
    ]
    assert data["note"].endswith("Left out: 1 clip whose label a review gave.")
    first = data["items"][0]
    assert first["why"] == "Labelled bird (2.0 %), predicted saw (91.0 %); nearest training clips: saw 4, bird 1"
    assert (first["file"], first["start_s"], first["end_s"], first["suggested"]) == ("bird/d, 1.ogg", 2.5, 9.0, "saw")
    with contextlib.chdir(run.folder):  # and those of another are not
        write_suspects_page(run, suspects)
    assert "audio" not in data_of(page)["items"][3]


def test_the_audio_of_an_explained_clip_has_its_silence_already(run, tmp_path):
    settings = json.loads((run.folder / "settings.json").read_text())
    settings["settings"] |= {"pad": "random", "seconds": 5.0}
    (run.folder / "settings.json").write_text(json.dumps(settings))
    for name in ("images/bird/a__original.flac", "explained/b__original__original.mp3"):
        (run.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (run.folder / name).write_bytes(b"")
    row = {"label": "bird", "suggested": "saw", "p_label": 0.02, "p_suggested": 0.91, "nearest_labels": "saw 5"}
    clips = [row | {"clip_id": name, "file_name": f"bird/{name}__original.png"} for name in "ab"]
    suspects = pd.DataFrame(clips).assign(audio_file="d.ogg", start_s=0.0, end_s=2.0, reviewed="")
    beside, explained = data_of(write_suspects_page(run, suspects))["items"]
    expected = 3 * padded_before(Settings.from_json(settings["settings"]), "a")
    assert beside["before_s"] == pytest.approx(expected, abs=1e-4) and expected > 0
    assert explained["audio"].endswith("b__original__original.mp3") and "before_s" not in explained


def test_an_mp3_is_encoded_as_it_is_written(tmp_path):
    y = tone(440, seconds=0.5, sr=SR)
    mp3.write(tmp_path / "a.mp3", y, SR)
    assert mp3.encode(y, SR) == (tmp_path / "a.mp3").read_bytes()
