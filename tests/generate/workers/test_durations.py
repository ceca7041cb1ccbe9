import os

import pytest
import soundfile

from generate.audio import BadAudio
from generate.audio.decode import length
from generate.workers import durations as module
from generate.workers.durations import durations
from generate.workers.processes import KILLED_TWICE
from tests.conftest import white

SR = 8000


def deadly(path):
    """What a worker does in one of these tests."""
    if "killer" in path.name:
        os.abort()
    if "bad" in path.name:
        raise BadAudio("no sound")
    return length(path)


@pytest.fixture
def recordings(tmp_path):
    for k in range(7):
        soundfile.write(tmp_path / f"{k}.wav", white(1 + k, sr=SR), SR)
    return [tmp_path / f"{k}.wav" for k in range(7)]


def test_durations_come_in_order(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FILES_A_PART", 2)
    (tmp_path / "text.wav").write_text("no sound")
    *found, text, gone = durations([*recordings, tmp_path / "text.wav", tmp_path / "gone.wav"], workers=2)
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert text.startswith("not readable as audio") and gone == "not readable: No such file or directory"
    assert durations([], workers=2) == []


@pytest.mark.skipif(os.name != "posix", reason="a crash looks otherwise on Windows")
def test_one_that_kills_its_worker_costs_itself(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_length", deadly)
    monkeypatch.setattr(module, "FILES_A_PART", 4)
    killer, bad = tmp_path / "killer.wav", tmp_path / "bad.wav"
    paths = [*recordings[:2], killer, *recordings[2:6], bad, recordings[6]]
    assert durations(paths, workers=2) == [1, 2, KILLED_TWICE, 3, 4, 5, 6, "no sound", 7]


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav", "ogg"])
def test_what_is_cut_short_has_a_reason_and_no_length(tmp_path, kind):
    whole, cut, short = (tmp_path / f"{name}.{kind}" for name in ("whole", "cut", "short"))
    soundfile.write(whole, white(9.0, sr=SR), SR)
    soundfile.write(short, white(0.9, sr=SR), SR)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    first, second, third = durations([whole, cut, short], workers=1)
    assert first == pytest.approx(9, abs=0.2) and third == pytest.approx(0.9, abs=0.2)
    assert isinstance(second, str) and second.startswith("truncated")


def test_long_recordings_are_shared_among_the_workers(recordings, monkeypatch):
    monkeypatch.setattr(module, "BYTES_A_PART", recordings[2].stat().st_size)
    assert [len(part) for part in module._parts(recordings)] == [2, 1, 1, 1, 1, 1]
    monkeypatch.setattr(module, "FILES_A_PART", 3)
    monkeypatch.setattr(module, "BYTES_A_PART", 10**9)
    assert [len(part) for part in module._parts(recordings)] == [3, 3, 1]
