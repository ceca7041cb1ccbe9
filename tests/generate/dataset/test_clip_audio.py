import os

import numpy as np
import pytest
import soundfile

from augment_audio.transforms.mp3 import mp3_sample_rate
from generate.dataset import clip_audio
from tests.conftest import loudest_hz, tone


@pytest.mark.parametrize("sr", [4000, 22050, 44100, 96000])
def test_a_clip_comes_back_at_a_rate_that_browsers_have(tmp_path, sr):
    assert clip_audio.write(tmp_path / "a__original.png", tone(1000, sr=sr), sr)
    assert os.listdir(tmp_path) == ["a__original.flac"]
    y, rate = soundfile.read(tmp_path / "a__original.flac")
    assert rate == mp3_sample_rate(sr)
    assert len(y) / rate == pytest.approx(1, abs=0.001)
    assert loudest_hz(y, rate) == pytest.approx(1000, rel=0.002)
    if rate == sr:
        np.testing.assert_allclose(y, tone(1000, sr=sr), atol=1 / 32768)


def test_a_faint_clip_is_amplified_and_a_loud_one_is_clipped(tmp_path):
    for peak, expected in ((1e-4, 0.1), (0.5, 0.5), (1.5, 1.0)):
        clip_audio.write(tmp_path / "a.png", tone(1000, peak=peak), 22050)
        y, _ = soundfile.read(tmp_path / "a.flac")
        assert np.abs(y).max() == pytest.approx(expected, abs=1e-3)


def test_only_its_own_files_are_written_over(tmp_path):
    image = tmp_path / "a__trim.png"
    path = tmp_path / clip_audio.audio_beside(image.name)
    soundfile.write(path, tone(440), 22050)
    before = path.read_bytes()
    assert not clip_audio.is_ours(path) and not clip_audio.write(image, tone(1000), 22050)
    assert path.read_bytes() == before
    path.unlink()
    assert not clip_audio.is_ours(path)
    for hz in (1000, 2000):
        assert clip_audio.write(image, tone(hz), 22050) and clip_audio.is_ours(path)
    assert loudest_hz(soundfile.read(path)[0], 22050) == pytest.approx(2000, rel=0.002)
    assert os.listdir(tmp_path) == [path.name] and clip_audio.image_beside(path.name) == image.name
