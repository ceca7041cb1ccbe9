import numpy as np
import pytest

from generate.dataset.settings import Settings
from generate.features.axes import row_hz
from generate.features.spectrogram import spectrogram_image
from tests.conftest import SR, tone, white
from train.data.decode import prepare_pixels
from train.explain.masked_audio import gain_of_bins, mask_audio

SMALL = {"sr": SR, "seconds": 1.0, "image_size": (64, 64), "n_bands": 64, "n_fft": 1024, "hop_length": 256}


def power_at(y, hz):
    """Power at one frequency."""
    t = np.arange(len(y)) / SR
    return abs(np.mean(y * np.hanning(len(y)) * np.exp(-2j * np.pi * hz * t))) ** 2


def row_of(hz, settings, size=(48, 48)):
    """The brightest row of the image of a sine, at the size of a model's input."""
    image = prepare_pixels(spectrogram_image(tone(hz), settings), size=size)
    return int(image.sum(axis=1).argmax())


def band(row, height=48, width=48, half=4):
    mask = np.zeros((height, width), np.float32)
    mask[max(0, row - half) : row + half + 1] = 1
    return mask


@pytest.mark.parametrize("seconds", [0.4, 1.0, 1.7])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"feature": "gammatone"},
        {"feature": "log"},
        {"feature": "mfcc"},
        {"feature": "pcen"},
        {"image_size": None},
        {"pad": "repeat"},
        {"hop_length": 1024},
        {"n_fft": 700, "hop_length": 300},
        {"n_bands": 256, "n_fft": 512, "hop_length": 128},
    ],
    ids=str,
)
def test_a_constant_attribution_returns_the_audio(options, seconds):
    settings = Settings(**SMALL | options)
    y = white(seconds)
    found = mask_audio(y, np.ones((48, 56)), settings)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, y[: settings.n_samples], atol=1e-4)


@pytest.mark.parametrize("feature", ["mel", "log", "gammatone", "pcen", "cqt"])
def test_one_band_keeps_its_own_sine_and_removes_another(feature):
    settings = Settings(**SMALL | {"feature": feature})
    y = tone(700, peak=0.3) + tone(5000, peak=0.3)
    for kept, gone in ((700, 5000), (5000, 700)):
        found = mask_audio(y, band(row_of(kept, settings)), settings)
        assert power_at(found, kept) > 0.8 * power_at(y, kept)
        assert power_at(found, gone) < 1e-3 * power_at(y, gone)


def test_a_time_range_keeps_its_own_click():
    settings = Settings(**SMALL)
    y = np.zeros(SR, np.float32)
    clicks = [SR // 5, SR // 2, 4 * SR // 5]
    y[clicks] = 0.9
    mask = np.zeros((48, 48))
    mask[:, 19:29] = 1
    found = mask_audio(y, mask, settings)
    assert found[clicks[1]] > 0.8
    assert np.abs(found[[clicks[0], clicks[2]]]).max() < 0.01


def test_the_gain_of_mfcc_varies_over_time_only():
    settings = Settings(**SMALL | {"feature": "mfcc", "n_mfcc": 20})
    y = tone(700, peak=0.3) + tone(5000, peak=0.3)
    mask = np.zeros((48, 48))
    mask[3:10, :24] = 1
    found = mask_audio(y, mask, settings)
    early, late = slice(SR // 8, SR // 3), slice(2 * SR // 3, SR)
    np.testing.assert_allclose(found[early], y[early], atol=0.02)
    assert np.abs(found[late]).max() < 0.01


def test_the_repeats_of_repeated_audio_are_averaged():
    settings = Settings(**SMALL | {"pad": "repeat"})
    y = white(0.25)
    mask = np.zeros((48, 48))
    mask[:, :24] = 1
    found = mask_audio(y, mask, settings)
    assert len(found) == len(y)
    middle = slice(1500, -1500)
    assert np.corrcoef(found[middle], y[middle])[0, 1] > 0.98
    assert found[middle].std() / y[middle].std() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("feature", ["mel", "cqt"])
def test_nothing_is_shown_outside_the_frequency_range(feature):
    settings = Settings(**SMALL | {"fmin_hz": 500, "fmax_hz": 4000, "feature": feature})
    gain = gain_of_bins(np.ones((len(row_hz(settings)), 5), np.float32), settings)
    hz = np.arange(len(gain)) * SR / settings.n_fft
    is_shown = (hz >= 500) & (hz <= 4000)
    np.testing.assert_allclose(gain[is_shown], 1, atol=1e-6)
    assert gain[~is_shown].max() == 0
    found = mask_audio(tone(200), np.ones((48, 48)), settings)
    assert np.abs(found[2000:-2000]).max() < 0.01


def test_an_attribution_without_positive_values_gives_silence():
    y = white()
    before = y.copy()
    assert np.abs(mask_audio(y, np.full((48, 48), -1.0), Settings(**SMALL))).max() == 0
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize("wrong", [np.ones(5), np.full((5, 5), np.nan)])
def test_a_wrong_attribution_is_an_error(wrong):
    with pytest.raises(ValueError, match="one image's, as train.explain.attribution"):
        mask_audio(white(), wrong, Settings(**SMALL))
