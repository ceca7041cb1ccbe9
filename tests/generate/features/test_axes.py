import librosa
import numpy as np
import pytest

from generate.dataset.settings import Settings
from generate.features.axes import frequency_marks, row_hz, time_marks
from generate.features.spectrogram import spectrogram_image
from tests.conftest import tone


def test_rows_of_mel_are_librosas():
    settings = Settings(sr=22050, fmin_hz=50, fmax_hz=8000)
    expected = librosa.mel_frequencies(settings.n_bands + 2, fmin=50, fmax=8000)[1:-1]
    np.testing.assert_allclose(row_hz(settings), expected)


@pytest.mark.parametrize("feature", ["mel", "log", "gammatone", "pcen", "cqt"])
@pytest.mark.parametrize("hz", [500.0, 2000.0, 9000.0])
def test_a_tone_is_brightest_where_its_frequency_is_marked(feature, hz):
    settings = Settings(sr=22050, seconds=1.0, feature=feature, image_size=None, engine="librosa")
    image = spectrogram_image(tone(hz, sr=22050), settings)[::-1].astype(float).mean(axis=1)
    centres = row_hz(settings)
    assert len(centres) == len(image)
    brightest = int(image.argmax())
    nearest = int(np.abs(centres - hz).argmin())
    assert abs(brightest - nearest) <= 1
    for mark, height in frequency_marks(settings):
        if mark == hz:
            assert abs(height * len(image) - nearest) <= 1.5


def test_mfcc_has_no_frequencies():
    assert row_hz(Settings(feature="mfcc")) is None
    assert frequency_marks(Settings(feature="mfcc")) == []


@pytest.mark.parametrize("seconds", [0.05, 1.0, 4.0, 5.0, 30.0, 600.0])
def test_time_marks_are_few_and_inside(seconds):
    marks = time_marks(Settings(seconds=seconds))
    assert 2 <= len(marks) <= 7
    assert marks[0] == (0.0, 0.0)
    assert all(place == pytest.approx(time / seconds, abs=1e-4) and place <= 1 for time, place in marks)
