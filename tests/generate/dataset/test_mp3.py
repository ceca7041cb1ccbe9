import os

import numpy as np
import pytest
import soundfile

from augment_audio.transforms.mp3 import SAMPLE_RATES
from generate.dataset import mp3
from tests.conftest import loudest_hz, tone


@pytest.mark.parametrize("sr", [4000, 8000, 22050, 44100, 96000])
def test_a_sound_comes_back_at_a_rate_that_browsers_have(tmp_path, sr):
    mp3.write(tmp_path / "a.mp3", tone(1000, sr=sr), sr)
    y, rate = soundfile.read(tmp_path / "a.mp3")
    assert rate in SAMPLE_RATES
    assert len(y) / rate == pytest.approx(1, abs=0.1)
    assert loudest_hz(y, rate) == pytest.approx(1000, rel=0.002)
    assert os.listdir(tmp_path) == ["a.mp3"]


@pytest.mark.parametrize("sr", [4000, 22050, 44100, 96000])
def test_a_long_one_is_written_in_parts_at_a_constant_rate(tmp_path, sr):
    y = np.concatenate([tone(1000, sr=sr), tone(300, sr=sr, peak=0.01, seconds=9.0)])
    with mp3.long_writer(tmp_path / "a.mp3", sr) as add:
        for part in np.array_split(y, 7):
            add(part)
    assert mp3.is_ours(tmp_path / "a.mp3")
    found, rate = soundfile.read(tmp_path / "a.mp3")
    assert len(found) / rate == pytest.approx(10, abs=0.5)
    assert loudest_hz(found[:rate], rate) == pytest.approx(1000, rel=0.003)
    middle = np.abs(found[2 * rate : 9 * rate]).max()
    assert middle == pytest.approx(0.01, rel=0.3)


def test_what_cannot_be_written_is_an_error_and_leaves_no_file(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # as on a disk that is full
    try:
        with pytest.raises(OSError, match="too large"), mp3.long_writer(tmp_path / "a.mp3", 44100) as add:
            for _ in range(20):
                add(tone(1000, sr=44100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert os.listdir(tmp_path) == []
