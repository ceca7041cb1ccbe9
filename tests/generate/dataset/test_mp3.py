import os

import pytest
import soundfile

from generate.dataset import mp3
from tests.conftest import loudest_hz, tone


@pytest.mark.parametrize("sr", [4000, 8000, 22050, 44100, 96000])
def test_a_sound_comes_back_at_a_rate_that_browsers_have(tmp_path, sr):
    mp3.write(tmp_path / "a.mp3", tone(1000, sr=sr), sr)
    y, rate = soundfile.read(tmp_path / "a.mp3")
    assert rate in mp3.RATES
    assert len(y) / rate == pytest.approx(1, abs=0.1)
    assert loudest_hz(y, rate) == pytest.approx(1000, rel=0.002)
    assert os.listdir(tmp_path) == ["a.mp3"]
