"""Listening: what is predicted is what `train.predict` predicts for the same audio as a file."""

from __future__ import annotations

import errno
import os
import signal

import numpy as np
import pandas as pd
import pytest
import soundfile
import soxr

from tests.conftest import SR, tone, white
from tests.generate.audio.decoders.test_ffmpeg import encode
from tests.train.conftest import draw
from tests.train.predict.test_command_line import CLASSES, models, with_folds  # noqa: F401 (a fixture)
from tests.train.predict.test_windows import record, run_on
from train.listen import command_line
from train.listen.listen import Listener, ListenOptions, listen
from train.listen.sources import Block, RecordingSource
from train.predict.command_line import main as predict_main
from train.predict.predict_events import EventOptions, events_by_file
from train.predict.predict_recordings import predict_recordings

LOW = EventOptions(min_probability=0.25)
"""The models are not trained: few windows reach a half."""
pytestmark = pytest.mark.usefixtures("load_models_once")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Images of windows of 1 s; long recordings are cut into these."""
    folder = tmp_path_factory.mktemp("listened")
    for label, hz in (("high", 3300), ("low", 300)):
        record(folder / "audio" / label / "0.wav", 1.0, hz=hz)
    return draw(folder / "audio", folder / "images", "--variants", "none", "--long", "split")


@pytest.fixture
def run(tmp_path, images, models):  # noqa: F811
    run = run_on(images, tmp_path / "runs" / "tiny", classes=CLASSES)
    return with_folds(run, dict(zip("12", models, strict=True)))


@pytest.fixture
def real(real_clips, tmp_path):
    """A function that writes 6.6 s of real clips, 3 s of them silent, at a rate."""

    def write(sr, channels=1):
        parts = [soxr.resample(y, own, sr)[round(0.5 * sr) : round(1.4 * sr)] for y, own in real_clips[:4]]
        y = np.clip(np.concatenate([*parts[:2], np.zeros(3 * sr), *parts[2:]]), -1, 1)
        soundfile.write(tmp_path / f"{sr}.wav", np.stack([y, 0.5 * y][:channels], 1), sr)
        return tmp_path / f"{sr}.wav"

    return write


class FakeMicrophone:
    """Plays samples in blocks; between these, `also` is called with the number of the block."""

    name, bits, n_overflows, began_at = "fake microphone", 24, 0, None

    def __init__(self, y, *, n_block=2000, is_live=True, also=lambda number: None):
        self.sr, self.is_live = SR, is_live
        self._y, self._n_block, self._also, self._number = y, n_block, also, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.is_closed = True

    def read(self):
        self._also(self._number)
        start = self._number * self._n_block
        self._number += 1
        return Block(start, self._y[start : start + self._n_block, None]) if start < len(self._y) else None


def heard(run, source, **options):
    """What is predicted, which events, and the summary."""
    listener = Listener(run, source, ListenOptions(**options))
    assert listener.load() < 60
    windows, events = [], []
    return windows, events, listen(listener, on_window=windows.append, on_event=events.append)


def assert_equal_predictions(windows, expected):
    assert [(w.start_s, w.end_s, w.is_quiet) for w in windows] == [(w.start_s, w.end_s, w.is_quiet) for w in expected]
    assert [w.sha256 for w in windows] == [w.sha256 for w in expected]
    for window, other in zip(windows, expected, strict=True):
        assert (window.probabilities is None) == (other.probabilities is None)
        if window.probabilities is not None:
            np.testing.assert_allclose(window.probabilities, other.probabilities, atol=1e-5)


@pytest.mark.parametrize(("sr", "channels"), [(SR, 1), (44100, 2), (16000, 1)])
def test_predictions_and_events_equal_those_of_predict(run, real, sr, channels):
    path = real(sr, channels)
    windows, events, summary = heard(run, RecordingSource(path), events=LOW)
    predictions = predict_recordings(run, [path], half_overlapping=True)
    assert_equal_predictions(windows, predictions.windows)
    (expected,) = events_by_file(predictions, LOW).values()
    found = sorted(events, key=lambda event: (event.start_s, event.end_s, event.label))
    assert [(e.file, e.start_s, e.end_s, e.label) for e in found] == [
        (e.file, e.start_s, e.end_s, e.label) for e in expected
    ]
    assert len(expected) >= 2, "events are there to be found"
    assert summary.n_windows == len(windows) == 13
    assert 4 <= summary.n_quiet < 8 and summary.n_skipped == 0


def test_a_microphone_gives_what_a_file_of_it_gives(run, real):
    path = real(SR)
    y = soundfile.read(path, dtype="float32")[0]
    windows, _, _ = heard(run, FakeMicrophone(y), hop_s=0.7, folds=["2"])
    assert_equal_predictions(windows, predict_recordings(run, [path], hop_s=0.7, folds=["2"]).windows)


def test_it_ends_after_the_time_that_was_given(run):
    windows, _, summary = heard(run, FakeMicrophone(white(9.0), n_block=3001), seconds=2.2)
    assert summary.seconds == 2.2
    assert [(w.start_s, w.end_s) for w in windows] == [(0, 1), (0.5, 1.5), (1, 2), (1.5, 2.2)]


def test_a_computer_that_is_too_slow_skips_windows_and_says_so(run, monkeypatch, capsys):
    y = white(20.0)
    source = FakeMicrophone(y, n_block=5 * SR)  # while one is predicted, five seconds come
    windows, _, summary = heard(run, source)
    assert [w.start_s for w in windows] == [3.5, 4, 8.5, 9, 13.5, 14, 18.5, 19]
    assert summary.n_skipped == 39 - 8
    monkeypatch.setattr("train.listen.sources.RecordingSource", lambda *_, **__: FakeMicrophone(y, n_block=5 * SR))
    assert command_line.main([str(run.folder), "--file", "any.wav"]) == 0
    assert "31 windows skipped: one took" in capsys.readouterr().out


def test_digital_silence_is_no_prediction_and_is_said_once(run, monkeypatch, capsys):
    source = FakeMicrophone(np.zeros(10 * SR, np.float32))
    opened = []
    monkeypatch.setattr("train.listen.microphone.Microphone", lambda *_, **options: opened.append(options) or source)
    assert command_line.main([str(run.folder)]) == 0
    assert opened == [{"channels": "auto"}], "those of the run"
    out = capsys.readouterr().out
    assert out.count("nothing but digital silence so far: is the microphone muted") == 1
    assert "events: none" in out and "19 windows of these silent or quiet" in out


def events_csv(path):
    return pd.read_csv(path, keep_default_na=False)


def test_the_table_is_that_of_predict_and_grows(run, real, tmp_path, capsys):
    path, csv = real(SR), tmp_path / "heard.csv"
    low = ["--min-probability", "0.25"]
    assert command_line.main([str(run.folder), "--file", str(path), "--csv", str(csv), *low]) == 0
    assert (
        predict_main([str(run.folder), str(path), *low, "--events", str(tmp_path / "events"), "--format", "csv"]) == 0
    )
    expected = events_csv(tmp_path / "events" / "events.csv")
    order = ["start_s", "end_s", "label"]
    found = events_csv(csv).sort_values(order, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected.sort_values(order, ignore_index=True), atol=2e-5)

    csv.write_bytes(csv.read_bytes()[:-1])  # a power cut
    assert command_line.main([str(run.folder), "--file", str(path), "--csv", str(csv), "--seconds", "3", *low]) == 0
    assert len(expected) < len(events_csv(csv)) <= 2 * len(expected)

    (tmp_path / "mine.csv").write_text("file,start_s\n")
    assert command_line.main([str(run.folder), "--file", str(path), "--csv", str(tmp_path / "mine.csv")]) == 1
    assert (tmp_path / "mine.csv").read_text() == "file,start_s\n"
    assert "--csv must be a new file" in capsys.readouterr().err


def test_events_that_cannot_be_written_are_printed_and_wait(run, monkeypatch, tmp_path, capsys):
    """As on a disk that is full for a while: a part of a row may be there."""
    y = np.concatenate([np.concatenate([tone(300, seconds=1.5), np.zeros(3 * SR, np.float32)]) for _ in range(5)])
    monkeypatch.setattr("train.listen.microphone.Microphone", lambda *_, **__: FakeMicrophone(y, is_live=False))
    csv, options = tmp_path / "heard.csv", ["--min-probability", "0.05", "--classes", "low"]
    assert command_line.main([str(run.folder), "--csv", str(csv), *options]) == 0
    expected, lines = csv.read_bytes(), capsys.readouterr().out.count("peak")
    assert lines == expected.count(b"\n") - 1 >= 4

    n_calls, real = 0, os.fsync

    def fsync(file, fails=lambda n: 2 <= n <= 3):
        nonlocal n_calls
        n_calls += 1
        if fails(n_calls):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(file)

    csv.unlink()
    monkeypatch.setattr("train.listen.event_log.os.fsync", fsync)
    assert command_line.main([str(run.folder), "--csv", str(csv), *options]) == 0
    out = capsys.readouterr().out
    assert out.count("peak") == lines and csv.read_bytes() == expected
    assert out.count("note      --csv cannot be written (No space left on device)") == 1

    csv.unlink()
    n_calls = 0
    monkeypatch.setattr("train.listen.event_log.os.fsync", lambda file: fsync(file, fails=lambda n: n > 2))
    assert command_line.main([str(run.folder), "--csv", str(csv), *options]) == 1
    said = capsys.readouterr()
    assert said.out.count("peak") == lines and "heard, " in said.out
    assert f"no row of {lines - 1} events of those above (No space left on device)" in said.err
    assert len(events_csv(csv)) == 1


def test_ctrl_c_ends_with_open_events_and_a_summary(run, monkeypatch, tmp_path, capsys):
    def interrupt(number):
        if number == 24:
            os.kill(os.getpid(), signal.SIGINT)

    source = FakeMicrophone(tone(300, seconds=30.0), also=interrupt)
    monkeypatch.setattr("train.listen.microphone.Microphone", lambda *_, **__: source)
    csv, before = tmp_path / "heard.csv", signal.getsignal(signal.SIGINT)
    assert command_line.main([str(run.folder), "--csv", str(csv), "--min-probability", "0.05"]) == 0
    assert source.is_closed
    assert signal.getsignal(signal.SIGINT) is before
    table = events_csv(csv)
    assert table["end_s"].max() == 2.0, "3 windows of 25 blocks"
    assert "heard, 3 windows; events:" in capsys.readouterr().out


def test_a_microphone_that_is_unplugged_costs_no_event(run, monkeypatch, tmp_path, capsys):
    def unplug(number):
        if number == 24:
            raise OSError("The microphone 'fake' has delivered nothing for 5 s.")

    source = FakeMicrophone(tone(300, seconds=30.0), also=unplug)
    monkeypatch.setattr("train.listen.microphone.Microphone", lambda *_, **__: source)
    csv = tmp_path / "heard.csv"
    assert command_line.main([str(run.folder), "--csv", str(csv), "--min-probability", "0.05"]) == 1
    assert len(events_csv(csv)) > 0
    assert "train.listen: The microphone 'fake' has delivered nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--file", "absent.wav"], "--file must be a recording. Got 'absent.wav'"),
        (["--file", __file__], "not readable as audio"),
        (["--file", "WAV", "--folds", "9"], "Got '9'. Choose from 1, 2"),
        (["--file", "WAV", "--classes", "owl"], "--classes must be classes of the run. Got 'owl'"),
    ],
)
def test_what_cannot_be_is_said_before_models_are_loaded(run, real, options, words, monkeypatch, capsys):
    monkeypatch.setattr(Listener, "load", lambda self: pytest.fail("loaded"))
    options = [str(real(SR)) if option == "WAV" else option for option in options]
    assert command_line.main([str(run.folder), *options]) == 1
    assert words in capsys.readouterr().err


def test_a_container_whose_length_is_rounded_up_ends_without_an_error(tmp_path):
    """Its last block would begin behind the last sample."""
    y = white(0.6, sr=44100)
    encode(tmp_path / "a.mkv", "flac", "matroska", y, 44100)
    with RecordingSource(tmp_path / "a.mkv") as source:
        blocks = [block.channels for block in iter(source.read, None)]
    np.testing.assert_allclose(np.concatenate(blocks)[:, 0], y, atol=2**-15)


def test_in_real_time_it_takes_as_long_as_the_recording(tmp_path):
    import time

    soundfile.write(tmp_path / "a.wav", white(0.55), SR)
    began_s = time.monotonic()
    with RecordingSource(tmp_path / "a.wav", real_time=True) as source:
        first = source.read()
        time.sleep(0.25)  # slow predictions
        second = source.read()
        n = len(first.channels) + len(second.channels)
        while block := source.read():
            n += len(block.channels)
    assert len(second.channels) >= 0.25 * SR - 2 and n == len(white(0.55))
    assert time.monotonic() - began_s >= 0.55


@pytest.mark.parametrize("options", [{"hop_s": 0}, {"hop_s": float("nan")}, {"seconds": -1}])
def test_times_that_never_end_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be a time in seconds, above 0"):
        ListenOptions(**options)
