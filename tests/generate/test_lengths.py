import os

import pytest
import soundfile

from generate import lengths as module
from generate.audio import BadSound, duration_s
from generate.lengths import lengths
from generate.workers import KILLED_TWICE
from tests.conftest import white

SR = 8000


def deadly(path, *, piece_s):
    """What a worker does in one of these tests."""
    if "killer" in path.name:
        os.abort()
    if "bad" in path.name:
        raise BadSound("no sound")
    return duration_s(path)


@pytest.fixture
def recordings(tmp_path):
    for k in range(7):
        soundfile.write(tmp_path / f"{k}.wav", white(1 + k, sr=SR), SR)
    return [tmp_path / f"{k}.wav" for k in range(7)]


def test_lengths_come_in_order(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FILES_A_PART", 2)
    (tmp_path / "text.wav").write_text("no sound")
    paths = [*recordings, tmp_path / "text.wav", tmp_path / "gone.wav"]
    assert lengths(paths, workers=2) == [1, 2, 3, 4, 5, 6, 7, None, None]
    assert lengths([], workers=2) == []


@pytest.mark.skipif(os.name != "posix", reason="a crash looks otherwise on Windows")
def test_one_that_kills_its_worker_costs_itself(recordings, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_length", deadly)
    monkeypatch.setattr(module, "FILES_A_PART", 4)
    killer, bad = tmp_path / "killer.wav", tmp_path / "bad.wav"
    paths = [*recordings[:2], killer, *recordings[2:6], bad, recordings[6]]
    assert lengths(paths, workers=2) == [1, 2, KILLED_TWICE, 3, 4, 5, 6, "no sound", 7]


@pytest.mark.parametrize("kind", ["flac", "mp3", "wav", "ogg"])
def test_of_what_is_cut_into_pieces_the_last_must_be_there(tmp_path, kind):
    whole, cut, short = (tmp_path / f"{name}.{kind}" for name in ("whole", "cut", "short"))
    soundfile.write(whole, white(9.0, sr=SR), SR)
    soundfile.write(short, white(0.9, sr=SR), SR)
    content = whole.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    first, second, third = lengths([whole, cut, short], workers=1, piece_s=1.0)
    assert first == pytest.approx(9, abs=0.2) and third == pytest.approx(0.9, abs=0.2)
    assert isinstance(second, str) and second.startswith("truncated")
    assert not isinstance(lengths([cut], workers=1)[0], str), "the beginning may do for others"
